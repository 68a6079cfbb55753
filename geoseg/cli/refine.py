"""`geoseg refine`: a ledger → polygons, drawn anew."""

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
from geoseg.cli.drawing import OUTPUT_OPTION, apply_preset, drawing_options, preset_options
from geoseg.cli.scenes import chosen_scenes_option


@click.command("refine", cls=EventCommand, short_help="Draw a run's polygons again.")
@click.argument("ledger")
@OUTPUT_OPTION
@click.option(
    "--instruction",
    "instructions",
    multiple=True,
    metavar="TEXT",
    help="Draw this one, as it was given to the run; may be repeated. [default: those of the "
    "latest run]",
)
@chosen_scenes_option
@drawing_options
@preset_options("fuse", "min_agreement")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@speech_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int:
    """Draw the answers that a run kept in LEDGER as polygons again and write them to OUT.

    Takes seconds: neither a scene nor a model is read. Scenes, tiles and area are those of the
    latest run. The same options give the same polygons as the run itself.

    \b
    geoseg refine out.gpkg.ledger -o strict.gpkg --min-agreement 0.5 --min-area 4m2
    geoseg refine out.gpkg.ledger -o ponds.gpkg --instruction "the ponds" --threshold 0.7
    """
    arguments = apply_preset(ctx, given)
    with terminated_like_interrupted():
        console = opened(ctx, arguments, "none")
        if not arguments["output"]:
            raise click.UsageError("Where should the polygons go? Add -o OUT.gpkg.", ctx)
        from geoseg.pipeline import Revision, revise

        result = revise(Revision(**arguments), console.listen)
    return ended(
        result,
        console,
        "Give the `geoseg run` that made the ledger again with --overwrite: only these are asked.",
    )
