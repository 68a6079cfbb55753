"""What the console says, and on which stream."""

import io
import sys

import pytest

from geoseg.cli.console import Console, brief
from geoseg.errors import Cancelled, SceneError
from geoseg.events import Log, Progress, Stage
from tests.unit.cli.conftest import layer, result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_gives_way_to_words(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    console = Console()
    console.use("auto")
    console.listen(Progress(1, 4))
    console.listen(Log("info", "half way"))
    assert "1/4 tiles" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \rhalf way\n")


@pytest.mark.parametrize(("style", "quiet"), [("none", False), ("auto", True)])
def test_no_bar_when_it_is_not_wanted(monkeypatch, style, quiet):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    console = Console()
    console.use(style, quiet=quiet)
    console.listen(Progress(1, 4))
    assert terminal.getvalue() == ""


def test_no_bar_where_there_is_no_terminal(capsys):
    console = Console()
    console.use("auto")
    console.listen(Progress(1, 4))
    assert capsys.readouterr() == ("", "")


def test_long_instructions_are_cut():
    assert brief("red") == "'red'"
    assert brief("r" * 120) == repr("r" * 120)
    assert brief("r" * 2000) == repr("r" * 119 + "…")


def test_levels(capsys):
    console = Console()
    for event in (Log("debug", "one"), Log("info", "two"), Log("warning", "three"), layer(0)):
        console.listen(event)
    console.listen(Stage("read", "Reading", 0, 5))
    assert capsys.readouterr().err == "two\nWarning: three\n"
    console.verbosity = 1
    console.listen(Log("debug", "four"))
    console.listen(Stage("read", "Reading", 0, 5))
    assert capsys.readouterr().err == "four\n(1/5) Reading\n"
    console.verbosity = -1
    console.listen(Log("info", "five"))
    console.listen(Log("warning", "six"))
    assert capsys.readouterr().err == "Warning: six\n"


def test_a_run_that_was_asked_to_stop_ends_at_the_next_event(capsys, monkeypatch):
    console = Console()
    monkeypatch.setattr("signal.pthread_kill", lambda *_: None)
    console.stopper.ask()
    with pytest.raises(Cancelled):
        console.listen(Progress(1, 4))
    console.listen(result(layer(1)))  # too late to stop: the output stands


def test_failing_says_the_error_and_its_status(capsys):
    assert Console().fail(SceneError("Unreadable.", hint="Check it.")) == 3
    assert capsys.readouterr().err == "Error: Unreadable. Check it.\n"
