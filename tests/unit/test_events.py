"""Events survive the way over a line of JSON, and lines are what the protocol promises."""

import json

import pytest

from geoseg.errors import Cancelled, EngineError, SceneError
from geoseg.events import (
    Category,
    Event,
    FailedTile,
    Failure,
    Hello,
    Layer,
    Log,
    Progress,
    Result,
    Stage,
    from_line,
    to_json,
    to_line,
)

LAYER = Layer(
    path="out.gpkg",
    table="01_häuser",
    instruction='die "Häuser"\nam Fluss',
    index=0,
    features=2,
    category_field="target",
    categories=(Category("house", "house", "#336699"),),
    crs="EPSG:32645",
    bounds=(1.0, 2.0, 3.5, 4.0),
)
EVENTS: list[Event] = [
    Hello("0.1.0", 1, "3.11.7", 42, "auto"),
    Stage("load_model", "loading the model", 1, 5),
    Progress(3, 12, instruction=1, eta_s=4.5),
    Progress(3, None, unit="rows"),
    Log("info", "12 tiles"),
    LAYER,
    Result("out.gpkg", (LAYER,), 1.5, 11, (FailedTile(0, 7, (0, 768, 1024, 1024), "NaN"),), ("w",)),
    Failure("no_crs", "The scene has no CRS.", "Pass --assume-crs.", "Traceback"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_round_trip(event):
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event
    assert list(json.loads(line))[:2] == ["v", "event"]


def test_unknown_eta_is_left_out():
    assert "eta_s" not in to_json(Progress(0, 4))


def test_numbers_json_cannot_say_become_null():
    line = to_line(Progress(1, 2, eta_s=float("inf")))
    assert json.loads(line)["done"] == 1
    assert "Infinity" not in line
    bounds = to_json(Log("info", "x")) | to_json(Progress(1, 2, eta_s=float("nan")))
    assert bounds.get("eta_s") is None


def test_unknown_events_and_fields_are_ignored():
    assert from_line('{"v":1,"event":"of_tomorrow","path":"x"}') is None
    assert from_line('{"v":1,"event":"log","level":"info","message":"m","new":[1]}') == Log(
        "info", "m"
    )


@pytest.mark.parametrize("line", ["[1]", '{"v":1}', "warning: something", ""])
def test_other_lines_are_refused(line):
    with pytest.raises(ValueError, match=r"event|Expecting"):
        from_line(line)


def test_failures_carry_code_and_hint():
    error = SceneError("No CRS.", code="no_crs", hint="Pass --assume-crs.")
    assert Failure.of(error) == Failure("no_crs", "No CRS.", "Pass --assume-crs.")
    assert Failure.of(Cancelled("Stopped.")).code == "cancelled"
    assert Failure.of(KeyboardInterrupt()).code == "cancelled"
    assert Failure.of(ZeroDivisionError("division")).code == "internal"
    assert Failure.of(EngineError("Full.", code="out_of_memory")).code == "out_of_memory"
