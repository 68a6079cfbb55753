"""`geoseg model`: what checkpoints are made of, and where they come from."""

from __future__ import annotations

import click

from geoseg.cli.model import calibrate, check, convert, info, trace
from geoseg.cli.model import list as listing


@click.group("model", short_help="Look at checkpoints, convert and compare them.")
def command() -> None:
    """Look at checkpoints, convert and compare them."""


for _module in (listing, info, check, convert, calibrate, trace):
    command.add_command(_module.command)
