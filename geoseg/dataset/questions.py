"""Questions about one picture: what is asked, answered and marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoseg.dataset.subjects import Subject
from geoseg.dataset.wording import answered, asked, clean, denied, length_tag

_MOST = 4
"""Things asked for at once."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How things are asked for."""

    sentences: tuple[str, ...]
    """With {phrase} in them, taken in turn."""

    min_pixels: int
    negatives: float
    together: bool
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A sentence, its answer, and a mask for each [SEG] of the answer."""

    sentence: str
    answer: str
    phrases: tuple[str, ...]
    masks: tuple[NDArray[np.bool_], ...]
    """(H, W) of the picture."""

    tags: tuple[str, ...]
    """Dimensions of LaSeRS, as far as they are known."""


Shown = tuple[Subject, int, NDArray[np.bool_]]
"""A subject, how many of its polygons reach into the picture, and the pixels they cover."""


def questions(shown: Sequence[Shown], picture: int, asking: Asking) -> Iterator[Question]:
    """All questions about one picture, the same for the same seed."""
    rng = np.random.default_rng([asking.seed, picture])
    turn = int(rng.integers(len(asking.sentences)))
    seen: list[tuple[str, NDArray[np.bool_]]] = []
    for number, (subject, count, mask) in enumerate(shown):
        draw = rng.random()
        sentence = asking.sentences[(turn + number) % len(asking.sentences)]
        phrase = clean(subject.phrase)
        if np.count_nonzero(mask) >= asking.min_pixels:
            if subject.sentence is None:
                seen.append((phrase, mask))
                tags = ("explicit", "semantic")
                yield _question(asked(sentence, [phrase]), [(phrase, mask)], tags)
            else:
                kind = ("instance",) if count == 1 else ("semantic",)
                yield _question(subject.sentence, [(phrase, mask)], kind)
        elif count == 0 and subject.sentence is None and draw < asking.negatives:
            text = asked(sentence, [phrase])
            yield Question(text, denied(phrase), (), (), ("explicit", length_tag(text)))
    if asking.together and len(seen) > 1:
        chosen = [seen[i] for i in sorted(rng.permutation(len(seen))[:_MOST])]
        text = asked(asking.sentences[turn], [phrase for phrase, _ in chosen])
        yield _question(text, chosen, ("explicit", "semantic"))


def _question(
    text: str, targets: Sequence[tuple[str, NDArray[np.bool_]]], tags: tuple[str, ...]
) -> Question:
    phrases = tuple(phrase for phrase, _ in targets)
    many = "single" if len(targets) == 1 else "multiple"
    masks = tuple(mask for _, mask in targets)
    return Question(text, answered(phrases), phrases, masks, (*tags, many, length_tag(text)))
