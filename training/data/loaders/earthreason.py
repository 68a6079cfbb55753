"""EarthReason: six questions and three explanations about a picture, or no target in it.

::

    {train,val,test}/images/{stem}.jpg|png   labels/{stem}.png   QAs/{stem}.json|txt

Files belong together by their stem.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.data.loaders.reading import field_of, read_json, refuse_split
from training.data.pictures import picture_size, read_mask
from training.data.records import SEG, Entry, Sample, Samples

KIND = "earthreason"

NO_TARGET = "There is no target object in the image."

Questions = Literal["first", "all", "random"]

_ENDINGS = {"images": (".jpg", ".png"), "labels": (".png",), "QAs": (".json", ".txt")}


def splits(root: Path) -> tuple[str, ...]:
    """Those of train, val and test that are there."""
    return tuple(s for s in ("train", "val", "test") if (root / s / "QAs").is_dir())


def load(root: Path, split: str, *, questions: Questions = "first", seed: int = 0) -> Samples:
    """Samples of a split.

    Of each picture the first question with the first explanation, as published results use them;
    all questions, explanations going round; or one of each drawn by `seed`.
    """
    refuse_split(root, split, splits(root))
    folder = root / split
    files = {part: _by_stem(folder / part, endings) for part, endings in _ENDINGS.items()}
    entries = []
    for place, stem in enumerate(sorted(set().union(*files.values()))):
        found = tuple(files[part].get(stem) for part in _ENDINGS)
        where = f"{folder}, {stem}"
        for question, answer in _chosen(found[2], questions, [seed, place]):
            make = partial(_sample, folder, stem, found, question, answer, where)
            entries.append(Entry(f"{where}, question {question}", stem, make))
    return Samples(entries)


def _by_stem(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in folder.iterdir() if path.suffix.lower() in endings}


def _chosen(path: Path | None, questions: Questions, seed: list[int]) -> list[tuple[int, int]]:
    """Numbers of questions and of the explanations to go with them."""
    try:
        talk = read_json(path) if path else {}
        asked, told = len(talk["questions"]), len(talk["answer"])
    except (DataError, KeyError, TypeError):
        return [(0, 0)]  # making that sample says what is wrong
    if questions == "random" and asked:
        random = np.random.default_rng(seed)
        return [(int(random.integers(asked)), int(random.integers(max(1, told))))]
    return [(q, q % max(1, told)) for q in range(asked if questions == "all" else 1)] or [(0, 0)]


def _sample(
    folder: Path,
    stem: str,
    files: tuple[Path | None, ...],
    question: int,
    answer: int,
    where: str,
) -> Sample:
    missing = [part for part, path in zip(_ENDINGS, files, strict=True) if path is None]
    image_path, label_path, talk_path = files
    if image_path is None or label_path is None or talk_path is None:
        raise DataError(where, f"its file in {' and in '.join(missing)} is missing.")
    where = f"{talk_path}, question {question}"
    talk = read_json(talk_path)
    asked = field_of(talk, "questions", list, where)
    told = field_of(talk, "answer", list, where)
    height, width = picture_size(image_path, where)
    masks = (encode_rle(read_mask(label_path, where)),) if told else ()
    why = _text(told, answer, "answer", where) if told else ""
    return Sample(
        id=f"{stem}/{question}",
        source=KIND,
        split=folder.name,
        group=stem,
        image_path=image_path,
        height=height,
        width=width,
        instruction=_text(asked, question, "questions", where),
        answer=f"Sure, it is {SEG}. \n{why}" if told else NO_TARGET,
        masks=masks,
        phrases=("",) * len(masks),
        where=where,
    )


def _text(texts: list[Any], number: int, name: str, where: str) -> str:
    if number >= len(texts) or not isinstance(texts[number], str) or not texts[number].strip():
        raise DataError(where, f"{name} has no text number {number}.")
    return str(texts[number])
