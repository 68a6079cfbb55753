"""`geoseg merge`: ledgers of one setting become one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geoseg.cli.console import Console
from geoseg.cli.options import verbose_option

if TYPE_CHECKING:
    from geoseg.ledger import Merged


@click.command("merge", short_help="Unite the ledgers of parts of a run.")
@click.argument("ledgers", nargs=-1, required=True, metavar="LEDGER...")
@click.option("-o", "--output", required=True, metavar="OUT", help="Ledger to write.")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@verbose_option
@click.pass_context
def command(ctx: click.Context, /, ledgers: tuple[str, ...], output: str, overwrite: bool) -> None:
    """Unite the latest runs of each LEDGER, made with one setting, in the ledger OUT.

    For the parts of a scene that several machines asked, with --shard or --bounds. Ledgers that
    differ in checkpoint, bands, stretch or overlap are refused. Draw the polygons of OUT with
    `geoseg refine`; give the `geoseg run` of the whole with --ledger OUT to ask what is missing.

    \b
    geoseg run scene.tif "ships" -o 1.gpkg --shard 1/2
    geoseg run scene.tif "ships" -o 2.gpkg --shard 2/2
    geoseg merge 1.gpkg.ledger 2.gpkg.ledger -o ships.ledger
    geoseg refine ships.ledger -o ships.gpkg
    """
    from geoseg.ledger import merge_ledgers

    console = ctx.ensure_object(Console)
    merged = merge_ledgers([Path(name) for name in ledgers], Path(output), overwrite=overwrite)
    console.say(f"{output} is written: {as_text(merged)}.")
    if merged.differing:
        console.warn(
            f"{merged.differing} answers differ between ledgers; those of the ledger named first "
            "are kept. Different devices or versions may answer differently."
        )


def as_text(merged: Merged) -> str:
    """What it holds, for people."""
    counts = {
        "answered": merged.done,
        "failed": merged.failed,
        "without data": merged.skipped,
        "not asked yet": merged.queued,
        "the same in several ledgers": merged.equal,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"
