"""Asks a model for categories and questions, again where it has to, and keeps what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

import numpy as np

from training.data.pictures import read_picture
from training.lasers.drawing import outlined
from training.lasers.llm import LanguageModel, Request
from training.lasers.planning import Ask
from training.lasers.prompts import VERSION, category_prompt, question_prompt
from training.lasers.proposing import Rgb
from training.lasers.replies import ReplyError, parse_category, parse_question
from training.lasers.rows import MaskRow, QuestionRow, digest
from training.lasers.shapes import shape_of

ATTEMPTS: Final = 3

Parsed = TypeVar("Parsed")
Row = TypeVar("Row", MaskRow, QuestionRow)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What nobody gave a usable reply to."""

    kind: str
    picture: str
    masks: tuple[str, ...]
    reasons: tuple[str, ...]
    """One for each attempt."""

    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    kind: Literal["category", "question"]
    picture: str
    targets: Sequence[Sequence[MaskRow]]
    """Masks that each target unites."""

    prompt: str
    facts: Mapping[str, Any]

    @property
    def masks(self) -> tuple[str, ...]:
        """Ids of all of them."""
        return tuple(row.id for rows in self.targets for row in rows)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Generic[Row]):
    """What came of asking for something."""

    row: Row | None
    lost: Quarantined | None = None
    again: int = 0
    """Replies that could not be used."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A model and the pictures that it is shown. Can be used by several threads at once."""

    model: LanguageModel
    pictures: Path
    """Folder of the set's pictures."""

    seed: int

    def name(self, row: MaskRow) -> Outcome[MaskRow]:
        """A mask with its category; without a row where it is none, or nobody said."""
        if row.category is not None:
            return Outcome(row)
        facts = _looks(row, self._read(row.picture))
        wanted = _Wanted("category", row.picture, [[row]], category_prompt(), facts)
        found, lost, again = self._reply(wanted, lambda text: (parse_category(text),))
        named = replace(row, category=found[0]) if found and found[0] else None
        return Outcome(named, lost, again)

    def question(self, one: Ask, masks: Mapping[str, MaskRow]) -> Outcome[QuestionRow]:
        """A question with its answer; without a row where no reply could be used."""
        targets = [[masks[name] for name in subject.masks] for subject in one.subjects]
        prompt = question_prompt(one.subjects, one.knobs)
        wanted = _Wanted("question", one.picture, targets, prompt, one.facts())
        found, lost, again = self._reply(wanted, lambda text: parse_question(text, len(targets)))
        if found is None:
            return Outcome(None, lost, again)
        question, answer = found
        ids = tuple(subject.masks for subject in one.subjects)
        row = QuestionRow(
            id=digest([one.picture, ids, question, answer]),
            picture=one.picture,
            question=question,
            answer=answer,
            targets=ids,
            categories=tuple(subject.category for subject in one.subjects),
            tags=one.tags,
            prompt=f"{'multi' if len(ids) > 1 else 'single'}/{VERSION}",
            model=self.model.name,
        )
        return Outcome(row, None, again)

    def _reply(
        self, wanted: _Wanted, parse: Callable[[str], Parsed]
    ) -> tuple[Parsed | None, Quarantined | None, int]:
        """What was said, or what was said in vain; and how often that was."""
        reasons, replies = [], []
        for attempt in range(ATTEMPTS):
            text = self.model.reply(self._request(wanted, attempt))
            try:
                return parse(text), None, attempt
            except ReplyError as error:
                reasons.append(str(error))
                replies.append(text)
        said = tuple(reasons), tuple(replies)
        return None, Quarantined(wanted.kind, wanted.picture, wanted.masks, *said), ATTEMPTS

    def _request(self, wanted: _Wanted, attempt: int) -> Request:
        name = digest([wanted.picture, wanted.masks, wanted.prompt, self.seed, attempt])
        return Request(
            id=name,
            kind=wanted.kind,
            prompt=wanted.prompt,
            facts=wanted.facts,
            seed=int(name, 16) % 2**31,
            picture=lambda: self._shown(wanted),
        )

    def _shown(self, wanted: _Wanted) -> Rgb:
        unions = [np.logical_or.reduce([row.decode() for row in rows]) for rows in wanted.targets]
        return outlined(self._read(wanted.picture), unions)

    def _read(self, picture: str) -> Rgb:
        return read_picture(self.pictures / picture, picture)


def _looks(row: MaskRow, picture: Rgb) -> dict[str, Any]:
    """Colour, texture and shape of a mask without a category."""
    mask = row.decode()
    pixels = picture[mask].astype(np.float64)
    shape = shape_of(mask)
    x0, y0, x1, y1 = row.given or row.box
    return {
        "mean_rgb": [round(float(value), 1) for value in pixels.mean(axis=0)],
        "texture": round(float(pixels.mean(axis=1).std()), 1),
        "share": round(float(mask.mean()), 4),
        "eccentricity": round(shape.eccentricity, 3),
        "extent": round(shape.extent, 3),
        "within": row.within,
        "share_of_box": round(float(mask.sum()) / max(1.0, (x1 - x0) * (y1 - y0)), 3),
    }
