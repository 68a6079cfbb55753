"""`geoseg model calibrate`: the prompt template that a checkpoint was taught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli.options import device_option, verbose_option
from geoseg.errors import CheckpointError

if TYPE_CHECKING:
    from geoseg.segearth.calibrate import Surprise


@click.command("calibrate", short_help="Find the prompt template that a checkpoint was taught.")
@click.argument("checkpoint", metavar="NAME|FOLDER")
@click.argument("data", metavar="DATA", type=click.Path(path_type=Path))
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    metavar="N",
    help="Read the first N answers of DATA.",
)
@device_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--write", is_flag=True, help="Write the best template into the checkpoint.")
@verbose_option
def command(
    checkpoint: str, data: Path, *, limit: int, device: str, as_json: bool, write: bool
) -> None:
    """Tell under which prompt template the answers in DATA surprise a checkpoint least.

    DATA is a JSON list in the format of LaSeRS, or the folder that holds one: objects with
    image_name, description (what is asked) and answer; pictures lie beside it or in images/. A
    few dozen answers are enough. The template with the lowest perplexity is the one to use.
    """
    if write:
        _require_ours(checkpoint)

    from geoseg.engines.devices import find_device, usual_dtype
    from geoseg.segearth.calibrate import calibrate, set_template
    from geoseg.segearth.labelled import read_labelled, read_picture
    from geoseg.segearth.sources import open_checkpoint

    labelled = read_labelled(data, limit=limit)
    place = find_device(device)
    opened = open_checkpoint(checkpoint, dtype=usual_dtype(place))
    opened.model.to(place)
    samples = ((read_picture(one.picture), one.question, one.answer) for one in labelled)
    found = calibrate(opened, samples)
    own, best = opened.codec.template, found[0].template
    written = write and best != own
    if written:
        set_template(Path(checkpoint), best)
    facts = {
        "checkpoint": checkpoint,
        "template": own.name,
        "best": best.name,
        "written": written,
        "templates": [_facts(surprise) for surprise in found],
    }
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else as_text(facts))


def _require_ours(checkpoint: str) -> None:
    """CheckpointError, before any work, if the template could not be written in the end."""
    from geoseg.segearth.checkpoint import peek

    folder = Path(checkpoint)
    if not folder.is_dir():
        raise CheckpointError(
            f"--write changes a checkpoint folder of yours, and {checkpoint!r} is none. Give the "
            "folder, or leave --write out."
        )
    try:
        peek(folder)
    except CheckpointError as error:
        raise CheckpointError(
            f"--write changes checkpoints in geoseg's own format: {error.message} Leave --write "
            "out, and convert a published one with `geoseg model convert --template`."
        ) from error


def as_text(facts: dict[str, Any]) -> str:
    """A table, the best first, and what to do about it."""
    rows = [
        f"  {row['name']:<8} {row['perplexity']:>12.4g}  ({row['tokens']} tokens of "
        f"{row['samples']} answers)"
        for row in facts["templates"]
    ]
    own, best = facts["template"], facts["best"]
    if facts["written"]:
        end = f"{facts['checkpoint']} asks with {best} from now on; it asked with {own}."
    elif own == best:
        end = f"The checkpoint asks with {own}: nothing to change."
    else:
        end = (
            f"The checkpoint asks with {own}; {best} suits it better. Add --write to change a "
            f"checkpoint of geoseg's, or convert a published one with --template {best}."
        )
    return "\n".join(["Perplexity of the answers by template:", *rows, end])


def _facts(surprise: Surprise) -> dict[str, Any]:
    return {
        "name": surprise.template.name,
        "perplexity": surprise.perplexity,
        "tokens": surprise.tokens,
        "samples": surprise.samples,
    }
