"""`geoseg model check`: whether a checkpoint is whole, and what it needs."""

from __future__ import annotations

import json

import click

from geoseg.cli.model.info import fact_lines
from geoseg.cli.options import verbose_option
from geoseg.errors import CheckpointError


@click.command("check", short_help="Whether a checkpoint is whole, and what it needs.")
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
def command(name: str, as_json: bool) -> None:
    """Read all of a checkpoint and tell whether it is whole: exit status 0, or 4 and the problem.

    Tells its hash, sizes and number format, the prompt template, and the memory that it needs on
    a GPU. NAME, FOLDER and hf:OWNER/NAME[@REVISION] are those of `geoseg model info`.
    """
    from geoseg.segearth.sources import verify

    facts = verify(name)
    problems: list[str] = facts["problems"]
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    if problems:
        raise CheckpointError(" ".join(problems))
    if not as_json:
        count = f"{facts['parameters'] / 1e6:.1f} M parameters"
        told = {key: value for key, value in facts.items() if key != "problems"}
        click.echo("\n".join([f"{name} is whole: {count}.", *fact_lines(told)]))
