"""`geoseg serve`, and its imitation."""

from pathlib import Path

import pyogrio
import pytest

from tests.contract.speaking import Child


@pytest.fixture
def server(speaker):
    with Child(speaker, "serve", "--idle", "5") as child:
        (hello,) = child.until(event="hello")
        assert "id" not in hello
        yield child


def test_jobs_of_every_kind(server, speaker, folder):
    server.say(cmd="preview", id="p", **speaker.preview(folder))
    server.say(cmd="run", id="a", **speaker.run(folder))
    heard = server.until(event="result")
    assert [event["id"] for event in heard] == sorted((e["id"] for e in heard), reverse=True)
    *stages, told = [event for event in heard if event["id"] == "p"]
    assert [stage["name"] for stage in stages] == ["read", "load_model", "segment"]
    assert told["event"] == "preview"
    assert told["answer"]
    picture = Path(told["picture"])
    assert picture.parent == folder / "pictures é"
    assert picture.read_bytes().startswith(b"\x89PNG")
    for target in told["targets"]:
        assert set(target) == {"value", "label", "color", "share"}
        assert 0 <= target["share"] <= 1
    left, bottom, right, top = told["bounds"]
    assert left < right
    assert bottom < top
    assert told["window"][2:] <= [1024, 1024]

    again = {"ledger": f"{heard[-1]['output']}.ledger", "output": str(folder / "again.gpkg")}
    server.say(cmd="refine", id="r", min_area="1m2", **again)
    *_, layer, result = server.until(event="result")
    assert layer["id"] == result["id"] == "r"
    info = pyogrio.read_info(layer["path"], layer=layer["table"])
    assert info["features"] == layer["features"]

    server.say(cmd="quit")
    (bye,) = server.events()
    assert (bye["event"], bye["reason"]) == ("bye", "quit")
    assert server.status() == 0


def test_one_is_cancelled_and_the_next_is_done(server, speaker, folder):
    server.say(cmd="run", id="a", **speaker.run(folder))
    server.say(cmd="pause", id="a")
    server.say(cmd="preview", id="b", **speaker.preview(folder))
    server.say(cmd="preview", id="c", **speaker.preview(folder))
    server.until(event="log", message="Paused.", id="a")
    assert server.silent(0.3)
    server.say(cmd="cancel", id="b")
    server.say(cmd="cancel", id="a")
    server.until(event="error", code="cancelled", id="a")
    server.until(event="error", code="cancelled", id="b")
    server.until(event="preview", id="c")


def test_what_is_no_request_is_an_error_of_its_id(server, speaker, folder):
    server.say(cmd="sing", id="s")
    server.until(event="error", code="bad_request", id="s")
    server.say(cmd="run", id="n", instructions=["red"], output=str(folder / "x.gpkg"))
    server.until(event="error", code="bad_request", id="n")
    server.say(no="command")
    server.say(cmd="preview", id="p", **speaker.preview(folder))
    server.until(event="preview", id="p")


def test_the_end_of_its_input_ends_it(server, speaker, folder):
    server.say(cmd="run", id="a", **speaker.run(folder))
    server.say(cmd="pause", id="a")
    server.until(event="log", message="Paused.", id="a")
    server.hang_up()
    *_, failure, bye = server.events()  # said in time: a deaf server ends without a word
    assert (failure["id"], failure["code"]) == ("a", "cancelled")
    assert bye["event"] == "bye"


def test_it_leaves_when_nobody_asks(speaker):
    with Child(speaker, "serve", "--idle", "0.005") as child:
        _, bye = child.events()
        assert (bye["event"], bye["reason"]) == ("bye", "idle")
        assert child.status() == 0
