"""`geoseg run`: scene + instructions → polygons."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import click

from geoseg.cli.bar import duration_text
from geoseg.cli.console import Console
from geoseg.cli.options import scene_options, verbose_option
from geoseg.cli.request_file import merge_request
from geoseg.events import FailedTile, Result

SOME_TILES_FAILED = 7
"""Exit status of a run that wrote its output, with holes in it."""

_LISTED = 20


class RunCommand(click.Command):
    """Takes hold of standard output before anything can go wrong, if event lines are asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; with `--progress jsonl`, usage errors are event lines too."""
        pairs = pairwise(args)
        if "--progress=jsonl" in args or ("--progress", "jsonl") in pairs:
            ctx.ensure_object(Console).speak_lines()
        return super().parse_args(ctx, args)


@click.command("run", cls=RunCommand, short_help="Find what sentences describe in a scene.")
@click.argument("scene", required=False)
@click.argument("instructions", nargs=-1, metavar="INSTRUCTION...")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="Vector file to write: .gpkg, .fgb, .parquet or .geojson. Finished tiles are kept beside "
    "it in OUT.ledger.",
)
@scene_options
@click.option(
    "--fuse",
    type=click.Choice(["found", "blend", "core"]),
    default="found",
    show_default=True,
    help="How the answers of overlapping windows become one: the mean of those that found the "
    "thing, of all that looked, or the answer of the window that owns the place.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    metavar="P",
    help="Probability from which a place belongs to a polygon.",
)
@click.option(
    "--min-area",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="M2",
    help="Leave out polygons smaller than this many square metres.",
)
@click.option(
    "--dst-crs", metavar="CRS", help="Write polygons in this CRS. [default: the scene's own]"
)
@click.option("--layer-per-target", is_flag=True, help="One layer per thing found.")
@click.option(
    "--ledger", metavar="PATH", help="Where finished tiles are kept. [default: OUT.ledger]"
)
@click.option(
    "--resume/--no-resume", default=True, show_default=True, help="Go on from the ledger."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option(
    "--request",
    metavar="FILE.json",
    help="Take arguments from this file: an object whose keys are the long option names with _ "
    'for -, "scene" and "instructions".',
)
@click.option(
    "--progress",
    type=click.Choice(["auto", "bar", "jsonl", "none"]),
    default="auto",
    show_default=True,
    help="auto shows a bar on a terminal; jsonl writes the lines of docs/protocol.md to standard "
    "output and ends when standard input ends.",
)
@verbose_option
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.pass_context
def command(ctx: click.Context, /, request: str | None, **given: Any) -> int:
    """Find in SCENE what each INSTRUCTION describes and write it as polygons to OUT.

    Each instruction becomes a layer of OUT. A run that was stopped goes on where it was when the
    same command is given again.

    \b
    geoseg run scene.tif "safe open areas" -o out.gpkg
    geoseg run scene.tif "tennis courts" "the roads" -o out.gpkg --aoi city.gpkg:centre
    """
    arguments = merge_request(ctx, request, given)
    console = ctx.ensure_object(Console)
    style, quiet = arguments.pop("progress"), arguments.pop("quiet")
    if quiet and console.verbosity > 0:
        raise click.UsageError("-v and -q contradict each other; give one of them.", ctx)
    console.use(style, quiet=quiet)
    console.greet(arguments["device"])
    _require(ctx, arguments)
    with _terminated_like_interrupted():
        result = _run(arguments, console)
    _tell(result, console)
    return SOME_TILES_FAILED if result.failed else 0


def _run(arguments: dict[str, Any], console: Console) -> Result:
    """Run the pipeline; heavy imports happen here, after the hello."""
    from geoseg.pipeline import Request, run

    return run(Request(**arguments), console.listen)


def _require(ctx: click.Context, arguments: dict[str, Any]) -> None:
    """Scene, instructions and output may come from the request, so click cannot ask for them."""
    scene, instructions = arguments["scene"], arguments["instructions"]
    if not scene:
        raise click.UsageError("Which scene? Name a GeoTIFF.", ctx)
    if not instructions:
        raise click.UsageError(
            f"What should be found in {scene}? Say it after the scene, for example: "
            f'geoseg run {scene} "safe open areas" -o out.gpkg',
            ctx,
        )
    if not arguments["output"]:
        raise click.UsageError("Where should the polygons go? Add -o OUT.gpkg.", ctx)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: files closed, ledger kept."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: signals belong to somebody else
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(result: Result, console: Console) -> None:
    """What came out, for people."""
    tiles = _tiles(result.tiles)
    if (spoken := len({layer.instruction for layer in result.layers})) > 1:
        # A tile counts once for every instruction that was asked about it.
        tiles += f" for {spoken} instructions"
    for layer in result.layers:
        if layer.features == 0:
            console.say(
                f"{layer.table}: nothing found for {layer.instruction!r}. The run looked at "
                f"{tiles}; the layer is there and empty."
            )
    console.say(f"{result.output} is written ({duration_text(result.seconds)}, {tiles}).")
    for warning in result.warnings:
        console.warn(warning)
    if result.failed:
        console.warn(_failed_text(result.failed, result.output))


def _tiles(count: int) -> str:
    return "1 tile" if count == 1 else f"{count} tiles"


def _failed_text(failed: tuple[FailedTile, ...], output: str) -> str:
    """The tiles that failed, and what to do."""
    lines = [
        f"  tile {tile.tile} (column {tile.window[0]}, row {tile.window[1]}, "
        f"{tile.window[2]} × {tile.window[3]} px): {tile.reason}"
        for tile in failed[:_LISTED]
    ]
    if len(failed) > _LISTED:
        lines.append(f"  … and {len(failed) - _LISTED} more, listed in the table `answers`")
    return (
        f"{_tiles(len(failed))} could not be answered; {output} has holes there. Give the same "
        "command again with --overwrite: only these are asked anew.\n" + "\n".join(lines)
    )
