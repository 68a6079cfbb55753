"""docs/cli.md is what the commands say of themselves."""

from pathlib import Path

from tests.architecture.cli_reference import reference

ROOT = Path(__file__).parents[2]


def test_reference_is_fresh():
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference(), "docs/cli.md is stale: run `make docs`"
