"""`geoseg model`: what a checkpoint is made of."""

from __future__ import annotations

import json
from typing import Any

import click

from geoseg.cli.options import verbose_option


@click.group("model", short_help="Look at checkpoints.")
def command() -> None:
    """Look at checkpoints."""


@command.command("info", short_help="Sizes of a checkpoint, part by part.")
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
def model_info(name: str, as_json: bool) -> None:
    """Show the sizes of a checkpoint, part by part, without loading its weights.

    NAME is a checkpoint that comes with geoseg (nano) or a size that can be built (r2); FOLDER
    holds a checkpoint.
    """
    from geoseg.segearth.sources import describe

    facts = describe(name)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else as_text(facts))


def as_text(facts: dict[str, Any]) -> str:
    """Parameters per part as a table, then the other facts."""
    parts: dict[str, int] = facts["parts"]
    rows = [*parts.items(), ("all", facts["parameters"])]
    wide = max(len(name) for name, _ in rows)
    table = [f"  {name:<{wide}}  {count / 1e6:>9.2f} M" for name, count in rows]
    others = [
        f"{key.replace('_', ' ')}: {value}"
        for key, value in facts.items()
        if key not in ("parts", "parameters", "name") and value is not None
    ]
    return "\n".join([f"{facts['name']}, parameters:", *table, *others])
