"""`geoseg model list`: the checkpoints that are here, and the sizes that are known."""

from __future__ import annotations

import json
from typing import Any

import click

from geoseg.cli.options import verbose_option


@click.command("list", short_help="The checkpoints that are here, and the sizes that are known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
def command(as_json: bool) -> None:
    """List the checkpoints that come with this installation and the sizes that are known.

    A size without weights can be looked at with `geoseg model info`; its weights come from a folder
    of yours.
    """
    facts = collect()
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else as_text(facts))


def collect() -> dict[str, Any]:
    """Both lists, as plain JSON values."""
    from geoseg.segearth.config import PRESETS
    from geoseg.segearth.sources import describe

    known = [describe(name) for name in PRESETS]
    return {
        "checkpoints": [facts for facts in known if facts["folder"] is not None],
        "sizes": [facts for facts in known if facts["folder"] is None],
    }


def as_text(facts: dict[str, Any]) -> str:
    """The same, for people."""
    return "\n".join(
        [
            "Checkpoints that are here:",
            *(f"{_line(one)}, {one['stored_bytes'] / 1e6:.1f} MB" for one in facts["checkpoints"]),
            "Sizes without weights here:",
            *map(_line, facts["sizes"]),
        ]
    )


def _line(one: dict[str, Any]) -> str:
    count = one["parameters"] / 1e6
    need = one["vram_bytes"] / 1e9
    return (
        f"  {one['name']:<10} {count:>8.1f} M parameters, {need:>5.1f} GB of GPU memory, "
        f"template {one['template']}"
    )
