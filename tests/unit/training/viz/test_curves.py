import json

import numpy as np
import pytest

from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.viz.curves import curves_figure, keys_to_draw, read_run, smoothed
from training.viz.figures import save


def written(folder, lines, tail=""):
    folder.mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(text + tail)
    return folder


@pytest.fixture
def folder(tmp_path):
    lines = [{"step": s, "loss": 10.0 / s, "score": 0.0, "lr": 1e-4} for s in (1, 2, 3)]
    lines.append({"step": 3, "evaluation": {"giou": 0.4, "ciou": 0.5, "masks": 7.0}})
    return written(tmp_path / "run", lines, '{"step": 4, "lo')


def test_a_run_is_read_up_to_the_line_that_it_is_writing(folder):
    run = read_run(folder)
    assert run.name == "run"
    assert run.curves["loss"] == {1: 10.0, 2: 5.0, 3: 10.0 / 3}
    assert run.curves["evaluation.giou"] == {3: 0.4}
    assert read_run(folder / "metrics.jsonl").curves == run.curves


def test_a_step_done_again_has_its_last_value(tmp_path):
    lines = [{"step": s, "loss": v} for s, v in ((10, 1.0), (20, 2.0), (10, 3.0))]
    assert read_run(written(tmp_path / "r", lines)).curves["loss"] == {10: 3.0, 20: 2.0}


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}\n", "line 1"), ('{"step": 1}\nx\n', "line 2"), ("", "no numbers"), (None, "read")],
)
def test_what_is_no_metrics_is_named(tmp_path, text, told):
    if text is not None:
        (tmp_path / "metrics.jsonl").write_text(text)
    with pytest.raises(DataError, match=told):
        read_run(tmp_path)


def test_usual_keys_are_those_that_are_there_and_alive(folder):
    run = read_run(folder)
    assert keys_to_draw([run], []) == ["loss", "lr", "evaluation.giou", "evaluation.ciou"]
    assert keys_to_draw([run], ["score"]) == ["score"]
    with pytest.raises(InstructionError, match="No run has 'los'"):
        keys_to_draw([run], ["los"])


def test_smoothing_is_a_mean_of_what_came_before():
    np.testing.assert_allclose(smoothed(np.array([2.0, 4.0, 6.0, 8.0]), 2), [2, 3, 5, 7])


def test_lines_are_the_numbers_and_bytes_do_not_change(folder, tmp_path):
    runs = [read_run(folder), read_run(folder)]

    def drawn():
        return curves_figure(runs, ["loss", "lr"], smooth=2)

    pale, line = drawn().axes[0].lines[:2]
    np.testing.assert_allclose(pale.get_ydata(), [10, 5, 10 / 3])
    np.testing.assert_allclose(line.get_ydata(), [10, 7.5, (5 + 10 / 3) / 2])
    for suffix in ("png", "svg"):
        for name in ("1", "2"):
            save(drawn(), tmp_path / f"{name}.{suffix}")
        first, second = (tmp_path / f"{name}.{suffix}" for name in ("1", "2"))
        assert first.read_bytes() == second.read_bytes()
