"""The bar: one line, drawn over itself, with the time that is left."""

import io

import pytest

from geoseg.cli.bar import Bar, bar_text, duration_text
from geoseg.events import Progress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (42, "42 s"), (100, "2 min"), (3600, "60 min"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_text():
    assert (
        bar_text(Progress(12, 24), 130) == f"[{'█' * 12}{'·' * 12}] 12/24 tiles, about 2 min left"
    )
    assert bar_text(Progress(24, 24), 0).endswith("24/24 tiles")
    assert bar_text(Progress(0, 0), None).startswith("[█")
    assert bar_text(Progress(5, None, unit="rows"), None) == "5 rows …"


def test_a_resumed_run_is_timed_by_what_it_did_itself():
    clock = iter([0.0, 10.0])
    stream = io.StringIO()
    bar = Bar(stream, clock=lambda: next(clock))
    bar.draw(Progress(90, 100))
    bar.draw(Progress(95, 100))
    assert stream.getvalue().endswith("95/100 tiles, about 10 s left")
    assert "left" not in stream.getvalue().split("\r")[1]


def test_instructions_that_advance_together_are_one_bar():
    stream = io.StringIO()
    bar = Bar(stream, clock=lambda: 0.0)
    for done, instruction in [(0, 0), (2, 1), (4, 0), (6, 1)]:
        bar.draw(Progress(done, 8, instruction=instruction, eta_s=30.0))
    assert [text.split("] ")[1].split(",")[0] for text in stream.getvalue().split("\r")[1:]] == [
        "0/8 tiles",
        "2/16 tiles",
        "6/16 tiles",
        "10/16 tiles",
    ]
    bar.draw(Progress(500, None, "polygons", instruction=1))
    assert stream.getvalue().rstrip().endswith("500 polygons …")


def test_clearing_leaves_the_line_empty():
    stream = io.StringIO()
    bar = Bar(stream, clock=lambda: 0.0)
    bar.clear()
    assert stream.getvalue() == ""
    bar.draw(Progress(1, 2))
    bar.clear()
    assert stream.getvalue().endswith("\r" + " " * len(bar_text(Progress(1, 2), None)) + "\r")
