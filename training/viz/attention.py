"""What the [SEG] tokens of an answer look at. Paper: section 4.1; Figures 4d and 12.

Letters: L layers, M heads, N [SEG] tokens, T image tokens, H and W of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoseg.errors import EngineError, InstructionError
from geoseg.segearth.generate import generate
from geoseg.segearth.preprocess import from_views, views
from geoseg.segearth.prompt import parse_reply
from training.data.records import SEG
from training.eval.asking import Examinee
from training.viz.figures import shrunk
from training.viz.heat import TokenSquare, over_picture, token_square

MEAN = "mean"
_LONGEST = 1024
"""Pixels of a picture's longer side in a figure."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """An answer, and where it looked for each of its targets."""

    answer: str
    rows: NDArray[np.float32]
    """(L, M, N, T): of all that a token attends to, the share of each image token."""

    square: TokenSquare


@torch.inference_mode()
def look(
    examinee: Examinee, picture: NDArray[np.uint8], instruction: str, answer: str = ""
) -> Looked:
    """Ask about an (H, W, 3) picture, or read an `answer` that is given, and keep the attention.

    EngineError if the answer has no [SEG]: there is nothing to look at then.
    """
    model, codec, device = examinee.model, examinee.codec, examinee.device
    tensor = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).to(device)
    seen, _ = views(tensor, model.config)
    tokens = model.encode(from_views(seen, model.config).to(examinee.dtype)).image_tokens
    prompt = codec.encode_prompt([instruction]).to(device)
    if answer:
        ids: Sequence[int] = codec.encode_answer(answer.replace(SEG, codec.template.seg))
    else:
        (said,) = generate(
            model,
            tokens,
            prompt,
            seg=codec.seg,
            end=codec.end,
            max_new_tokens=examinee.limit,
        )
        ids = (*said.ids, codec.end)
    spoken = torch.tensor([ids], device=device)
    at = spoken == codec.seg
    text = answer or codec.decode_answer(ids)
    if not bool(at.any()):
        raise EngineError(
            f"The answer {text!r} to {instruction!r} names no target, so there is no attention to "
            "draw.",
            hint='Give one that does, such as --answer "<p>building</p>[SEG]".',
        )
    rows = model.read(tokens, prompt, spoken, torch.ones_like(at), rows_at=at).rows
    assert rows is not None, "asked for"
    square = token_square(model, *picture.shape[:2])
    return Looked(text, rows.float().cpu().numpy(), square)


def chosen(rows: NDArray[np.float32], layer: str, head: str) -> NDArray[np.float32]:
    """(N, T) rows of a layer and a head, each a number from 1 or "mean", out of (L, M, N, T).

    InstructionError for a layer or head that there is none of.
    """
    for axis, (what, name) in enumerate((("layer", layer), ("head", head))):
        count = rows.shape[axis]
        if name == MEAN:
            rows = rows.mean(axis, keepdims=True)
            continue
        if not name.isdecimal() or not 1 <= int(name) <= count:
            raise InstructionError(
                f"The {what} {name!r} is none of this model's: give a number from 1 to {count}, "
                f"or {MEAN!r}."
            )
        rows = rows.take([int(name) - 1], axis)
    row: NDArray[np.float32] = rows[0, 0]
    return row


def attention_figure(
    picture: NDArray[np.uint8],
    columns: Sequence[tuple[str, Looked]],
    *,
    layer: str,
    head: str,
    title: str,
    shared: bool = True,
) -> Figure:
    """A row per target, a column per named model, beside the (H, W, 3) picture.

    In a row colours mean the same shares of attention, so that models can be compared; unless they
    are not `shared`: then each map has its own range, and the patterns of weak ones are seen too.
    """
    step = shrunk(picture.shape[:2], _LONGEST)
    shown = picture[::step, ::step]
    height, width = shown.shape[:2]
    heats = [
        [over_picture(row, one.square, height, width) for row in chosen(one.rows, layer, head)]
        for _, one in columns
    ]
    targets = max(len(column) for column in heats)
    size = (3.4 * (1 + len(columns)) + 0.8, 3.4 * targets * height / width + 1.0)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, wrap=True, parse_math=False)
    grid = figure.subplots(targets, 1 + len(columns), squeeze=False)
    for target, axes in enumerate(grid):
        axes[0].imshow(shown)
        top = max(float(column[target].max()) for column in heats if target < len(column))
        for place, (name, one), column in zip(axes[1:], columns, heats, strict=True):
            if target < len(column):
                own = float(column[target].max())
                _heat(place, shown, column[target], top if shared else own)
                place.set_title(
                    f"{name}: {_called(one.answer, target)}", fontsize=9, parse_math=False
                )
        for place in axes:
            place.set_axis_off()
    return figure


def _heat(axes: Axes, picture: NDArray[np.uint8], heat: NDArray[np.float32], top: float) -> None:
    grey = picture.mean(2)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255)
    drawn = axes.imshow(heat, cmap="inferno", alpha=0.65, vmin=0.0, vmax=top or 1.0)
    axes.figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.02, format="%.1e")


def _called(answer: str, target: int) -> str:
    """What a target of an answer is called, with its number."""
    phrase = parse_reply(answer)[target]
    return f"[SEG] {target + 1}, {phrase}" if phrase else f"[SEG] {target + 1}"
