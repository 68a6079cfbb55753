"""`geoseg show`: what a ledger holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli.console import brief
from geoseg.cli.options import verbose_option
from geoseg.cli.scenes import chosen_scenes_option

if TYPE_CHECKING:
    from geoseg.events import FailedTile
    from geoseg.pipeline.showing import InstructionReport, LedgerReport, TileReport


@click.command("show", short_help="Tell what a run has kept.")
@click.argument("ledger")
@click.option(
    "--window", type=int, metavar="N", help="What was said about this window of the plan."
)
@click.option("--failed", is_flag=True, help="The windows without an answer, and why.")
@chosen_scenes_option
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON on standard output: an object a line for each scene, else one list.",
)
@verbose_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    ledger: str,
    window: int | None,
    failed: bool,
    scenes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell what the latest run kept in LEDGER: its plan, its answers and how far they agree.

    Of a run over several scenes each is told of. May be used while a run is writing.
    """
    from geoseg.pipeline import showing

    if failed and window is not None:
        raise click.UsageError("--window and --failed are two questions; ask one.", ctx)
    lines: list[Any]
    if failed:
        holes = showing.show_failed(ledger, scenes)
        lines = [[{"text": text, **asdict(hole)} for text, hole in holes]]
        text = failed_text(holes)
    elif window is not None:
        tiles = showing.show_tile(ledger, window, scenes)
        lines, text = [[asdict(tile) for tile in tiles]], "\n\n".join(map(tile_text, tiles))
    else:
        reports = showing.show(ledger, scenes)
        lines, text = [asdict(one) for one in reports], "\n\n".join(map(ledger_text, reports))
    if as_json:
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    click.echo(text)


def ledger_text(report: LedgerReport) -> str:
    """A ledger, for people."""
    left_out = f" ({report.outside} more of the scene are left out)" if report.outside else ""
    lines = [
        f"{report.scene}: {report.width} × {report.height} px, {report.crs}",
        f"{report.tiles} windows{left_out}, asked of the checkpoint {report.key['checkpoint']}",
    ]
    if report.runs > 1:
        lines.append(f"one of {report.runs} runs in this ledger, the latest over this scene")
    for instruction in report.instructions:
        lines += ["", *_instruction_lines(instruction)]
    return "\n".join(lines)


def _instruction_lines(report: InstructionReport) -> list[str]:
    states = {
        "answered": report.done,
        "failed": report.failed,
        "without data": report.skipped,
        "not asked yet": report.queued,
    }
    told = [f"{count} {name}" for name, count in states.items() if count]
    lines = [f"{brief(report.text)}: {', '.join(told) or 'nothing asked'}"]
    if report.empty:
        lines.append(f"  {report.empty} answers found nothing")
    if report.cut_off:
        lines.append(f"  {report.cut_off} answers were cut off at the token limit")
    for target in report.targets:
        line = f"  {target.phrase}: in {target.tiles} windows, mean score {target.score:.2f}"
        if target.agreement is not None:
            line += f"; windows that overlap say the same of {target.agreement:.1%} of what they"
            line += " share"
        if target.overlap is not None:
            line += f", and of what one marks both mark {target.overlap:.0%}"
        lines.append(line)
    return lines


def tile_text(report: TileReport) -> str:
    """What was said about one tile, for people."""
    col, row, width, height = report.window
    ended = f", ended by {report.finish}" if report.finish else ""
    lines = [
        f"{report.source}, window {report.tile} (column {col}, row {row}, {width} × {height} px), "
        f"{brief(report.instruction)}: {report.state}{ended}"
    ]
    if report.text:
        lines.append(f"  {report.text}")
    for phrase, score, share in report.targets:
        lines.append(f"  {phrase}: score {score:.2f}, marks {share:.1%} of the window")
    return "\n".join(lines)


def failed_text(holes: tuple[tuple[str, FailedTile], ...]) -> str:
    """The windows without an answer, for people."""
    if not holes:
        return "Every window has an answer."
    return "\n".join(
        f"{brief(text)}, {hole.source}, window {hole.tile} (column {hole.window[0]}, row "
        f"{hole.window[1]}, {hole.window[2]} × {hole.window[3]} px): {hole.reason}"
        for text, hole in holes
    )
