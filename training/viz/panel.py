"""What a model found beside what is there. Paper: Figures 9 to 11 and 17 to 22.

Letters: H and W of a picture, N true masks, K found ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.data.pictures import picture_size, read_picture
from training.data.records import Sample, Samples
from training.eval.asking import Examinee, ask_all
from training.eval.frames import found_in
from training.viz.figures import color_of, overlay, shrunk
from training.viz.words import Piece, pieces_of, wrapped

_LONGEST = 1024
"""Pixels of a picture's longer side in a figure."""

_SIDE, _GAP = 4.0, 0.12
"""Width of a picture, and what lies around it, in inches."""

_POINTS = 9.0
_WIDE, _HIGH = 0.602 * _POINTS / 72, 1.4 * _POINTS / 72
"""Of a letter of the monospaced font and of a line, in inches."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A question, and both answers."""

    picture: NDArray[np.uint8]
    """(H, W, 3)."""

    instruction: str
    answer: str
    """Of the model."""

    found: NDArray[np.bool_]
    """(K, H, W)."""

    true_answer: str = ""
    truth: NDArray[np.bool_] | None = None
    """(N, H, W); None where nobody knows."""


def panel_of(examinee: Examinee, sample: Sample) -> Panel:
    """Ask about one sample; InstructionError where an answer is to be given and there is none."""
    if examinee.forced and not sample.answer:
        raise InstructionError(
            f"The sample {sample.id} has no answer to give; leave --teacher-forced out."
        )
    ((_, reply, box),) = ask_all(examinee, [sample])
    return Panel(
        picture=read_picture(sample.image_path, sample.where or sample.id),
        instruction=sample.instruction,
        answer=reply.text,
        found=found_in(reply.logits, box, "native").numpy(),
        true_answer=sample.answer,
        truth=None if sample.hidden else sample.decode(),
    )


def question(image: Path, instruction: str) -> Sample:
    """A sample of which nobody knows the answer; DataError if there is no such picture."""
    height, width = picture_size(image, str(image))
    return Sample(
        id=image.stem,
        source="",
        split="",
        group=image.stem,
        image_path=image,
        height=height,
        width=width,
        instruction=instruction,
        answer="",
        masks=(),
        hidden=True,
    )


def places_of(samples: Samples, ids: Sequence[str], count: int) -> list[int]:
    """Numbers of the samples with these ids, in their order, or of the first `count`.

    InstructionError for an id that none has; DataError where there are no samples.
    """
    if not len(samples):
        raise DataError("The split", "has no samples.", hint="Choose another with --split.")
    if not ids:
        return list(range(min(max(count, 1), len(samples))))
    wanted, known = set(ids), dict[str, int]()
    for number, sample in enumerate(samples):
        if sample.id in wanted:
            known.setdefault(sample.id, number)
        if len(known) == len(wanted):
            break
    for name in ids:
        if name not in known:
            first = ", ".join(sample.id for sample in samples[:5])
            raise InstructionError(f"No sample has the id {name!r}; the first ones are {first}.")
    return [known[name] for name in ids]


def panel_figure(panels: Sequence[Panel]) -> Figure:
    """A row per question: its words, the picture, the truth if it is known, what was found."""
    columns = 3 if any(panel.truth is not None for panel in panels) else 2
    width = columns * (_SIDE + _GAP) + _GAP
    texts = [_lines(panel, int((width - 2 * _GAP) / _WIDE)) for panel in panels]
    heights = [
        len(text) * _HIGH + _SIDE * panel.picture.shape[0] / panel.picture.shape[1] + 3 * _GAP
        for text, panel in zip(texts, panels, strict=True)
    ]
    figure = Figure(figsize=(width, sum(heights) + _HIGH))
    top = sum(heights)
    for column, name in enumerate(
        ("picture", "truth", "found") if columns == 3 else ("picture", "found")
    ):
        left = _GAP + column * (_SIDE + _GAP)
        figure.text(left / width, top / (top + _HIGH), name, fontsize=_POINTS, va="bottom")
    for panel, text, height in zip(panels, texts, heights, strict=True):
        _draw(figure, panel, text, columns, top)
        top -= height
    return figure


def _lines(panel: Panel, width: int) -> list[list[Piece]]:
    said = [Piece("asked: "), *pieces_of(panel.instruction)]
    # An instruction has no targets of its own, whatever is written in it.
    lines = wrapped([Piece(piece.text) for piece in said], width)
    if panel.true_answer:
        lines += wrapped([Piece("truth: "), *pieces_of(panel.true_answer)], width)
    return lines + wrapped([Piece("found: "), *pieces_of(panel.answer)], width)


def _draw(
    figure: Figure, panel: Panel, text: Sequence[Sequence[Piece]], columns: int, top: float
) -> None:
    """One question, below a height of `top` inches."""
    width, height = figure.get_size_inches()
    written = len(text) * _HIGH
    inner = width - 2 * _GAP
    words = figure.add_axes(
        (_GAP / width, (top - _GAP - written) / height, inner / width, written / height)
    )
    _write(words, text, inner / _WIDE)
    tall = _SIDE * panel.picture.shape[0] / panel.picture.shape[1]
    bottom = top - 2 * _GAP - written - tall
    step = shrunk(panel.picture.shape[:2], _LONGEST)
    picture = panel.picture[::step, ::step]
    shown: list[NDArray[np.uint8] | None] = [picture]
    if columns == 3:
        truth = panel.truth
        shown.append(None if truth is None else overlay(picture, truth[:, ::step, ::step]))
    shown.append(overlay(picture, panel.found[:, ::step, ::step]))
    for column, image in enumerate(shown):
        if image is None:
            continue
        left = _GAP + column * (_SIDE + _GAP)
        place = (left / width, bottom / height, _SIDE / width, tall / height)
        axes = figure.add_axes(place)
        axes.imshow(image, aspect="auto")
        axes.set_axis_off()


def _write(axes: Axes, lines: Sequence[Sequence[Piece]], width: float) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(len(lines), 0)
    for number, line in enumerate(lines):
        for piece in line:
            named = piece.target is not None
            axes.text(
                piece.column,
                number,
                piece.text,
                family="monospace",
                fontsize=_POINTS,
                weight="bold" if named else "normal",
                color="black" if piece.target is None else color_of(piece.target),
                va="top",
                parse_math=False,
            )
