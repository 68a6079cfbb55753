from dataclasses import replace
from pathlib import Path

import pytest

import training
from geoseg.errors import InstructionError
from training.nano.fit import batch_kind
from training.nano.recipe import read_recipe

SHIPPED = Path(training.__file__).parent / "configs" / "nano.toml"


def test_the_shipped_recipe_is_read():
    recipe = read_recipe(SHIPPED)
    assert recipe.rates.trunk == 0.0
    assert all(stage.batches for stage in recipe.stages)


def test_unknown_and_missing_keys_are_errors(tmp_path):
    text = SHIPPED.read_text()
    path = tmp_path / "r.toml"
    path.write_text(text.replace("clip =", "clipp ="))
    with pytest.raises(InstructionError, match=r"unknown keys \['clipp'\]"):
        read_recipe(path)
    path.write_text(text.replace("encoder = ", "encodr = "))
    with pytest.raises(InstructionError, match=r"lacks .*encoder.* in rates"):
        read_recipe(path)
    path.write_text("no recipe [")
    with pytest.raises(InstructionError, match="cannot be read"):
        read_recipe(path)


def test_the_kind_of_a_batch_depends_on_seed_and_number_and_follows_the_shares():
    recipe = read_recipe(SHIPPED)
    drawn = [batch_kind(recipe, 3, number) for number in range(400)]
    assert drawn == [batch_kind(recipe, 3, number) for number in range(400)]
    first = recipe.stages[0].batches
    share = first[0].share / sum(kind.share for kind in first)
    assert drawn.count(first[0]) / 400 == pytest.approx(share, abs=0.1)
    short = replace(recipe, stages=(replace(recipe.stages[0], steps=1), *recipe.stages[1:]))
    assert batch_kind(short, 3, 10**6) in short.stages[-1].batches
