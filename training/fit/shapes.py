"""What a recipe's shape makes of a model: several queries per target, or another mask head."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import TextCodec
from training.fit.heads import HeadLesson, add_head
from training.fit.lesson import Lesson
from training.fit.queries import QueryLesson, add_queries, query_marks
from training.fit.recipe import FitRecipe, Learning

_M2F = ("pixel_decoder.", "mask_decoder.", "seg_projector.")


def shaped(student: Checkpoint, recipe: FitRecipe) -> tuple[Checkpoint, Learning]:
    """A model in the shape of a recipe, and what of it learns."""
    shape, learning = recipe.shape, recipe.learning
    if shape.queries > 1:
        more = (*learning.parts, "score_head.")
        return add_queries(student, shape.queries), dataclasses.replace(learning, parts=more)
    if shape.mask_head != "m2f":
        add_head(student.model, shape.mask_head, shape.head_config)
        kept = tuple(part for part in learning.parts if part not in _M2F)
        more = (*kept, "segment_head.project.", "segment_head.sam.mask_decoder.")
        return student, dataclasses.replace(learning, parts=more)
    return student, learning


def marks_of(codec: TextCodec, queries: int) -> tuple[int, ...]:
    """Answer rows of a target's tokens, in order; ``[SEG]`` first."""
    return query_marks(codec, queries) if queries > 1 else (codec.seg,)


def lesson_for(model: SegEarth, marks: Sequence[int], recipe: FitRecipe) -> Lesson:
    """The lesson of a shape."""
    kinds = {(True, "m2f"): QueryLesson, (False, "sam"): HeadLesson, (False, "sam2"): HeadLesson}
    kind = kinds.get((recipe.shape.queries > 1, recipe.shape.mask_head), Lesson)
    return kind(model, marks, recipe.losses)
