"""Asks a model for categories and questions, again where it has to, and keeps what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

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


@dataclass(slots=True)
class Asker:
    """A model, the pictures that it is shown, and what came of it."""

    model: LanguageModel
    pictures: Path
    """Folder of the set's pictures."""

    seed: int
    quarantine: list[Quarantined] = field(default_factory=list)
    given: int = 0
    """Masks that had a category."""

    others: int = 0
    """Masks of which the model said that they are none of the categories."""

    again: int = 0
    """Replies that could not be used."""

    def name(self, row: MaskRow) -> MaskRow | None:
        """A mask with its category; None where it is none, or nobody said."""
        if row.category is not None:
            self.given += 1
            return row
        facts = _looks(row, self._read(row.picture))
        wanted = _Wanted("category", row.picture, [[row]], category_prompt(), facts)
        found = self._reply(wanted, lambda text: (parse_category(text),))
        if found is None:
            return None
        self.others += found[0] is None
        return replace(row, category=found[0]) if found[0] else None

    def question(self, one: Ask, masks: Mapping[str, MaskRow]) -> QuestionRow | None:
        """A question with its answer; None where no reply could be used."""
        targets = [[masks[name] for name in subject.masks] for subject in one.subjects]
        prompt = question_prompt(one.subjects, one.knobs)
        wanted = _Wanted("question", one.picture, targets, prompt, one.facts())
        found = self._reply(wanted, lambda text: parse_question(text, len(targets)))
        if found is None:
            return None
        question, answer = found
        ids = tuple(subject.masks for subject in one.subjects)
        return QuestionRow(
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

    def _reply(self, wanted: _Wanted, parse: Callable[[str], Parsed]) -> Parsed | None:
        reasons, replies = [], []
        for attempt in range(ATTEMPTS):
            name = digest([wanted.picture, wanted.masks, wanted.prompt, self.seed, attempt])
            request = Request(
                id=name,
                kind=wanted.kind,
                prompt=wanted.prompt,
                facts=wanted.facts,
                seed=int(name, 16) % 2**31,
                picture=lambda: self._shown(wanted),
            )
            text = self.model.reply(request)
            try:
                return parse(text)
            except ReplyError as error:
                reasons.append(str(error))
                replies.append(text)
                self.again += 1
        self.quarantine.append(
            Quarantined(wanted.kind, wanted.picture, wanted.masks, tuple(reasons), tuple(replies))
        )
        return None

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
