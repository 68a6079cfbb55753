import json

from geoseg_qgis.core.protocol import Event, Progress, failure, parse, understood


def test_an_event_and_its_fields():
    event = parse('{"v":1,"event":"progress","done":3,"total":null,"later":1}\n')
    assert event == Event("progress", {"done": 3, "total": None, "later": 1})
    assert event.get("total", 7) == 7
    assert not event.last
    assert parse('{"v":1,"event":"result"}').last


def test_what_is_no_event_is_text():
    for line in ("Traceback:", "[1, 2]", '{"no": "event"}', '{"event": 3}', "{half"):
        assert parse(line).name == "text"
    assert parse("\n") is None
    assert parse('{"v":1,"event":"of_a_later_version"}') is None


def test_versions():
    assert understood(Event("hello", {"protocol": 1}))
    assert not understood(Event("hello", {"protocol": 2}))
    assert not understood(Event("hello"))


def test_progress_is_the_sum_of_the_newest_lines():
    progress = Progress()
    assert progress.percent is None
    progress.take(Event("progress", {"done": 1, "total": 10, "instruction": 0}))
    progress.take(Event("progress", {"done": 5, "total": 10, "instruction": 1, "eta_s": 4.0}))
    assert progress.percent == 30.0
    assert progress.eta == 4.0
    progress.take(Event("progress", {"done": 9, "total": 10, "instruction": 0}))
    assert progress.percent == 70.0
    progress.take(Event("progress", {"done": 9, "total": None, "instruction": 0}))
    assert progress.percent is None
    progress.clear()
    assert progress.percent is None


def test_a_failure_is_an_error_event():
    assert failure("crash", "x").last
    assert json.dumps(failure("crash").fields)
