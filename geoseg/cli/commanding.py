"""What commands that draw polygons share: event lines, signals, and how they end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

import click

from geoseg.cli.bar import duration_text
from geoseg.cli.console import Console, brief
from geoseg.cli.options import verbose_option
from geoseg.events import FailedTile, Result

SOME_TILES_FAILED = 7
"""Exit status of a command that wrote its output, with holes in it."""

_LISTED = 20

Command = TypeVar("Command", bound=Callable[..., Any])


class EventCommand(click.Command):
    """Takes hold of standard output before anything can go wrong, if event lines are asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; with `--progress jsonl`, usage errors are event lines too."""
        pairs = pairwise(args)
        if "--progress=jsonl" in args or ("--progress", "jsonl") in pairs:
            ctx.ensure_object(Console).speak_lines()
        return super().parse_args(ctx, args)


def speech_options(command: Command) -> Command:
    """Give a command `--progress`, `-v` and `-q`; `opened` reads them."""
    command = click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")(command)
    command = verbose_option(command)
    return click.option(
        "--progress",
        type=click.Choice(["auto", "bar", "jsonl", "none"]),
        default="auto",
        show_default=True,
        help="auto shows a bar on a terminal; jsonl writes the lines of docs/protocol.md to "
        "standard output and ends when standard input ends.",
    )(command)


def opened(ctx: click.Context, arguments: dict[str, Any], device: str) -> Console:
    """The console, speaking as `progress` and `quiet` ask, which leave the arguments; it greets."""
    console = ctx.ensure_object(Console)
    style, quiet = arguments.pop("progress"), arguments.pop("quiet")
    if quiet and console.verbosity > 0:
        raise click.UsageError("-v and -q contradict each other; give one of them.", ctx)
    if arguments["output"] == "-":
        if style == "jsonl":
            raise click.UsageError(
                "-o - and --progress jsonl both want standard output; write to a file.", ctx
            )
        console.keep_output()
    console.use(style, quiet=quiet)
    console.greet(device)
    return console


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: files closed, ledger kept."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: signals belong to somebody else
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def ended(result: Result, console: Console, way_out: str) -> int:
    """Tell people what came out, and how holes can be filled; the exit status."""
    tiles = _tiles(result.tiles)
    if (spoken := len({layer.instruction for layer in result.layers})) > 1:
        # A tile counts once for every instruction that was asked about it.
        tiles += f" for {spoken} instructions"
    for layer in result.layers:
        if layer.features == 0:
            console.say(
                f"{layer.table}: nothing found for {brief(layer.instruction)}. The run looked at "
                f"{tiles}; the layer is there and empty."
            )
    name = "Standard output" if result.output == "-" else result.output
    console.say(f"{name} is written ({duration_text(result.seconds)}, {tiles}).")
    for warning in result.warnings:
        console.warn(warning)
    if result.failed:
        console.warn(_failed_text(result.failed, result.output, way_out))
        return SOME_TILES_FAILED
    return 0


def _tiles(count: int) -> str:
    return "1 tile" if count == 1 else f"{count} tiles"


def _failed_text(failed: tuple[FailedTile, ...], output: str, way_out: str) -> str:
    """The tiles that failed, and what to do."""
    lines = [
        f"  {tile.source}{', ' * bool(tile.source)}tile {tile.tile} (column {tile.window[0]}, row "
        f"{tile.window[1]}, {tile.window[2]} × {tile.window[3]} px): {tile.reason}"
        for tile in failed[:_LISTED]
    ]
    if len(failed) > _LISTED:
        lines.append(f"  … and {len(failed) - _LISTED} more, listed in the table `answers`")
    return (
        f"{_tiles(len(failed))} could not be answered; {output} has holes there. {way_out}\n"
        + "\n".join(lines)
    )
