"""Draw the paper's figures: attention, candidates, panels, curves.

Each writes a PNG or SVG, the same bytes for the same numbers. A CHECKPOINT is a name or folder, or
the -o of `fit`, of which the newest state is drawn.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb: a figure each."""
    figures = parser.add_subparsers(required=True, metavar="FIGURE", dest="figure")
    _add_attention(figures.add_parser("attention", help="where each [SEG] looks"))


def _add_attention(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Where each [SEG] of an answer looks in the picture: its attention to the image tokens, "
        "of a layer and a head, or the mean over them, which is what the attention loss sees."
    )
    parser.add_argument("checkpoint", help="name, folder, or run")
    parser.add_argument("image", type=Path)
    parser.add_argument("instruction")
    parser.add_argument("--layer", default="mean", help="a number from 1, or mean [mean]")
    parser.add_argument("--head", default="mean", help="a number from 1, or mean [mean]")
    parser.add_argument("--beside", metavar="CHECKPOINT", action="append", default=[])
    parser.add_argument("--answer", default="", help="read this one instead of generating")
    parser.add_argument("--device", default="auto")
    _add_out(parser)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--out", type=Path, required=True, help="a .png or .svg to write")


def run(options: argparse.Namespace) -> int:
    """Draw one figure."""
    from training.viz.figures import checked_path

    checked_path(options.out)
    {"attention": _attention}[options.figure](options)
    return 0


def _attention(options: argparse.Namespace) -> None:
    from training.data.pictures import read_picture
    from training.viz.attention import attention_figure, look
    from training.viz.figures import save
    from training.viz.opening import open_any

    picture = read_picture(options.image, str(options.image))
    columns = []
    for name in (options.checkpoint, *options.beside):
        examinee = open_any(name, device=options.device)
        columns.append((_short(name), look(examinee, picture, options.instruction, options.answer)))
    title = f"{options.instruction} (layer {options.layer}, head {options.head})"
    figure = attention_figure(picture, columns, layer=options.layer, head=options.head, title=title)
    save(figure, options.out)


def _short(name: str) -> str:
    """A checkpoint's name, or the last part of its folder."""
    return Path(name).name or name
