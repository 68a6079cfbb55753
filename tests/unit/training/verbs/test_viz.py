"""Every figure from the command line, of runs of a step or two."""

import pytest

from geoseg.errors import CheckpointError, InstructionError
from tests.unit.training.fit.conftest import short_recipe
from training.__main__ import main
from training.data.fixtures import write
from training.data.loaders import load
from training.fit.recipe import changed
from training.fit.records import Recorded
from training.fit.runs import FitOptions, fit
from training.viz.opening import is_state, open_any


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A data set, a run on it, and one with several queries."""
    folder = tmp_path_factory.mktemp("work")
    write("lasers", folder / "lasers", 4, 1)
    examples = Recorded(load(folder / "lasers", "train"))
    recipe = short_recipe(2)
    fit(recipe, examples, FitOptions(folder / "run", cpu=True))
    many = changed(short_recipe(1), {"shape.queries": "3"})
    fit(many, examples, FitOptions(folder / "many", cpu=True))
    return folder


def drawn_twice(folder, *words):
    """The bytes of a figure, the same both times."""
    paths = [folder / name for name in ("1.png", "2.png")]
    for path in paths:
        assert main(["viz", *map(str, words), "-o", str(path)]) == 0
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(b"\x89PNG")


def test_attention_of_two_models(work, tmp_path):
    picture = load(work / "lasers", "test")[0].image_path
    words = ["attention", work / "run", picture, "the ships", "--beside", work / "run/base"]
    options = ["--layer", "1", "--answer", "<p>ships</p>[SEG]", "--device", "cpu"]
    drawn_twice(tmp_path, *words, *options)


def test_a_panel_of_a_data_set_and_of_a_picture(work, tmp_path):
    given = ["--teacher-forced", "-n", "2", "--device", "cpu"]
    drawn_twice(tmp_path, "panel", work / "run", work / "lasers", *given)
    picture = load(work / "lasers", "test")[0].image_path
    asked = ["--instruction", "the ships", "--max-new-tokens", "4", "--device", "cpu"]
    drawn_twice(tmp_path, "panel", work / "run", picture, *asked)


def test_candidates_of_several_queries(work, tmp_path):
    sample = load(work / "lasers", "test")[-1]
    words = ["candidates", work / "many", work / "lasers", "--sample", sample.id]
    drawn_twice(tmp_path, *words, "--teacher-forced", "--device", "cpu")


def test_curves_of_two_runs(work, tmp_path):
    drawn_twice(tmp_path, "curves", work / "run", work / "many", "--smooth", "2")


def test_states_are_told_from_checkpoints_and_ablations(work):
    assert is_state(str(work / "run"))
    assert not is_state(str(work / "run/base"))
    assert not is_state("nano")
    with pytest.raises(CheckpointError, match="3 queries"):
        open_any(str(work / "many"), device="cpu")


def test_a_split_that_is_not_there_is_named(work, tmp_path, capsys):
    words = ["viz", "panel", str(work / "run"), str(work / "lasers"), "--split", "tset"]
    assert main([*words, "-o", str(tmp_path / "a.png")]) == InstructionError.exit_status
    assert "no split 'tset'" in capsys.readouterr().err
