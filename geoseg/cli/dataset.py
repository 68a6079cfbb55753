"""`geoseg dataset`: a scene and vector layers become examples to learn from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli.console import Console
from geoseg.cli.options import picture_options, verbose_option

if TYPE_CHECKING:
    from geoseg.dataset.making import DatasetReport


@click.command("dataset", short_help="Make examples to learn from of a scene and vector layers.")
@click.argument("scene")
@click.argument("layers", nargs=-1, required=True, metavar="[PHRASE=]FILE[:LAYER]...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder to write.")
@click.option("--by", metavar="COLUMN", help="Column that names what each polygon is.")
@click.option(
    "--sentences-from",
    metavar="COLUMN",
    help="Column with the sentence that asks for a polygon; those with the same sentence are asked "
    "for together.",
)
@click.option(
    "--sentence",
    "sentences",
    multiple=True,
    metavar="TEXT",
    help="How to ask, with {phrase} in it; several are taken in turn. [default: a few plain ones]",
)
@click.option(
    "--window",
    type=int,
    default=1024,
    show_default=True,
    metavar="PX",
    help="Most pixels a side of a picture; pictures are of nearly equal size and share none.",
)
@click.option(
    "--min-pixels",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    metavar="N",
    help="What covers fewer pixels of a picture is not asked for there.",
)
@click.option(
    "--negatives",
    type=float,
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Of the things that a picture does not show, the share that is asked for all the same. "
    "Only where the layers are complete.",
)
@click.option("--together", is_flag=True, help="Ask for several things at once too.")
@click.option(
    "--test",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Of the pictures, the share kept for testing, at one side of the scene.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of all draws.")
@picture_options
@click.option("--overwrite", is_flag=True, help="Replace DIR if a data set is in it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Cut SCENE into pictures and write what polygons of vector layers mark in them, as LaSeRS.

    Polygons are called by the PHRASE in front of their file, else by --by, else by their layer.
    `python -m training fit` learns from the folder. Layers should be complete where the scene is
    looked at: use --aoi where they are not.

    \b
    geoseg dataset city.tif "flat roofs=roofs.gpkg" "ponds=water.geojson" -o city --negatives 0.2
    geoseg dataset city.tif survey.gpkg:objects --by kind -o city --aoi surveyed.gpkg
    """
    from geoseg.dataset.making import DatasetRequest, make_dataset

    report = make_dataset(DatasetRequest(**given))
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
        return
    console = ctx.ensure_object(Console)
    console.say(as_text(report))
    if report.unreadable:
        console.warn(f"{report.unreadable} windows could not be decoded and are left out.")


def as_text(report: DatasetReport) -> str:
    """What was written, for people."""
    return (
        f"{report.output} is written: {report.train_questions} questions on "
        f"{report.train_images} pictures to learn from, {report.test_questions} on "
        f"{report.test_images} for testing, {report.masks} masks of {len(report.phrases)} things."
    )
