"""Every verb explains itself, and none loads torch before it runs."""

import subprocess
import sys

import pytest

from training.__main__ import _verbs, main


def test_every_verb_has_help(capsys):
    for name in _verbs():
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0
        assert name in capsys.readouterr().out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from training.__main__ import _parser; _parser(); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'matplotlib', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
