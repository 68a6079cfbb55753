"""2 % of `make soak`, seeded; in processes of their own, because children are forked from them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.soak import mutated_headers

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to fork")


@pytest.mark.parametrize(
    "line", ["kill_restart --cycles 20", "mutated_headers --files 200"], ids=lambda line: line[:4]
)
def test_a_fiftieth(line: str) -> None:
    module, *options = line.split()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.soak.{module}", *options],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_soak_knows_a_hang_a_crash_and_a_defect(monkeypatch):
    monkeypatch.setattr(mutated_headers, "MOST_SECONDS", 0.05)
    tasks = iter([lambda: 77, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: time.sleep(9)])
    in_child = mutated_headers.in_child
    monkeypatch.setattr(
        mutated_headers, "in_child", lambda task, **limits: in_child(next(tasks), **limits)
    )
    tally = mutated_headers.soak(files=3, seed=1)
    assert len(tally.wrong) == 3
