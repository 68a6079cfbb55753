"""`geoseg run --progress jsonl`, and its imitation."""

import json

import pyogrio
import pytest

from tests.contract.speaking import Child


@pytest.fixture
def start(speaker, folder):
    def started(**fields):
        request = folder / "request.json"
        request.write_text(json.dumps(speaker.run(folder, **fields)), encoding="utf-8")
        return Child(speaker, "run", "--request", str(request), "--progress", "jsonl")

    return started


def named(heard, name):
    return [event for event in heard if event["event"] == name]


def test_a_run_rests_goes_on_and_tells_what_is_final(start, folder):
    side = folder / "so far.gpkg"
    with start(partial=str(side)) as child:
        child.say(cmd="pause")
        heard = child.until(event="log", message="Paused.")
        assert child.silent(2.1)  # longer than a run must be before it draws on the way
        child.say(cmd="resume")
        heard += child.events()
        assert child.status() == 0
    assert heard[0]["event"] == "hello"
    assert heard[0]["protocol"] == 1
    assert heard[-1]["event"] == "result"
    assert len(named(heard, "hello")) == len(named(heard, "result")) == 1
    assert not any("id" in event for event in heard)
    counted = [event["done"] for event in named(heard, "progress") if event["unit"] == "tiles"]
    assert counted == sorted(counted)
    layers = named(heard, "layer")
    assert layers == [{**layer, "v": 1, "event": "layer"} for layer in heard[-1]["layers"]]
    for layer in layers:
        found = pyogrio.read_info(layer["path"], layer=layer["table"])
        assert found["features"] == layer["features"]
        assert layer["category_field"] in found["fields"]
    parts = named(heard, "partial")
    assert parts
    found = pyogrio.read_info(side, layer=parts[-1]["table"])
    assert found["features"] == parts[-1]["features"] <= layers[0]["features"]
    assert parts[-1]["table"] == layers[0]["table"]
    assert parts[-1]["path"] == str(side)
    assert parts[-1]["crs"] == layers[0]["crs"]


@pytest.mark.parametrize("stop", ["cancel", "hang up"])
def test_a_run_that_rests_can_be_stopped(start, folder, stop):
    with start() as child:
        child.say(cmd="pause")
        child.until(event="log", message="Paused.")
        if stop == "cancel":
            child.say(cmd="cancel")
        else:
            child.hang_up()
        *_, last = child.events()
        assert child.status() == 130
    assert (last["event"], last["code"]) == ("error", "cancelled")
    assert not (folder / "sortie é.gpkg").exists()
