"""The one error handler: every error becomes its exit status and one paragraph."""

import pytest

from geoseg.cli.main import COMMANDS, main
from geoseg.errors import (
    Cancelled,
    CheckpointError,
    EngineError,
    InstructionError,
    OutputError,
    SceneError,
    TilingError,
)

RUN = ["run", "scene.tif", "ponds", "-o", "out.gpkg"]
KINDS = [
    (InstructionError, 2),
    (TilingError, 2),
    (SceneError, 3),
    (CheckpointError, 4),
    (EngineError, 5),
    (OutputError, 6),
    (Cancelled, 130),
]


def raising(error):
    def script(listener):
        raise error

    return script


@pytest.mark.parametrize(("kind", "status"), KINDS)
def test_errors_become_exit_statuses(pipeline, capsys, kind, status):
    pipeline.script = raising(kind("What is wrong.", hint="What to do."))
    assert main(RUN) == status
    streams = capsys.readouterr()
    assert streams.err.strip().removeprefix("Error: ") == "What is wrong. What to do."
    assert streams.out == ""


def test_traceback_only_when_asked(pipeline, capsys):
    pipeline.script = raising(SceneError("Unreadable."))
    assert main([*RUN, "-v"]) == 3
    assert "Traceback" in capsys.readouterr().err
    assert main(RUN) == 3
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (KeyboardInterrupt(), 130, "Stopped"),
        (MemoryError(), 5, "memory"),
        (ZeroDivisionError("division by zero"), 1, "defect"),
    ],
)
def test_foreign_errors(pipeline, capsys, error, status, word):
    pipeline.script = raising(error)
    assert main(RUN) == status
    assert word in capsys.readouterr().err


@pytest.mark.parametrize("line", [["-h"], ["--version"], *([name, "-h"] for name in COMMANDS)])
def test_help_is_there(capsys, line):
    assert main(line) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        ["fly"],
        ["run", "--no-such-option"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "--overlap", "-4"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "--threshold", "1.5"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "-b", "red"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "-b", "0,1,2"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "--bounds", "1", "2", "3"],
        ["run", "a.tif", "x", "-o", "o.gpkg", "-v", "-q"],
    ],
)
def test_usage_errors(pipeline, capsys, line):
    assert main(line) == 2
    assert "Error" in capsys.readouterr().err
    assert pipeline.request == {}
