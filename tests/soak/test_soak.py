"""2 % of `make soak`, seeded."""

import os
import signal
import time

import pytest

from tests.soak import kill_restart, mutated_headers

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to fork")


def test_killed_and_resumed_equals_straight():
    wrong, _ = kill_restart.soak(cycles=20, seed=1)
    assert wrong == []


def test_damaged_headers_end_in_an_exit_status():
    wrong, statuses = mutated_headers.soak(files=200, seed=1)
    assert wrong == []
    assert statuses[0] > 20
    assert statuses[3] > 20


def test_the_soak_knows_a_hang_and_a_crash(monkeypatch):
    monkeypatch.setattr(mutated_headers, "MOST_SECONDS", 0.05)
    tasks = iter(
        [lambda: 77, lambda: os.kill(os.getpid(), signal.SIGKILL) or 0, lambda: time.sleep(9) or 0]
    )

    def ended(task, **limits):
        return in_child(next(tasks), **limits)

    in_child = mutated_headers.in_child
    monkeypatch.setattr(mutated_headers, "in_child", ended)
    wrong, _ = mutated_headers.soak(files=3, seed=1)
    assert len(wrong) == 3
