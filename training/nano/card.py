"""The report card: what nano reaches on held-out real imagery, through geoseg's own door.

Every held-out image becomes a scene on disk, `geoseg.segment` answers sentences about it, and its
polygons, drawn on the grid, are compared with the labels where these are known. Nothing here looks
inside the model.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import torch
from numpy.typing import NDArray
from rasterio.features import rasterize

import geoseg
from training.data.georeference import HeldOutScene, write_held_out
from training.data.labelled import LabelledImage
from training.nano.language import CATEGORIES, HELD_OUT
from training.nano.scores import Score, paraphrase_rows, presence, table

Mask = NDArray[np.bool_]

_ABSENT_ASKED: Final = ("airplane", "tennis court", "storage tank", "baseball diamond")
"""Absent things asked of every scene that is known to be free of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One scene with a mask per sentence."""

    truth: LabelledImage
    found: Mapping[str, Mask]
    """Sentence → (H, W), true inside any polygon of its answer."""

    seconds: float
    """Of the run, model loading included."""

    windows: int
    """Window and sentence pairs answered."""

    peak_mb: int
    """Most memory that the process had held by then."""


def report(data: Path, checkpoint: str, work: Path, *, processes: int = 1) -> dict[str, Any]:
    """Ask everything about every held-out scene; answers are kept under `work` and used again."""
    scenes = write_held_out(data, work / "scenes")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        answered = list(pool.map(partial(_ask, checkpoint=checkpoint, work=work), scenes))
    seconds, windows = sum(a.seconds for a in answered), sum(a.windows for a in answered)
    return {
        "classes": table(_scores(answered)),
        "paraphrases": paraphrase_rows(_paraphrases(answered)),
        "absent": presence([_absences(a) for a in answered]),
        "open_areas": _open_areas(answered),
        "windows": windows,
        "seconds_per_window": round(seconds / max(1, windows), 3),
        "peak_memory_mb": max(a.peak_mb for a in answered),
    }


def sentences(truth: LabelledImage) -> tuple[str, ...]:
    """What is asked of a scene: plainly for what it shows, in unseen words, and for what is not."""
    shown = _judged(truth)
    plain = [CATEGORIES[name].plain for name in shown]
    unseen = [text for name, text in HELD_OUT if name in shown]
    absent = [CATEGORIES[name].plain for name in _absent(truth)]
    return tuple(dict.fromkeys([*plain, *unseen, *absent]))


def _judged(truth: LabelledImage) -> list[str]:
    """Categories that are in the image and outlined completely, or known pixel by pixel."""
    return [
        name
        for name in sorted(truth.masks)
        if truth.masks[name].any() and (truth.source == "dubai" or truth.knows(name))
    ]


def _absent(truth: LabelledImage) -> list[str]:
    return [name for name in _ABSENT_ASKED if name in truth.absent]


def _ask(scene: HeldOutScene, *, checkpoint: str, work: Path) -> Answered:
    asked = sentences(scene.truth)
    if not asked:
        return Answered(scene.truth, {}, 0.0, 0, _peak_mb())
    ledger = work / f"{scene.image.stem}.ledger"
    frame = geoseg.segment(scene.image, *asked, checkpoint=checkpoint, ledger=ledger)
    with rasterio.open(scene.image) as grid:
        shape, transform = grid.shape, grid.transform
    found = {}
    for sentence in asked:
        shapes = list(frame.geometry[frame["instruction"] == sentence])
        drawn = rasterize(shapes, shape, transform=transform) if shapes else np.zeros(shape)
        found[sentence] = np.asarray(drawn, bool)
    about = frame.attrs["run"]
    seconds, windows = float(about["seconds"]), int(about["tiles_asked"])
    return Answered(scene.truth, found, seconds, windows, _peak_mb())


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _known(truth: LabelledImage, name: str) -> Mask:
    known = truth.known[name]
    return np.ones(truth.shape, bool) if known is True else known


def _scores(answered: Sequence[Answered]) -> dict[tuple[str, str], Score]:
    """(source, category) → sums over its scenes, for the answer and for what it must beat."""
    scores: dict[tuple[str, str], Score] = {}
    for one in answered:
        names = _judged(one.truth)
        others = [*names, *_absent(one.truth)]
        for name in names:
            score = scores.setdefault((one.truth.source, name), Score())
            # The answer to another sentence about the same scene, in the place of this one.
            other = others[(others.index(name) + 1) % len(others)]
            score.add(
                one.truth.masks[name],
                _known(one.truth, name),
                answer=one.found[CATEGORIES[name].plain],
                shuffled=one.found[CATEGORIES[other].plain] if other != name else None,
            )
    return scores


def _paraphrases(answered: Sequence[Answered]) -> dict[tuple[str, str], tuple[Score, Score]]:
    """(category, unseen sentence) → its score and the plain sentence's, on the same scenes."""
    pairs: dict[tuple[str, str], tuple[Score, Score]] = {}
    for one in answered:
        for name, text in HELD_OUT:
            if name not in _judged(one.truth):
                continue
            truth, known = one.truth.masks[name], _known(one.truth, name)
            unseen, plain = pairs.setdefault((name, text), (Score(), Score()))
            unseen.add(truth, known, answer=one.found[text])
            plain.add(truth, known, answer=one.found[CATEGORIES[name].plain])
    return pairs


def _absences(one: Answered) -> Mapping[str, bool]:
    """Absent category → whether something was found all the same."""
    return {name: bool(one.found[CATEGORIES[name].plain].any()) for name in _absent(one.truth)}


def _open_areas(answered: Sequence[Answered]) -> dict[str, float]:
    """Banepa's safe open areas: how much, how far off the buildings, how unlike all the ground."""
    (banepa,) = (one for one in answered if one.truth.source == "banepa")
    area = banepa.found[CATEGORIES["open area"].plain]
    ground = banepa.found[CATEGORIES["ground"].plain]
    buildings = banepa.truth.masks["building"]
    return {
        "share_of_scene": round(float(area.mean()), 4),
        "off_buildings": round(float((area & ~buildings).sum() / max(1, area.sum())), 4),
        "iou_with_ground": round(float((area & ground).sum() / max(1, (area | ground).sum())), 4),
    }
