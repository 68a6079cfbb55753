"""Rows that are asked for are those of the model, and their figure is the same every time."""

import numpy as np
import pytest
import torch

from geoseg.errors import EngineError, InstructionError
from geoseg.segearth.preprocess import letterbox
from tests.unit.segearth.tiny_r2 import tiny_r2
from training.eval.asking import Examinee
from training.viz.attention import Looked, attention_figure, chosen, look
from training.viz.figures import save
from training.viz.heat import TokenSquare

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def examinee():
    tiny = tiny_r2()
    cpu = torch.device("cpu")
    return Examinee(tiny.model, tiny.codec, cpu, torch.float32, tiny.hash, limit=4)


def test_a_given_answer_has_a_row_for_each_target(examinee):
    found = look(examinee, PICTURE, "find it", "<p>a</p>[SEG] and <p>b</p>[SEG]")
    assert found.rows.shape == (2, 2, 2, 4)  # layers, heads, targets, tokens
    assert found.square == TokenSquare(2, 28 / 34, 28 / 34)
    assert 0 < found.rows.sum(-1).max() < 1
    codec, model = examinee.codec, examinee.model
    tensor = torch.from_numpy(PICTURE).permute(2, 0, 1)
    with torch.inference_mode():
        tokens = model.encode(letterbox(tensor, model.config)[0]).image_tokens
        ids, real = codec.encode_answers(["<p>a</p>[SEG] and <p>b</p>[SEG]"])
        at = ids == codec.seg
        reading = model.read(tokens, codec.encode_prompt(["find it"]), ids, real, rows_at=at)
    np.testing.assert_allclose(found.rows, reading.rows.numpy(), atol=1e-6)


def test_an_answer_without_a_target_is_told(examinee):
    with pytest.raises(EngineError, match="names no target"):
        look(examinee, PICTURE, "find it", "nothing there")
    with pytest.raises(EngineError, match="names no target"):
        look(examinee, PICTURE, "find it")  # random weights never say [SEG]


def test_layers_and_heads_count_from_one():
    rows = np.arange(3 * 2 * 1 * 4, dtype=np.float32).reshape(3, 2, 1, 4)
    assert (chosen(rows, "3", "1") == rows[2, 0]).all()
    assert (chosen(rows, "mean", "2") == rows[:, 1].mean(0)).all()
    np.testing.assert_allclose(chosen(rows, "mean", "mean"), rows.mean((0, 1)))
    for layer, head in (("0", "1"), ("4", "1"), ("1", "3"), ("x", "1"), ("1", "-1")):
        with pytest.raises(InstructionError, match="none of this model's"):
            chosen(rows, layer, head)


def test_a_peak_is_drawn_where_it_was_planted_and_scales_are_shared(tmp_path):
    rows = np.zeros((2, 2, 2, 16), np.float32)
    rows[1, 0, 0, 5] = 0.8  # layer 2, head 1, first target: second row, second column
    one = Looked("<p>ship</p>[SEG] and [SEG]", rows, TokenSquare(4, 1.0, 1.0))
    other = Looked("[SEG]", rows[:, :, :1] / 2, TokenSquare(4, 1.0, 1.0))
    picture = np.zeros((40, 80, 3), np.uint8)
    columns = [("with", one), ("without", other)]

    def drawn():
        return attention_figure(picture, columns, layer="2", head="1", title="ships")

    figure = drawn()
    titles = [axes.get_title() for axes in figure.axes]
    assert "with: [SEG] 1, ship" in titles
    assert "without: [SEG] 1" in titles
    heats = {axes.get_title(): axes.images[1] for axes in figure.axes if len(axes.images) == 2}
    heat = heats["with: [SEG] 1, ship"].get_array()
    assert np.unravel_index(heat.argmax(), heat.shape)[0] in range(10, 20)
    assert np.unravel_index(heat.argmax(), heat.shape)[1] in range(20, 40)
    assert heats["without: [SEG] 1"].get_clim() == heats["with: [SEG] 1, ship"].get_clim()
    apart = attention_figure(picture, columns, layer="2", head="1", title="ships", shared=False)
    tops = [axes.images[1].get_clim()[1] for axes in apart.axes if len(axes.images) == 2]
    assert tops[1] == tops[0] / 2
    for suffix in ("png", "svg"):
        first, second = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
        save(drawn(), first)
        save(drawn(), second)
        assert first.read_bytes() == second.read_bytes()
