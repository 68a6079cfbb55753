"""`geoseg plan`: what a run would cost; writes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli.bar import duration_text
from geoseg.cli.drawing import apply_preset, preset_options
from geoseg.cli.options import scene_options, verbose_option
from geoseg.cli.scenes import listed_scenes, more_scenes_options, sorted_words

if TYPE_CHECKING:
    from geoseg.pipeline.planning import PlanReport, ScenePlan


@click.command("plan", short_help="Tell what a run would cost; write nothing.")
@click.argument("scene", required=False)
@click.argument("instructions", nargs=-1, metavar="[INSTRUCTION...]")
@more_scenes_options
@scene_options
@preset_options("overlap")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@verbose_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Tell how many windows a run over SCENE would ask, and its memory and time.

    Of several scenes each is listed, and the sum. Reads headers and the area of interest; no model
    is loaded and nothing is written.
    """
    from geoseg.pipeline import Request, plan

    arguments = apply_preset(ctx, listed_scenes(ctx, sorted_words(ctx, given)))
    if not arguments["scene"]:
        raise click.UsageError("Which scene? Name a GeoTIFF.", ctx)
    report = plan(Request(**arguments))
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        click.echo(as_text(report, instructions=len(arguments["instructions"])))


def as_text(report: PlanReport, *, instructions: int) -> str:
    """The plan for people, for as many instructions as were given, or for each."""
    times = max(instructions, 1)
    several = len(report.scenes) > 1
    lines = [_scene_text(scene, several=several) for scene in report.scenes]
    some = report.tiles != report.tiles_of_scenes
    whole = f"{len(report.scenes)} whole scenes have" if several else "whole scene has"
    lines.append(
        f"{report.tiles} windows{' in all' * several} of {report.window} px that share at least "
        f"{report.overlap} px" + f" (the {whole} {report.tiles_of_scenes})" * some
    )
    if report.memory_bytes is not None:
        lines.append(f"about {report.memory_bytes / 1e9:.1f} GB of memory")
    if report.seconds is None:
        lines.append("how long this checkpoint takes is not known before it has run")
    else:
        what = "each instruction" if instructions < 2 else f"{instructions} instructions"
        pace = duration_text(report.seconds * times)
        lines.append(f"about {pace} for {what} on a CPU; a GPU is many times faster")
    return "\n".join(lines)


def _scene_text(scene: ScenePlan, *, several: bool) -> str:
    text = (
        f"{scene.scene}: {scene.width} × {scene.height} px, {scene.bands} bands of {scene.dtype}, "
        f"{scene.crs}"
    )
    if not several:
        return text
    some = scene.tiles != scene.tiles_of_scene
    return f"{text}; {scene.tiles} windows" + f" of {scene.tiles_of_scene}" * some
