"""Panels and candidates of fresh models: what is drawn is what they said."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from geoseg.errors import EngineError, InstructionError
from tests.unit.segearth.tiny_r2 import tiny_r2
from training.__main__ import main
from training.data.errors import DataError
from training.data.fixtures import write
from training.data.loaders import load
from training.data.records import Samples
from training.eval.asking import Examinee
from training.fit.batches import Collation
from training.fit.drawn import Drawn
from training.fit.lesson import Lesson, Prediction
from training.fit.recipe import LossRecipe
from training.viz.candidates import candidates
from training.viz.figures import color_of, overlay, save
from training.viz.panel import Panel, panel_figure, panel_of, places_of, question


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "lasers"
    write("lasers", root, 4, 1)
    return root


def examinee(*, forced):
    tiny = tiny_r2()
    return Examinee(
        tiny.model, tiny.codec, torch.device("cpu"), torch.float32, tiny.hash, forced, 3
    )


def test_a_panel_holds_what_was_said_and_what_is_true(root):
    sample = next(s for s in load(root, "test") if len(s.masks) > 1)
    panel = panel_of(examinee(forced=True), sample)
    assert panel.found.shape == panel.truth.shape == sample.decode().shape
    assert panel.answer == panel.true_answer == sample.answer
    assert panel_of(examinee(forced=False), sample).found.shape[0] == 0


def test_a_picture_without_a_data_set_has_no_truth(root):
    sample = load(root, "test")[0]
    asked = question(sample.image_path, "the ships")
    assert panel_of(examinee(forced=False), asked).truth is None
    with pytest.raises(InstructionError, match="no answer to give"):
        panel_of(examinee(forced=True), asked)


def test_phrases_and_masks_share_a_colour(tmp_path):
    masks = np.zeros((2, 20, 30), bool)
    masks[0, :5, :5] = masks[1, 10:15, 10:20] = True
    picture = np.full((20, 30, 3), 100, np.uint8)
    answer = "<p>a ship</p>[SEG] and <p>a pier</p>[SEG]"
    panel = Panel(picture, "find $x_{", answer, masks[::-1], answer, masks)

    def drawn():
        return panel_figure([panel, Panel(picture, "what?", "nothing", masks[:0])])

    figure = drawn()
    words = {t.get_text(): to_rgb(t.get_color()) for axes in figure.axes for t in axes.texts}
    assert words["a ship [SEG]"] == color_of(0)
    assert words["a pier [SEG]"] == color_of(1)
    assert words["asked: find $x_{"] == (0, 0, 0)
    images = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert len(images) == 5  # the second question has no truth
    np.testing.assert_array_equal(images[1], overlay(picture, masks))
    np.testing.assert_array_equal(images[2], overlay(picture, masks[::-1]))
    for name in ("1.png", "2.png"):
        save(drawn(), tmp_path / name)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_samples_are_found_by_id(root):
    samples = load(root, "test")
    ids = [sample.id for sample in samples]
    assert places_of(samples, [ids[2], ids[0]], 1) == [2, 0]
    assert places_of(samples, [], 2) == [0, 1]
    with pytest.raises(InstructionError, match="No sample has the id 'no'"):
        places_of(samples, ["no"], 1)
    with pytest.raises(DataError, match="no samples"):
        places_of(Samples([]), [], 1)


class Planted(Lesson):
    """Three masks for each target: nothing, the truth, and everything."""

    def predict(self, batch, *, end, forced):
        truth = (batch.masks >= 128).float() * 2 - 1
        logits = torch.stack([-torch.ones_like(truth), truth, torch.ones_like(truth)], 1)
        number = len(truth) if forced else 0
        return Prediction(logits[:number], torch.tensor([[0.2, 0.1, 0.7]] * number))


def test_candidates_are_scored_and_the_best_is_known():
    tiny = tiny_r2()
    collation = Collation(tiny.model.config, tiny.codec, 2)
    lesson = Planted(tiny.model, [tiny.codec.seg], LossRecipe())
    example = Drawn(4, side=64, sizes=(8, 20))[0]
    found = candidates(lesson, collation, example, target=0, forced=True)
    assert (found.picked, found.best) == (2, 1)
    assert found.ious[0] == 0
    assert found.ious[1] == 1
    assert (found.masks[1] == found.truth).all()
    assert found.masks[2].all()
    with pytest.raises(InstructionError, match="The target 9 is none"):
        candidates(lesson, collation, example, target=8, forced=True)
    with pytest.raises(EngineError, match="names 0 targets"):
        candidates(lesson, collation, example, target=0)


def test_another_kind_of_file_is_refused_before_work(tmp_path, capsys):
    words = ["viz", "panel", "nowhere", str(tmp_path), "-o", str(tmp_path / "a.gif")]
    assert main(words) == InstructionError.exit_status
    assert ".png or .svg" in capsys.readouterr().err
