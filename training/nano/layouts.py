"""Layouts: which pieces of which images make a training canvas.

A window of inference is 1024 native pixels halved, so a source is sampled around half of its native
resolution. Small images become mosaics; small scenes at inference are padded with grey to the right
and below, so some canvases are too.
"""

import math
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import numpy as np

from training.data.labelled import LabelledImage
from training.nano.canvas import Canvas, Piece, Placement, reach
from training.nano.corpus import Corpus

T = TypeVar("T")

Place = tuple[int, int, int]
"""x, y and side on the canvas in input pixels, even."""

SOURCES: Final = {"banepa": 0.2, "dubai": 0.38, "ucm": 0.39, "vehicles": 0.03}
"""Share of canvases built around each source."""

TARGETS: Final[Mapping[str, Mapping[str, float]]] = {
    "banepa": {"building": 6, "open area": 2},
    "dubai": {
        "building": 5, "road": 5, "vegetation": 5, "water": 4, "bare land": 3, "open area": 1,
    },
    "ucm": {
        "airplane": 10, "storage tank": 10, "tennis court": 10, "baseball diamond": 10,
        "swimming pool": 9, "airport runway": 9, "small vehicle": 6, "building": 3, "river": 4,
        "overpass": 4, "beach": 3, "sea": 3, "ship": 3, "sand bunker": 3, "tree": 3, "farmland": 3,
        "parking lot": 3, "basketball court": 2, "jet bridge": 2, "road": 1, "large vehicle": 1,
        "zebra crossing": 1,
    },
    "vehicles": {"small vehicle": 1},
}  # fmt: skip
"""Source → how often a canvas is built around a category."""

NATIVE_TO_INPUT: Final = 0.5
_SMALL: Final = 256
"""Side of a UC Merced image."""

_JITTER: Final = {
    "banepa": (0.6, 1.5),
    "dubai": (0.6, 1.5),
    "ucm": (0.8, 2.2),
    "vehicles": (0.8, 2.0),
}
_PADDED_SHARE: Final = {"banepa": 0.06, "dubai": 0.06, "ucm": 0.4, "vehicles": 0.3}
_UNPLACED_SHARE: Final = 0.12
"""Share of UC Merced canvases built around images that show a category without an outline."""

_FREE_SHARE: Final = 0.15
_FREE_OF: Final = {
    "building": 5, "water": 2, "swimming pool": 2, "storage tank": 2, "tennis court": 2,
    "road": 1.5, "small vehicle": 1.5, "airplane": 1, "baseball diamond": 1, "airport runway": 1,
}  # fmt: skip
"""How often a UC Merced canvas is built to be free of a category, so that absence is learnt too."""


def draw_canvas(corpus: Corpus, size: int, rng: np.random.Generator) -> tuple[Canvas, str]:
    """A canvas of `size` input pixels and the category that it was built around."""
    available = {name: share for name, share in SOURCES.items() if name in corpus.images}
    source = weighted(available, rng)
    scale = NATIVE_TO_INPUT * _log_uniform(_JITTER[source], rng)
    if source == "ucm" and rng.random() < _FREE_SHARE:
        target = weighted(_among(_FREE_OF, corpus.fillers), rng)
        images = partial(pick, corpus.fillers[target], rng)
        return _small_images(images(), images, size, scale, rng), target
    outlined = {name for place, name in corpus.spots if place == source}
    target = weighted(_among(TARGETS[source], outlined), rng)
    if source == "ucm":
        first, others = _showing(corpus, target, rng), partial(_beside, corpus, target, rng)
        return _small_images(first, others, size, scale, rng), target
    return Canvas(size, (_window(corpus, source, target, size, scale, rng),)), target


def weighted(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    """A key, drawn in proportion to its weight."""
    bounds = np.cumsum(list(weights.values()))
    at = int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))
    return list(weights)[min(at, len(weights) - 1)]


def pick(options: Sequence[T], rng: np.random.Generator) -> T:
    """One of them, all equally likely."""
    return options[int(rng.integers(len(options)))]


