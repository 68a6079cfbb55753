"""`geoseg run --progress jsonl` keeps the promises of docs/protocol.md, seen from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest

from geoseg import events

ROOT = Path(__file__).parents[2]

NOISY = """
import os, sys
import geoseg.pipeline as pipeline
run = pipeline.run
def noisy(*arguments):
    print("a print of Python")
    os.write(1, b"a print of C\\n")
    return run(*arguments)
pipeline.run = noisy
from geoseg.cli.main import main
sys.exit(main(sys.argv[1:]))
"""

SLOW = """
import sys, time
from geoseg.engines.color import ColorEngine
answer = ColorEngine.answer
def slow(self, questions):
    for each in answer(self, questions):
        time.sleep(0.5)
        yield each
ColorEngine.answer = slow
from geoseg.cli.main import main
sys.exit(main(sys.argv[1:]))
"""

DEAF = """
import sys, time
import geoseg.cli.lines as lines
lines.GRACE_S = 0.5
import geoseg.pipeline as pipeline
def deaf(*arguments):
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
pipeline.run = deaf
from geoseg.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def scene(draw_scene):
    """2600 × 2600 pixels, so 16 tiles, with one red square."""
    pixels = np.full((3, 2600, 2600), 90, np.uint8)
    pixels[:, 400:800, 400:900] = np.array([200, 30, 30], np.uint8)[:, None, None]
    return draw_scene(pixels, tiled=True, compress="deflate")


class Child:
    """A run as a program starts it."""

    def __init__(self, *arguments: object, driver: str | None = None) -> None:
        start = ["-m", "geoseg"] if driver is None else ["-c", driver]
        self.process = subprocess.Popen(
            [sys.executable, *start, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            start_new_session=True,
            # A runner started in the background hands down that Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def until(self, kind: type) -> None:
        """Read lines until an event of a kind has come."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if isinstance(events.from_line(line.decode()), kind):
                return
        raise AssertionError(f"no {kind.__name__}: {self.finish()}")

    def finish(self) -> tuple[list[events.Event], str, int]:
        """The events still to come, standard error, and the exit status."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        out, err = self.process.stdout.read(), self.process.stderr.read()
        status = self.process.wait(60)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        read = [events.from_line(line) for line in out.decode().splitlines()]
        assert None not in read
        return read, err.decode(), status  # type: ignore[return-value]

    def tell(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()


def arguments(scene: Path, *more: object) -> list[object]:
    start = ["run", scene, "red things", "-o", scene.with_name("out.gpkg")]
    return [*start, "--checkpoint", "color", "--progress", "jsonl", *more]


def of_kind(read: list[events.Event], kind: type) -> list:
    return [event for event in read if isinstance(event, kind)]


def test_a_good_run(scene):
    read, said, status = Child(*arguments(scene)).finish()
    assert status == 0, said
    hello, result = read[0], read[-1]
    assert isinstance(hello, events.Hello)
    assert (hello.protocol, hello.device) == (events.PROTOCOL, "auto")
    assert isinstance(result, events.Result)
    assert (result.tiles, result.failed) == (16, ())
    asked = [event for event in of_kind(read, events.Progress) if event.unit == "tiles"]
    assert (asked[0].done, asked[-1].done, asked[-1].total) == (0, 16, 16)
    assert [event.done for event in asked] == sorted(event.done for event in asked)
    stages = of_kind(read, events.Stage)
    assert [stage.index for stage in stages] == list(range(stages[0].count))
    (layer,) = of_kind(read, events.Layer)
    assert (layer,) == result.layers
    assert (layer.table, layer.features, layer.crs) == ("01_red_things", 1, "EPSG:32632")
    info = pyogrio.read_info(layer.path, layer=layer.table)
    assert info["features"] == 1
    assert layer.bounds == pytest.approx(info["total_bounds"])


def test_prints_land_on_standard_error(scene):
    read, said, status = Child(*arguments(scene), driver=NOISY).finish()
    assert status == 0
    assert isinstance(read[-1], events.Result)
    assert "a print of Python" in said
    assert "a print of C" in said


def test_arguments_in_a_file(scene, tmp_path):
    request = tmp_path / "request.json"
    body = {"scene": str(scene), "instructions": ["le carré 红 \n red"], "checkpoint": "color"}
    request.write_text(
        json.dumps(body | {"output": str(tmp_path / "out.gpkg"), "progress": "jsonl"})
    )
    read, _, status = Child("run", "--request", request).finish()
    assert status == 0
    assert isinstance(read[0], events.Hello)
    (layer,) = of_kind(read, events.Layer)
    assert layer.instruction == "le carré 红 \n red"


def cancel(child: Child) -> None:
    child.tell(b'not json\n{"cmd":"pause"}\n{"cmd":"cancel"}\n')


def hang_up(child: Child) -> None:
    assert child.process.stdin is not None
    child.process.stdin.close()


def interrupt(child: Child) -> None:
    child.process.send_signal(signal.SIGINT)


def terminate(child: Child) -> None:
    child.process.send_signal(signal.SIGTERM)


def stopped(scene: Path, stop: Callable[[Child], None]) -> tuple[list[events.Event], str, int]:
    """What a run says that is stopped after its first commit."""
    child = Child(*arguments(scene), driver=SLOW)
    for _ in range(2):  # the first tells where the run starts, the second follows a commit
        child.until(events.Progress)
    stop(child)
    return child.finish()


@pytest.mark.parametrize("stop", [cancel, hang_up, interrupt, terminate])
def test_stopped(scene, stop):
    read, said, status = stopped(scene, stop)
    assert status == 130
    failure = read[-1]
    assert isinstance(failure, events.Failure)
    assert failure.code == "cancelled"
    assert "same command" in said
    assert "Traceback" not in said
    left = {file.name for file in scene.parent.iterdir()} - {scene.name}
    assert "out.gpkg.ledger" in left
    assert all(name.startswith("out.gpkg.ledger") for name in left)


def test_resumed(scene):
    stopped(scene, cancel)
    read, said, status = Child(*arguments(scene)).finish()
    assert status == 0, said
    assert 0 < of_kind(read, events.Progress)[0].done < 16


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX's")
def test_a_deaf_run_ends_when_its_starter_is_gone(scene):
    child = Child(*arguments(scene), driver=DEAF)
    child.until(events.Hello)
    time.sleep(1)  # let the run begin, so that it is the run that is deaf
    began = time.monotonic()
    hang_up(child)
    *_, status = child.finish()
    assert time.monotonic() - began < 15
    assert status == -signal.SIGKILL


@pytest.mark.parametrize(
    ("more", "code", "expected"),
    [
        (["--no-such-option"], "bad_request", 2),
        (["--stretch", "wide"], "bad_request", 2),
        (["   "], "bad_request", 2),
        (["--bounds", 0, 0, 1, 1], "no_overlap", 3),
        (["--checkpoint", "nowhere"], "model_missing", 4),
        (["-o", "no/such/folder/out.gpkg"], "bad_request", 6),
        (["-o", "out.docx"], "bad_request", 6),
    ],
)
def test_errors_are_events(scene, more, code, expected):
    read, said, status = Child(*arguments(scene, *more)).finish()
    assert status == expected, said
    hello, failure = read[0], read[-1]
    assert isinstance(hello, events.Hello)
    assert isinstance(failure, events.Failure)
    assert failure.code == code
    assert failure.message
    assert "Traceback" not in said


def test_a_scene_that_is_not_there(tmp_path):
    read, _, status = Child(*arguments(tmp_path / "none.tif")).finish()
    assert status == 3
    assert read[-1].code == "image_unreadable"  # type: ignore[union-attr]
