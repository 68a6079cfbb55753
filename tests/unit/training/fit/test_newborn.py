import pytest
import torch

from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.prompt import TextCodec
from training.fit.newborn import newborn, unspoken_tokens, with_words
from training.fit.recipe import Base

TEXTS = ["Find the red disc", "<p>red disc</p>[SEG] here"]


def test_a_newborn_speaks_the_words_of_its_texts():
    model, tokenizer = newborn(Base(preset="tiny", input_size=64), TEXTS, 0)
    codec = TextCodec(tokenizer, model.config.template, model.config.answer_token_ids)
    said = codec.decode_answer(codec.encode_answer("<p>red disc</p>[SEG] here"))
    assert said.replace(" ", "") == "<p>reddisc</p>[SEG]here"
    assert unspoken_tokens(codec, TEXTS[1:]) == ()
    assert model.config.input_size == 64


def test_new_words_get_rows_behind_the_known_ones():
    model, tokenizer = newborn(Base(preset="tiny", input_size=64), [*TEXTS, "blue"], 0)
    token = tokenizer.token_to_id("blue")
    known = tuple(i for i in model.config.answer_token_ids if i != token)
    table = model.language.phi.embed_tokens.weight[: len(known)].detach().clone()
    model.language.phi.embed_tokens = torch.nn.Embedding.from_pretrained(table)
    codec = TextCodec(tokenizer, model.config.template, known)
    assert unspoken_tokens(codec, ["<p>blue</p>[SEG]"]) == (token,)
    grown = with_words(Checkpoint(model, codec, "0"), [token])
    assert grown.codec.rows([token]) == (len(known),)
    rows = grown.model.language.phi.embed_tokens.weight
    assert torch.equal(rows[:-1], table)
    assert rows[-1].norm().item() == pytest.approx(table.norm(dim=1).mean().item(), rel=0.5)
    assert grown.model.config.language.vocab == len(known) + 1
