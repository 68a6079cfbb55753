"""Commands on standard input."""

import pytest

from geoseg.cli.lines import is_cancel


@pytest.mark.parametrize("line", [b'{"cmd":"cancel"}\n', b' { "cmd" : "cancel", "id": "a" }'])
def test_cancel(line):
    assert is_cancel(line)


@pytest.mark.parametrize("line", [b"", b"cancel\n", b'{"cmd":"pause"}', b'["cancel"]', b"\xff\xfe"])
def test_other_lines_are_ignored(line):
    assert not is_cancel(line)