def _window(
    corpus: Corpus, source: str, target: str, size: int, scale: float, rng: np.random.Generator
) -> Piece:
    """A part of one large image near a place that shows the target, at times in a grey canvas."""
    image, places = pick(corpus.spots[source, target], rng)
    row, col = places[int(rng.integers(len(places)))]
    padded = rng.random() < _PADDED_SHARE[source]
    room = _even(min(image.shape) * scale * 1.2)
    side = min(_even(size * rng.uniform(0.35, 0.95)) if padded else size, room)
    x, y = np.array([col, row]) + rng.uniform(-0.4, 0.4, 2) * side / scale
    return Piece(image, _placed(image, (x, y), side / scale, (0, 0, side), rng))


def _small_images(
    first: LabelledImage,
    others: Callable[[], LabelledImage],
    size: int,
    scale: float,
    rng: np.random.Generator,
) -> Canvas:
    """One small image in the corner of a grey canvas, or a mosaic of it and others."""
    if rng.random() < _PADDED_SHARE["ucm"]:
        side = _even(min(size, min(first.shape) * NATIVE_TO_INPUT * rng.uniform(0.85, 1.25)))
        return Canvas(size, (_whole(first, (0, 0, side), rng),))
    across = max(1, round(size / (_SMALL * scale)))
    side = _even(size / across + 0.999)
    chosen = int(rng.integers(across**2))
    pieces = []
    for number in range(across**2):
        image = first if number == chosen else others()
        x, y = (_even(step * (size - side) / max(1, across - 1)) for step in divmod(number, across))
        whole = image.shows and rng.random() < 0.5
        place = (x, y, side)
        pieces.append(_whole(image, place, rng) if whole else _part(image, place, scale, rng))
    return Canvas(size, tuple(pieces))


def _showing(corpus: Corpus, target: str, rng: np.random.Generator) -> LabelledImage:
    if target in corpus.shown and rng.random() < _UNPLACED_SHARE:
        return pick(corpus.shown[target], rng)
    return pick(corpus.spots["ucm", target], rng)[0]


def _beside(corpus: Corpus, target: str, rng: np.random.Generator) -> LabelledImage:
    """A neighbour in a mosaic: a third show the target too, the others are free of it."""
    fillers = corpus.fillers.get(target, ())
    if not fillers or rng.random() < 0.35:
        return pick(corpus.spots["ucm", target], rng)[0]
    if rng.random() < 0.2:
        large = [name for name in ("banepa", "dubai") if name in corpus.images]
        image = pick(corpus.images[pick(large, rng)], rng) if large else None
        if image is not None and target in image.absent:
            return image
    return pick(fillers, rng)


def _whole(image: LabelledImage, place: Place, rng: np.random.Generator) -> Piece:
    height, width = image.shape
    middle = (width / 2, height / 2)
    turned = _quarters(rng), _coin(rng)
    return Piece(image, Placement(middle, min(height, width), place[:2], place[2], 0.0, *turned))


def _part(image: LabelledImage, place: Place, scale: float, rng: np.random.Generator) -> Piece:
    height, width = image.shape
    middle = (rng.uniform(0, width), rng.uniform(0, height))
    return Piece(image, _placed(image, middle, place[2] / scale, place, rng))


def _placed(
    image: LabelledImage,
    centre: tuple[float, float],
    side: float,
    place: Place,
    rng: np.random.Generator,
) -> Placement:
    """The square moved into the image, turned and mirrored; at any angle if there is room."""
    height, width = image.shape
    side = min(side, height, width)
    degrees = float(rng.uniform(-45, 45)) if rng.random() < 0.4 else 0.0
    if side * reach(degrees) > min(height, width):
        degrees = 0.0
    half = side * reach(degrees) / 2
    x, y = (
        float(np.clip(value, half, length - half))
        for value, length in zip(centre, (width, height), strict=True)
    )
    corner, size = place[:2], place[2]
    return Placement((x, y), side, corner, size, degrees, _quarters(rng), _coin(rng))


def _among(weights: Mapping[str, float], names: Container[str]) -> dict[str, float]:
    return {name: weight for name, weight in weights.items() if name in names}


def _even(value: float) -> int:
    return 2 * round(value / 2)


def _quarters(rng: np.random.Generator) -> int:
    return int(rng.integers(4))


def _coin(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.5)


def _log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(bounds[0]), math.log(bounds[1])))
