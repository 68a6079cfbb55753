"""What is left of a scene once it is drawn and asked about: plain values that cross processes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from geoseg.dataset import Rle, encode_rle
from training.synth.asking.checking import Checker
from training.synth.asking.facts import look_at
from training.synth.asking.questions import Question, ask
from training.synth.scenes import Scene, SceneRequest, draw_scene

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its masks as run lengths."""

    text: str
    answer: str
    masks: tuple[Rle, ...]
    boxes: tuple[Box, ...]
    """x0, y0, x1, y1, half open, one around each mask."""

    areas: tuple[int, ...]
    """In pixels."""

    categories: tuple[str, ...]
    phrases: tuple[str, ...]
    tags: tuple[str, ...]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """A visible thing."""

    category: str
    mask: Rle
    box: Box
    area: int


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """One scene, ready to be written."""

    number: int
    split: str
    """"train" or "test"."""

    land_use: str
    gsd: float
    height: int
    width: int
    image: bytes
    """The picture, encoded."""

    asked: tuple[Asked, ...]
    instances: tuple[Instance, ...]
    refused: int
    """Questions that were not clear when they were read again, and left out."""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What a worker is to make of a scene."""

    scene: SceneRequest
    split: str
    questions: int
    encoding: str = "PNG"
    """Name of Pillow's format."""

    instances: bool = False
    """Whether the masks of single things are wanted."""


def make_record(request: RecordRequest) -> SceneRecord:
    """Draw a scene, ask about it, and keep what is clear when it is read again."""
    scene = draw_scene(request.scene)
    view = look_at(scene.picture, scene.world.items, scene.gsd)
    random = request.scene.random("questions")
    questions = ask(
        view,
        random,
        request.questions,
        test=request.split == "test",
        whole=not request.scene.backgrounds,
    )
    checker = Checker(scene.picture, scene.world.items, scene.gsd)
    clear = [question for question in questions if is_exact(question, checker)]
    instances = []
    if request.instances:
        for seen in view.seen.values():
            if seen.item.sort == "thing":
                top, left, bottom, right = seen.touches
                mask = encode_rle(view.mask([seen]))
                box = (left, top, right, bottom)
                instances.append(Instance(seen.item.category, mask, box, seen.area))
    return SceneRecord(
        number=request.scene.number,
        split=request.split,
        land_use=scene.world.land_use,
        gsd=scene.gsd,
        height=view.height,
        width=view.width,
        image=encoded(scene, request.encoding),
        asked=tuple(_asked(question) for question in clear),
        instances=tuple(instances),
        refused=len(questions) - len(clear),
    )


def is_exact(question: Question, checker: Checker) -> bool:
    """Whether the text, read again, selects exactly the masks, and says nothing untrue."""
    text = question.as_meant
    if not checker.fact_holds(text):
        return False
    if not question.masks:
        return checker.finds_nothing(text)
    masks = checker.masks(text)
    return (
        masks is not None
        and len(masks) == len(question.masks)
        and all((a == b).all() for a, b in zip(masks, question.masks, strict=True))
    )


def encoded(scene: Scene, encoding: str) -> bytes:
    """The picture in a format of Pillow's."""
    memory = io.BytesIO()
    Image.fromarray(scene.picture.rgb).save(memory, encoding, quality=92)
    return memory.getvalue()


def _asked(question: Question) -> Asked:
    boxes = []
    for mask in question.masks:
        rows, columns = (np.flatnonzero(np.any(mask, axis=axis)) for axis in (1, 0))
        boxes.append((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    return Asked(
        text=question.text,
        answer=question.answer,
        masks=tuple(encode_rle(mask) for mask in question.masks),
        boxes=tuple(boxes),
        areas=tuple(int(mask.sum()) for mask in question.masks),
        categories=tuple(program.category for program in question.programs),
        phrases=question.phrases,
        tags=tuple(sorted(question.tags)),
        held_out=question.held_out,
    )
