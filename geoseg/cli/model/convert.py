"""`geoseg model convert`: published weights → a checkpoint folder."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geoseg.cli.console import Console
from geoseg.cli.options import verbose_option
from geoseg.errors import OutputError


def _prefixes(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Every name begins with nothing at all: that would let any file pass."""
    if not all(value.strip() for value in values):
        raise click.BadParameter("an empty prefix fits every tensor; name the ones that may lack.")
    return values


@click.command("convert", short_help="Published weights → a checkpoint folder.")
@click.argument("source", metavar="SRC")
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--mask2former",
    metavar="FILE.pkl",
    type=click.Path(path_type=Path),
    help="SRC is a Mipha-3B folder: take the mask side from this COCO Mask2Former (Swin-B), as a "
    "place to start training from.",
)
@click.option(
    "--template",
    default="w1-hb",
    show_default=True,
    metavar="NAME",
    help="How to ask: w1 or w2, then ha, hb or hc. `geoseg model calibrate` finds the one that the "
    "weights were taught.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Draws the tensors that no published file has.",
)
@click.option(
    "--allow-missing",
    multiple=True,
    callback=_prefixes,
    metavar="PREFIX",
    help="Draw tensors whose names begin like this, too, if SRC lacks them; may be given again.",
)
@click.option(
    "--base",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="SRC is an adapter (LoRA): the model it changes. [default: beside it, or where its "
    "config says]",
)
@click.option(
    "--lora-alpha",
    type=float,
    metavar="A",
    help="Weight of the adapter, over its rank. [default: as its config says]",
)
@click.option(
    "--report",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Write what became of every tensor.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT and FILE.json if they exist.")
@verbose_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: str,
    output: Path,
    *,
    mask2former: Path | None,
    template: str,
    seed: int,
    allow_missing: tuple[str, ...],
    base: Path | None,
    lora_alpha: float | None,
    report: Path | None,
    overwrite: bool,
) -> None:
    """Read published weights in SRC and write them as a checkpoint folder OUT.

    SRC is a folder as SegEarth-R2, InstructSeg or Mipha-3B are published, with safetensors or .bin
    files, LoRA merged or not, or hf:OWNER/NAME[@REVISION]. Sizes are those of the tensors. Nothing
    in a file is ever executed, and nothing is written unless every tensor of the model is accounted
    for.

    \b
    geoseg model convert SegEarthR2/hfweights-50000 checkpoints/r2
    geoseg model convert Mipha-3B checkpoints/start --mask2former model_final_54b88a.pkl
    """
    if report is not None and report.exists() and not overwrite:
        raise OutputError(f"{report} exists already. Choose another name or add --overwrite.")

    from geoseg.segearth.convert import convert
    from geoseg.segearth.sources import locate

    told = convert(
        locate(source),
        output,
        mask2former=mask2former,
        template=template,
        seed=seed,
        allow_missing=allow_missing,
        overwrite=overwrite,
        base=base,
        lora_alpha=lora_alpha,
    )
    click.echo(told.as_text())
    if report is not None:
        _write(report, json.dumps(told.to_json(), indent=1, ensure_ascii=False) + "\n")
    ctx.ensure_object(Console).say(f"{output} is a checkpoint now.")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"The report {path} cannot be written: {error}.") from error
