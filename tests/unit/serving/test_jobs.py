"""Jobs one after the other, and what may be said to them meanwhile."""

import threading
import time

import pytest

from geoseg.errors import Cancelled, SceneError
from geoseg.events import Bye, Failure, Log, Progress
from geoseg.serving import Job, Server


class Said:
    def __init__(self):
        self.lines = []
        self.heard = threading.Condition()

    def __call__(self, event, key):
        with self.heard:
            self.lines.append((key, event))
            self.heard.notify_all()

    def until(self, condition):
        with self.heard:
            assert self.heard.wait_for(lambda: condition(self.lines), timeout=10)

    def of(self, key):
        return [event for one, event in self.lines if one == key]


def steps(count, pause=0.0):
    def work(listener):
        for step in range(count):
            time.sleep(pause)
            listener(Progress(step + 1, count))

    return work


def failing(listener):
    raise SceneError("No such scene.", hint="Look again.")


def test_jobs_are_done_in_turn_and_failures_are_theirs_alone():
    said = Said()
    server = Server(said, idle_s=0.05)
    server.submit(Job("a", steps(2)))
    server.submit(Job("b", failing))
    server.submit(Job("c", steps(1)))
    server.serve()
    assert [key for key, _ in said.lines] == ["a", "a", "b", "c", None]
    (failure,) = said.of("b")
    assert (failure.code, failure.message) == ("image_unreadable", "No such scene.")
    assert "SceneError" in failure.detail
    assert said.lines[-1] == (None, Bye("idle"))


def test_a_defect_is_told_with_its_trace():
    said = Said()
    server = Server(said, idle_s=0.05)
    server.submit(Job("a", lambda listener: 1 / 0))
    server.serve()
    (failure,) = said.of("a")
    assert failure.code == "internal"
    assert "ZeroDivisionError" in failure.detail


def test_a_signal_ends_the_server():
    def interrupted(listener):
        raise Cancelled("Stopped.") from KeyboardInterrupt()

    said = Said()
    server = Server(said, idle_s=0.05)
    server.submit(Job("a", interrupted))
    with pytest.raises(Cancelled):
        server.serve()
    assert said.of("a")[-1].code == "cancelled"


def started(server):
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    return thread


def test_cancelling_one_leaves_the_others():
    said = Said()
    server = Server(said, idle_s=5)
    thread = started(server)
    server.submit(Job("a", steps(1000, 0.01)))
    server.submit(Job("b", steps(1)))
    server.submit(Job("c", steps(1)))
    said.until(lambda lines: len(lines) > 2)
    server.tell("b", "cancel")
    server.tell("a", "cancel")
    server.tell("nobody", "cancel")
    said.until(lambda lines: lines[-1][0] == "c")
    assert said.of("a")[-1].code == "cancelled"
    assert [event.code for event in said.of("b")] == ["cancelled"]
    server.close()
    thread.join(5)
    assert said.lines[-1] == (None, Bye("quit"))


def test_a_pause_rests_and_goes_on():
    said = Said()
    server = Server(said, idle_s=5)
    thread = started(server)
    job = Job("a", steps(20, 0.01))
    server.submit(job)
    said.until(lambda lines: len(lines) > 2)
    server.tell("a", "pause")
    said.until(lambda lines: ("a", Log("info", "Paused.")) in lines)
    count = len(said.lines)
    time.sleep(0.1)
    assert len(said.lines) == count
    server.tell("a", "resume")
    said.until(lambda lines: lines[-1] == ("a", Progress(20, 20)))
    server.close()
    thread.join(5)


def test_a_paused_job_can_be_cancelled_and_an_id_is_taken_once():
    said = Said()
    server = Server(said, idle_s=5)
    thread = started(server)
    server.submit(Job("a", steps(1000, 0.01)))
    server.submit(Job("a", steps(1)))
    said.until(lambda lines: any(isinstance(event, Failure) for _, event in lines))
    server.tell("a", "pause")
    server.tell("a", "cancel")
    said.until(lambda lines: lines[-1][0] == "a" and isinstance(lines[-1][1], Failure))
    assert said.of("a")[-1].code == "cancelled"
    (told,) = said.of(None)
    assert told.code == "bad_request"
    server.close()
    thread.join(5)
    assert not thread.is_alive()
