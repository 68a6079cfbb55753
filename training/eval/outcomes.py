"""What came of each sample, kept as whole numbers: every metric can be made of them later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from training.data.errors import DataError
from training.eval.pairing import Pair


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sample: its masks held against what was found."""

    id: str
    """Unique in its split of its source: a question that stands in two subset files has one."""

    image: str
    """Picture that it shares with other samples."""

    pairs: tuple[Pair, ...]
    pixels: int
    """Of the picture, in the frame in which masks were compared."""

    source: str = ""
    split: str = ""
    tags: frozenset[str] = frozenset()
    """Dimensions and subsets that it belongs to."""

    targets: int = 1
    """True masks."""

    found: int = 1
    """Found masks."""

    answer: str = ""
    """What was said."""

    cut: bool = False
    """The answer ended at the token limit: masks that it had yet to name are missing."""

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(
            {
                "id": self.id,
                "image": self.image,
                "pairs": [[p.shared, p.found, p.true, p.phrase, p.surplus] for p in self.pairs],
                "pixels": self.pixels,
                "source": self.source,
                "split": self.split,
                "tags": sorted(self.tags),
                "targets": self.targets,
                "found": self.found,
                "answer": self.answer,
                "cut": self.cut,
            },
            ensure_ascii=False,
        )


def merged(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Outcomes of several processes or subset files, each sample once, in the order of their ids.

    Samplers hand the last samples out twice so that processes do equal work; a question stands in
    a file of each dimension. Tags of one sample are united.

    Raises DataError when one sample has two different outcomes.
    """
    known: dict[tuple[str, str, str], Outcome] = {}
    for one in outcomes:
        key = (one.source, one.split, one.id)
        before = known.setdefault(key, one)
        if before.pairs != one.pairs:
            raise DataError(
                f"{one.source} {one.split} {one.id}".strip(),
                "this sample has two different outcomes.",
                hint="Evaluate all its parts with one checkpoint and one set of options.",
            )
        if before.tags != one.tags:
            known[key] = replace(before, tags=before.tags | one.tags)
    return tuple(known[key] for key in sorted(known))


def read_outcomes(path: Path) -> Iterator[Outcome]:
    """Outcomes that were written as lines. Raises DataError for a line that is none."""
    if not path.is_file():
        raise DataError(str(path), "there is no such file.", hint=f"Looked in {Path.cwd()}.")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            yield _outcome(line, f"{path}, line {number}")


def _outcome(line: str, where: str) -> Outcome:
    try:
        values = json.loads(line)
        pairs = tuple(Pair(*pair) for pair in values.pop("pairs"))
        tags = frozenset(values.pop("tags"))
        return Outcome(pairs=pairs, tags=tags, **values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            where,
            f"it is no outcome of an evaluation ({error}).",
            hint="Delete the line, or evaluate again.",
        ) from error
