"""An answer in the colours of its masks, in lines of a width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

_TARGET = re.compile(r"(?:<p>(?P<phrase>(?:(?!<p>|\[SEG\]).)*?)</p>\s*)?\[SEG\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one colour."""

    text: str
    target: int | None = None
    """Number of the target that it names, from 0; None: it names none."""

    column: int = 0
    """Characters in front of it in its line."""


def pieces_of(answer: str) -> list[Piece]:
    """An answer in pieces, ``<p>phrase</p>[SEG]`` as ``phrase [SEG]``; white space is one space."""
    found: list[Piece] = []
    end = 0
    for number, target in enumerate(_TARGET.finditer(answer)):
        found.append(Piece(_plain(answer[end : target.start()])))
        name = _plain(target["phrase"] or "").strip()
        found.append(Piece(f"{name} [SEG]" if name else "[SEG]", number))
        end = target.end()
    found.append(Piece(_plain(answer[end:])))
    return [piece for piece in found if piece.text]


def wrapped(pieces: Sequence[Piece], width: int) -> list[list[Piece]]:
    """Lines of at most `width` characters, broken at spaces where there are any."""
    text = "".join(piece.text for piece in pieces)
    targets = [piece.target for piece in pieces for _ in piece.text]
    lines: list[list[Piece]] = []
    start = 0
    while start < len(text):
        end = start + width
        if end < len(text):
            space = text.rfind(" ", start + 1, end + 1)
            end = space if space > start else end
        end = min(end, len(text))
        lines.append(_line(text, targets, start, end))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
    return lines


def _line(text: str, targets: Sequence[int | None], start: int, end: int) -> list[Piece]:
    line = []
    for target, places in groupby(range(start, end), key=lambda place: targets[place]):
        run = list(places)
        line.append(Piece(text[run[0] : run[-1] + 1], target, run[0] - start))
    return line


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
