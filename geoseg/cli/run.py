"""`geoseg run`: scene + instructions → polygons."""

from __future__ import annotations

from typing import Any

import click

from geoseg.cli.commanding import (
    EventCommand,
    ended,
    opened,
    speech_options,
    terminated_like_interrupted,
)
from geoseg.cli.console import Console
from geoseg.cli.drawing import OUTPUT_OPTION, apply_preset, drawing_options, preset_options
from geoseg.cli.options import scene_options
from geoseg.cli.request_file import merge_request
from geoseg.cli.scenes import listed_scenes, more_scenes_options, sorted_words
from geoseg.events import Result


@click.command("run", cls=EventCommand, short_help="Find what sentences describe in a scene.")
@click.argument("scene", required=False)
@click.argument("instructions", nargs=-1, metavar="INSTRUCTION...")
@OUTPUT_OPTION
@more_scenes_options
@scene_options
@drawing_options
@preset_options("overlap", "fuse", "min_agreement")
@click.option(
    "--ledger",
    metavar="PATH",
    help="Where finished tiles are kept. [default: OUT.ledger; with -o -, the first scene's name "
    "and .ledger in the current folder]",
)
@click.option(
    "--resume/--no-resume", default=True, show_default=True, help="Go on from the ledger."
)
@click.option(
    "--give-up-after",
    type=click.IntRange(min=0),
    default=16,
    show_default=True,
    metavar="N",
    help="Stop when the model fails on so many windows in a row, as when its device is lost; the "
    "same command goes on later. 0 never stops.",
)
@click.option(
    "--partial",
    metavar="FILE.gpkg",
    help="While the run goes on, write the polygons that are final so far into this file, again "
    "and again; it takes at most a tenth of the time.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@click.option(
    "--request",
    metavar="FILE.json",
    help="Take arguments from this file: an object whose keys are the long option names with _ "
    'for -, "scene", "scenes" (further ones) and "instructions".',
)
@speech_options
@click.pass_context
def command(ctx: click.Context, /, request: str | None, **given: Any) -> int:
    """Find in SCENE what each INSTRUCTION describes and write it as polygons to OUT.

    SCENE is a GeoTIFF, a folder of adjoining ones, an address, or whatever else GDAL opens. Each
    instruction becomes a layer of OUT. A run that was stopped goes on where it was when the same
    command is given again.

    \b
    geoseg run scene.tif "safe open areas" -o out.gpkg
    geoseg run scene.tif "tennis courts" "the roads" -o out.gpkg --aoi city.gpkg:centre
    geoseg run a.tif --scene b.tif --scene c.tif "solar panels" -o panels.parquet
    ls sheets/*.tif | geoseg run --scenes-from - "solar panels" -o panels.gpkg
    """
    merged = merge_request(ctx, request, sorted_words(ctx, given))
    arguments = apply_preset(ctx, listed_scenes(ctx, merged))
    with terminated_like_interrupted():
        console = opened(ctx, arguments, arguments["device"])
        require(ctx, arguments)
        result = _run(arguments, console)
    return ended(
        result,
        console,
        "Give the same command again with --overwrite: only these are asked anew.",
    )


def _run(arguments: dict[str, Any], console: Console) -> Result:
    """Run the pipeline; heavy imports happen here, after the hello."""
    from geoseg.pipeline import Request, run

    return run(Request(**arguments), console.listen)


def require(ctx: click.Context, arguments: dict[str, Any]) -> None:
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
