"""Commands on standard input."""

import threading
import time

import pytest

from geoseg.cli.lines import Rest, command_of


@pytest.mark.parametrize("line", [b'{"cmd":"cancel"}\n', b' { "cmd" : "cancel", "id": "a" }'])
def test_a_command(line):
    command = command_of(line)
    assert command is not None
    assert command["cmd"] == "cancel"


@pytest.mark.parametrize("line", [b"", b"cancel\n", b'{"cmd":3}', b'["cancel"]', b"\xff\xfe"])
def test_other_lines_are_ignored(line):
    assert command_of(line) is None


def test_a_rest_ends_when_somebody_says_so():
    rest = Rest()
    rest.wait()
    rest.ask()
    assert rest.asked
    threading.Timer(0.05, rest.end).start()
    began = time.monotonic()
    rest.wait()
    assert time.monotonic() - began >= 0.04
    assert not rest.asked
