"""Draw the paper's figures: attention, candidates, panels, curves.

Each writes a PNG or SVG, the same bytes for the same numbers. A CHECKPOINT is a name or folder, or
the -o of `fit`, of which the newest state is drawn.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.data.records import Samples


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb: a figure each."""
    figures = parser.add_subparsers(required=True, metavar="FIGURE")
    for name, add_options, draw, about in (
        ("attention", _add_attention, _attention, "where each [SEG] of an answer looks"),
        ("candidates", _add_candidates, _candidates, "the masks of several queries, two framed"),
        ("panel", _add_panel, _panel, "pictures, truth and what was found, side by side"),
        ("curves", _add_curves, _curves, "losses and scores of runs over their steps"),
    ):
        figure = figures.add_parser(name, help=about, description=f"Draw {about}.")
        add_options(figure)
        figure.add_argument("-o", "--out", type=Path, required=True, help="a .png or .svg")
        figure.set_defaults(draw=draw)


def run(options: argparse.Namespace) -> int:
    """Draw one figure."""
    from training.viz.figures import checked_path

    checked_path(options.out)
    options.draw(options)
    return 0


def _add_attention(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="name, folder, or run")
    parser.add_argument("image", type=Path)
    parser.add_argument("instruction")
    parser.add_argument("--layer", default="mean", help="a number from 1, or mean [mean]")
    parser.add_argument("--head", default="mean", help="a number from 1, or mean [mean]")
    parser.add_argument("--beside", metavar="CHECKPOINT", action="append", default=[])
    parser.add_argument("--own-scale", action="store_true", help="colours of each map for itself")
    parser.add_argument("--answer", default="", help="read this one instead of generating")
    parser.add_argument("--device", default="auto")


def _attention(options: argparse.Namespace) -> None:
    from training.data.pictures import read_picture
    from training.viz.attention import attention_figure, look
    from training.viz.figures import save
    from training.viz.opening import open_any

    picture = read_picture(options.image, str(options.image))
    columns = []
    for name in (options.checkpoint, *options.beside):
        examinee = open_any(name, device=options.device)
        looked = look(examinee, picture, options.instruction, options.answer)
        columns.append((Path(name).name or name, looked))
    title = f"{options.instruction} (layer {options.layer}, head {options.head})"
    figure = attention_figure(picture, columns, layer=options.layer, head=options.head, title=title)
    save(figure, options.out)


def _add_candidates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the -o of a fit with shape.queries above 1")
    _add_samples(parser)
    parser.add_argument("--target", type=int, default=1, help="of the sample, from 1 [1]")
    parser.add_argument("--base", default="", help="where the run's base is, if it has moved")


def _candidates(options: argparse.Namespace) -> None:
    from geoseg.engines.devices import find_device
    from training.fit.records import Recorded
    from training.fit.runs import open_lesson
    from training.viz.candidates import candidates
    from training.viz.figures import save
    from training.viz.mosaic import mosaic_figure
    from training.viz.panel import places_of

    samples = _samples(options)
    example = Recorded(samples)[places_of(samples, options.sample, 1)[0]]
    lesson, collation = open_lesson(options.run, options.base)
    found = candidates(
        lesson.to(find_device(options.device)),
        collation,
        example,
        target=options.target - 1,
        forced=options.teacher_forced,
    )
    title = f"{example.instruction}\nred: picked by its score; green: best IoU"
    save(mosaic_figure(found, title), options.out, dpi=150)


def _add_panel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="name, folder, or run")
    _add_samples(parser)
    parser.add_argument("-n", type=int, default=4, help="samples, unless --sample says which [4]")
    parser.add_argument("--instruction", default="", help="about a picture; DATA is its file then")
    parser.add_argument("--max-new-tokens", type=int, help="of an answer [as the checkpoint says]")


def _panel(options: argparse.Namespace) -> None:
    from training.viz.figures import save
    from training.viz.opening import open_any
    from training.viz.panel import panel_figure, panel_of, places_of, question

    if options.instruction:
        asked = [question(options.data, options.instruction)]
    else:
        samples = _samples(options)
        asked = [samples[place] for place in places_of(samples, options.sample, options.n)]
    examinee = open_any(
        options.checkpoint,
        device=options.device,
        forced=options.teacher_forced,
        max_new_tokens=options.max_new_tokens,
    )
    save(panel_figure([panel_of(examinee, sample) for sample in asked]), options.out)


def _add_samples(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="folder of a data set")
    parser.add_argument("--kind", help="of the data; as a rule it is recognised")
    parser.add_argument("--split", default="test", help="[test]")
    parser.add_argument("--sample", metavar="ID", nargs="+", default=[], help="[the first]")
    parser.add_argument("--teacher-forced", action="store_true", help="read the true answers")
    parser.add_argument("--device", default="auto")


def _samples(options: argparse.Namespace) -> Samples:
    from geoseg.errors import InstructionError
    from training.data.loaders import LOADERS, kind_named, splits_of

    kind = kind_named(options.data, options.kind)
    there = splits_of(kind, options.data)
    if options.split not in there:
        raise InstructionError(
            f"The folder {options.data}, read as {kind}, has no split {options.split!r}; it has "
            f"{', '.join(there)}."
        )
    return LOADERS[kind](options.data, options.split)


def _add_curves(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+", help="the -o of fits, or metrics.jsonl")
    parser.add_argument("--show", nargs="+", default=[], metavar="KEY", help="such as loss lr")
    parser.add_argument("--smooth", type=int, default=1, help="mean over so many values [1]")


def _curves(options: argparse.Namespace) -> None:
    from training.viz.curves import curves_figure, keys_to_draw, read_run
    from training.viz.figures import save

    runs = [read_run(path) for path in options.runs]
    keys = keys_to_draw(runs, options.show)
    save(curves_figure(runs, keys, smooth=max(1, options.smooth)), options.out)
