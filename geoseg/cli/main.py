"""The `geoseg` command: finds its subcommands lazily, and holds the one error handler."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Sequence
from importlib import import_module

import click

from geoseg.cli.console import Console, installed_version
from geoseg.errors import Cancelled, EngineError, GeosegError

COMMANDS = {
    "run": "Find what sentences describe in a scene and write polygons.",
    "plan": "Tell what a run would cost; write nothing.",
    "refine": "Draw the polygons of a finished run again, without its model.",
    "show": "Tell what a run has kept.",
    "merge": "Unite the ledgers of parts of a run.",
    "evaluate": "Score polygons against true ones.",
    "dataset": "Make examples to learn from of a scene and vector layers.",
    "model": "Look at checkpoints, convert and compare them.",
    "serve": "Take requests from a program and keep the model loaded.",
    "info": "Show versions, devices and checkpoints.",
}
"""Subcommand, found as `geoseg.cli.NAME.command`, and its line in the help."""


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is the one asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All subcommands, in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"geoseg.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"geoseg {installed_version()}")
        ctx.exit()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def commands() -> None:
    """Say what you look for in a large GeoTIFF and get georeferenced polygons.

    \b
    geoseg run scene.tif "safe open areas" -o out.gpkg
    """


# Python's last search for garbage would go through all that torch made: a second for nothing.
atexit.register(gc.freeze)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; never raises.

    Exit statuses: 0 done, 2 usage or instruction, 3 scene, 4 checkpoint, 5 engine, 6 output,
    7 done but some tiles failed, 130 cancelled, 1 anything geoseg did not foresee.
    """
    console = Console()
    try:
        status = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="geoseg",
            standalone_mode=False,
            obj=console,
        )
    except click.ClickException as error:
        return console.fail_usage(error)
    except BaseException as error:
        return console.fail(as_geoseg_error(error))
    return status if isinstance(status, int) else 0


def as_geoseg_error(error: BaseException) -> GeosegError:
    """The error as one of ours, with a way out; the foreign one stays as its cause."""
    if isinstance(error, GeosegError):
        return error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        ours: GeosegError = Cancelled("Stopped before anything was written.")
    elif isinstance(error, MemoryError):
        ours = EngineError(
            "There is not enough memory for this run.",
            code="out_of_memory",
            hint="Close other programs, or run a part of the scene with --bounds.",
        )
    else:
        ours = GeosegError(
            f"Something went wrong inside geoseg ({type(error).__name__}: {error}).",
            hint="This is a defect: run the command again with -v and report what it prints, "
            "together with the output of `geoseg info`.",
        )
    ours.__cause__ = error
    return ours
