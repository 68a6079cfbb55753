"""`geoseg model trace`: every stage of a forced answer, for comparison with other code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from geoseg.cli.console import Console
from geoseg.cli.options import verbose_option
from geoseg.errors import InstructionError

_FILE = click.Path(path_type=Path)


@click.command("trace", short_help="Every stage of a forced answer, for comparison.")
@click.argument("checkpoint", metavar="NAME|FOLDER")
@click.argument("image", metavar="IMAGE", type=_FILE)
@click.option(
    "--prompt-ids",
    required=True,
    type=_FILE,
    metavar="A.json",
    help='The prompt: a list of the tokenizer\'s ids, with the string "<image>" in the place of '
    "the image.",
)
@click.option(
    "--answer-ids",
    required=True,
    type=_FILE,
    metavar="B.json",
    help="The answer: a list of ids that holds [SEG] at least once.",
)
@click.option(
    "--compat",
    is_flag=True,
    help="Keep the masks of the whole padded input, as the released evaluation does, and not "
    "those of the picture.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=_FILE,
    metavar="TRACE.npz",
    help="File to write, with one array for each stage.",
)
@click.option("--overwrite", is_flag=True, help="Replace TRACE.npz if it exists.")
@verbose_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    checkpoint: str,
    image: Path,
    *,
    prompt_ids: Path,
    answer_ids: Path,
    compat: bool,
    output: Path,
    overwrite: bool,
) -> None:
    """Force an answer about IMAGE and write every stage of the model, by name, as float32.

    image_tokens (T, D) after the projector; res2 to res5 (C, h, w); mask_features (C, h, w);
    seg_hidden (N, D), the states at the answer's [SEG] after the final norm; queries (N, C);
    aux_logits (10, N, h, w), one before the first layer of the mask decoder and one after each;
    mask_logits (N, h, w), the last of them; masks (N, H, W), true on the picture. Runs in float32
    on the CPU.

    \b
    geoseg model trace checkpoints/r2 port.png --prompt-ids a.json --answer-ids b.json -o trace.npz
    """
    prompt, answer = _ids(prompt_ids), _ids(answer_ids)

    from geoseg.segearth.labelled import read_picture
    from geoseg.segearth.sources import open_checkpoint
    from geoseg.segearth.trace import refuse_existing, save_trace, trace

    refuse_existing(output, overwrite=overwrite)
    picture = read_picture(image)
    stages = trace(open_checkpoint(checkpoint), picture, prompt, answer, compat=compat)
    save_trace(stages, output, overwrite=overwrite)
    console = ctx.ensure_object(Console)
    for name, stage in stages.items():
        console.say(f"{name}: {' × '.join(map(str, stage.shape))}")


def _ids(path: Path) -> list[Any]:
    """The list in a file; InstructionError if there is none."""
    try:
        ids = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstructionError(
            f"The ids in {path} cannot be read ({error}). Give a JSON list of token ids."
        ) from error
    if not isinstance(ids, list):
        raise InstructionError(f"{path} holds no list. Give a JSON list of token ids.")
    return ids
