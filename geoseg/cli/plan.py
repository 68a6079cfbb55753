"""`geoseg plan`: what a run would cost; writes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli.bar import duration_text
from geoseg.cli.drawing import apply_preset, preset_options
from geoseg.cli.options import scene_options, verbose_option

if TYPE_CHECKING:
    from geoseg.pipeline import PlanReport


@click.command("plan", short_help="Tell what a run would cost; write nothing.")
@click.argument("scene")
@click.argument("instructions", nargs=-1, metavar="[INSTRUCTION...]")
@scene_options
@preset_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Tell how many windows a run over SCENE would ask, and its memory and time.

    Reads the scene's header and the area of interest; no model is loaded and nothing is written.
    """
    from geoseg.pipeline import Request, plan

    arguments = apply_preset(ctx, given)
    report = plan(Request(**arguments))
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        click.echo(as_text(report, instructions=len(arguments["instructions"])))


def as_text(report: PlanReport, *, instructions: int) -> str:
    """The plan for people, for as many instructions as were given, or for each."""
    times = max(instructions, 1)
    some = report.tiles != report.tiles_of_scene
    lines = [
        f"{report.scene}: {report.width} × {report.height} px, {report.bands} bands of "
        f"{report.dtype}, {report.crs}",
        f"{report.tiles} windows of {report.window} px that share at least {report.overlap} px"
        + (f" (the whole scene has {report.tiles_of_scene})" if some else ""),
    ]
    if report.memory_bytes is not None:
        lines.append(f"about {report.memory_bytes / 1e9:.1f} GB of memory")
    if report.seconds is None:
        lines.append("how long this checkpoint takes is not known before it has run")
    else:
        what = "each instruction" if instructions < 2 else f"{instructions} instructions"
        pace = duration_text(report.seconds * times)
        lines.append(f"about {pace} for {what} on a CPU; a GPU is many times faster")
    return "\n".join(lines)
