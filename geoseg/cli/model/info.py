"""`geoseg model info`: sizes of a checkpoint, part by part."""

from __future__ import annotations

import json
from typing import Any

import click

from geoseg.cli.options import verbose_option

_LABELS = {"stored_bytes": "on disk", "vram_bytes": "GPU memory in bfloat16"}


@click.command("info", short_help="Sizes of a checkpoint, part by part.")
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
def command(name: str, as_json: bool) -> None:
    """Show the sizes of a checkpoint, part by part, without loading its weights.

    NAME is a checkpoint that comes with geoseg (nano) or a size that can be built (r2); FOLDER
    holds a checkpoint of ours or a published one, and hf:OWNER/NAME[@REVISION] is one on the
    Hugging Face hub.
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
    return "\n".join([f"{facts['name']}, parameters:", *table, *fact_lines(facts)])


def fact_lines(facts: dict[str, Any]) -> list[str]:
    """One line for each fact that is known, parts and their sum aside; bytes in GB."""
    return [
        f"{_LABELS.get(key, key).replace('_', ' ')}: {_value(key, value)}"
        for key, value in facts.items()
        if key not in ("parts", "parameters", "name") and value is not None
    ]


def _value(key: str, value: object) -> str:
    if key.endswith("_bytes") and isinstance(value, int):
        return f"{value / 1e9:.2f} GB" if value >= 1e8 else f"{value / 1e6:.1f} MB"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
