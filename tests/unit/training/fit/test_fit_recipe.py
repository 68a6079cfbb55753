from pathlib import Path

import pytest

import training
from geoseg.errors import InstructionError
from training.fit.recipe import FitRecipe, changed, read_recipe
from training.recipes import from_tables, to_tables, to_toml

ABLATIONS = ("lambda_s", "queries", "heads")
CONFIGS = Path(training.__file__).parent / "configs"


@pytest.mark.parametrize(
    "name", ["paper", "released", "smoke", "finetune", *(f"ablations/{n}" for n in ABLATIONS)]
)
def test_shipped_recipes_read_and_write_back(name, tmp_path):
    recipe = read_recipe(CONFIGS / f"{name}.toml")
    again = tmp_path / "again.toml"
    again.write_text(to_toml(recipe))
    assert read_recipe(again) == recipe
    assert from_tables(FitRecipe, to_tables(recipe)) == recipe


def test_the_paper_s_recipe_is_its_table_8():
    recipe = read_recipe(CONFIGS / "paper.toml")
    course, learning, losses = recipe.course, recipe.learning, recipe.losses
    assert (course.steps, course.batch, course.rate) == (50_000, 4, 1e-4)
    assert (course.weight_decay, course.clip) == (0.0, 1.0)
    assert (learning.lora_rank, learning.lora_alpha, learning.head) == (8, 16, "rows")
    assert learning.parts == ("pixel_decoder.", "mask_decoder.", "seg_projector.")
    assert (losses.mask, losses.dice, losses.outputs, losses.attention) == (1, 1, "final", 0.01)
    ramp = course.ramp()
    assert ramp.factor(0) == pytest.approx(1 / 1500)
    assert ramp.factor(1499) == ramp.factor(1500) == 1.0
    assert ramp.factor(25_750) == pytest.approx(0.5, abs=1e-4)
    assert ramp.factor(49_999) == pytest.approx(0.0, abs=1e-9)


def test_the_released_recipe_supervises_all_outputs_at_weight_five():
    losses = read_recipe(CONFIGS / "released.toml").losses
    assert (losses.mask, losses.dice, losses.outputs) == (5, 5, "all")
    assert (losses.variant, losses.grid) == ("released", "released")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"course.stepz": "4"}, "unknown keys"),
        ({"course.micro_batch": "3"}, "divisors of batch"),
        ({"losses.variant": "other"}, "one of 'paper'"),
        ({"learning.lora_rank": "0"}, "part of an adapter"),
        ({"shape.queries": "3", "shape.mask_head": "sam"}, "alone"),
        ({"course.steps": "0"}, "1 or more"),
        ({"base.half": "true", "running.precision": "no"}, "do not go together"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(InstructionError, match=message):
        changed(FitRecipe(), settings)
