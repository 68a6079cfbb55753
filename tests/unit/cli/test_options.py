"""The command line and `geoseg.Request` have the same fields and the same defaults."""

from dataclasses import MISSING, fields

import click

from geoseg.cli.main import commands
from geoseg.cli.run import command
from geoseg.pipeline import Request

ONLY_CLI = {"request", "progress", "verbose", "quiet"}


def test_same_names():
    assert {param.name for param in command.params} - ONLY_CLI == {f.name for f in fields(Request)}


def test_same_defaults():
    of_request = {f.name: f.default for f in fields(Request) if f.default is not MISSING}
    parent = click.Context(commands, **commands.context_settings)
    with command.make_context("run", ["scene.tif", "x", "-o", "o.gpkg"], parent=parent) as ctx:
        given = {name: value for name, value in ctx.params.items() if name not in ONLY_CLI}
    for name in set(given) - {"scene", "instructions", "output"}:
        assert given[name] == of_request[name], name
