"""Operations are those of a hand count."""

import json

import pytest
import torch
from torch.nn import functional as F

from training.__main__ import main
from training.data.fixtures import write
from training.eval.efficiency import operations_of
from training.fit.newborn import newborn, save_newborn
from training.fit.recipe import Base


def test_a_linear_layer():
    layer = torch.nn.Linear(8, 6)
    assert operations_of(lambda: layer(torch.rand(5, 8))) == 2 * 5 * 8 * 6


def test_attention():
    """Queries on keys, and weights on values: 2 heads, 5 queries, 7 keys, width 8."""
    query, key = torch.rand(1, 2, 5, 8), torch.rand(1, 2, 7, 8)
    with torch.no_grad():
        counted = operations_of(lambda: F.scaled_dot_product_attention(query, key, key))
    assert counted == 2 * (2 * 5 * 7 * 8) * 2


@pytest.fixture
def tiny(tmp_path):
    model, tokenizer = newborn(Base(preset="tiny"), ["the buildings here"], 0)
    save_newborn(model, tokenizer, tmp_path / "tiny")
    return str(tmp_path / "tiny")


def test_the_verb(tiny, tmp_path, capsys):
    common = ["--images", "2", "--warmup", "1", "--max-new-tokens", "4", "--json"]
    assert main(["bench", tiny, "--side", "64", *common, "-o", str(tmp_path / "b.json")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert (told["images"], told["warmup"], told["counted"], told["tokens"]) == (2, 1, 2, 4.0)
    assert told["tflops"] > 0
    assert told["seconds"] > 0
    assert told["dtype"] == "float32"
    write("rrsisd", tmp_path / "data", 4, 0)
    assert main(["bench", tiny, str(tmp_path / "data"), *common[:-1]]) == 0
    assert "TFLOPs and" in capsys.readouterr().out


def test_nothing_to_measure(tiny, capsys):
    assert main(["bench", tiny, "--images", "0"]) == 2
    assert "nothing to be measured" in capsys.readouterr().err
