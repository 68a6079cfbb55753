"""`geoseg evaluate`: what was found against what is there."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from geoseg.cli.options import verbose_option

if TYPE_CHECKING:
    from geoseg.evaluate import Evaluation, Report


@click.command("evaluate", short_help="Score polygons against true ones.")
@click.argument("out", metavar="OUT[:LAYER]")
@click.argument("truth", metavar="TRUTH[:LAYER]")
@click.option(
    "--by",
    metavar="COLUMN",
    help="Column of TRUTH that names what each polygon is; scores are then told by target too. "
    "[default: target, if there is one]",
)
@click.option("--target", metavar="PHRASE", help="Only what is called this.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
def command(out: str, truth: str, by: str | None, target: str | None, as_json: bool) -> None:
    """Compare the polygons of OUT with those of TRUTH, whatever their coordinate systems.

    Areas are compared as a whole (iou) and objects one to one: precision, recall and f1 count
    those that overlap at IoU 0.5 or more. Fragments are found objects too many in true ones,
    false merges true objects too many in found ones. The boundary error is the mean distance
    between the outlines of matched objects, in metres.

    \b
    geoseg evaluate ships.gpkg surveyed.geojson
    geoseg evaluate out.gpkg truth.gpkg:roofs --target buildings --json
    """
    from geoseg.evaluate import evaluate

    report = evaluate(out, truth, by=by, target=target)
    if as_json:
        body = {**asdict(report.overall), "targets": asdict(report)["targets"]}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        click.echo(as_text(report))


def as_text(report: Report) -> str:
    """The comparison, for people."""
    lines = _lines(report.overall)
    for name, evaluation in report.targets.items():
        lines += ["", f"{name}:", *(f"  {line}" for line in _lines(evaluation))]
    return "\n".join(lines)


def _lines(one: Evaluation) -> list[str]:
    gap = "" if one.boundary_error_m is None else f"; outlines {one.boundary_error_m:.2f} m apart"
    return [
        f"area: IoU {one.iou:.3f}, precision {one.area_precision:.3f}, "
        f"recall {one.area_recall:.3f}",
        f"objects at IoU 0.5: precision {one.precision:.3f}, recall {one.recall:.3f}, "
        f"F1 {one.f1:.3f} ({one.matched} matched of {one.found} found and {one.truth} true)",
        f"{one.fragments} fragments, {one.false_merges} false merges{gap}",
    ]
