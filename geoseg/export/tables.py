"""What stands in the file: columns, rows as Arrow batches, and names of layers."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from geoseg.events import Category, Layer
from geoseg.export.styles import target_color
from geoseg.features import Feature

NAME_LENGTH = 48
"""Most characters in a layer's name."""

CATEGORY_FIELD = "target"

_BATCH = 4096
_WKB = {"ARROW:extension:name": "geoarrow.wkb"}

FEATURES = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),  # 1, 2, … within a layer
        pa.field("instruction", pa.string(), nullable=False),  # what the user said
        pa.field("target", pa.string(), nullable=False),  # the thing, in the answer's words
        pa.field("score", pa.float32(), nullable=False),  # 0 to 1
        pa.field("agreement", pa.float32(), nullable=False),  # 0 to 1
        pa.field("n_seen", pa.int32(), nullable=False),  # tiles that saw it
        pa.field("n_found", pa.int32(), nullable=False),  # tiles that found it
        pa.field("area_m2", pa.float64(), nullable=False),  # geodesic
        pa.field("touches_edge", pa.bool_(), nullable=False),
        pa.field("source", pa.string(), nullable=False),  # the scene's file name
        pa.field("geometry", pa.binary(), nullable=False, metadata=_WKB),
    ]
)
"""Columns of every layer of polygons, the same when it is empty."""

BOX = pa.field(
    "bbox",
    pa.struct([(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")]),
    nullable=False,
)
"""The geometry's box, where a format has a column for it."""

ANSWERS = pa.schema(
    [
        pa.field("instruction", pa.string(), nullable=False),
        pa.field("tile", pa.int32(), nullable=False),  # position in the plan
        pa.field("state", pa.string(), nullable=False),  # done, failed, skipped
        pa.field("finish", pa.string(), nullable=False),  # stop, length, failed; "" if not asked
        pa.field("text", pa.string(), nullable=False),  # the model's sentence, or why it failed
        pa.field("source", pa.string(), nullable=False),  # the scene's file name
        pa.field("geometry", pa.binary(), nullable=False, metadata=_WKB),  # the tile's window
    ]
)
"""Columns of the table `answers`."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerContent:
    """One layer to be written: an instruction, or one target of it."""

    index: int
    """Index of the instruction, from 0."""

    instruction: str
    parts: Iterable[tuple[str, Iterable[Feature]]]
    """(what a scene is called, its features); read once, while the file is written."""

    target: str = ""
    """Not empty when each target has a layer of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerRow:
    """What was said about one tile."""

    instruction: str
    tile: int
    state: str
    finish: str
    text: str
    source: str
    """What the scene is called."""

    footprint: Polygon
    """The tile's window in the output's CRS."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """How a file came about."""

    settings: Mapping[str, Any]
    """All arguments of the run, as JSON can hold them."""

    versions: Mapping[str, str]
    checkpoint_hash: str
    started: str
    """UTC, ISO 8601."""

    seconds: float
    tiles_asked: int
    """Tiles answered in this run; those of an earlier run are in the ledger already."""

    tiles_failed: int

    scenes: Sequence[Mapping[str, Any]] = ()
    """For each scene its name, stretch, and number of tiles."""

    def table(self) -> pa.Table:
        """One row; settings, versions and scenes as JSON."""
        row = asdict(self)
        for key in ("settings", "versions", "scenes"):
            row[key] = json.dumps(row[key], ensure_ascii=False, sort_keys=True)
        return pa.Table.from_pylist([row])


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where the content of a file comes from."""

    record: Callable[[], RunRecord]
    """Asked for when all layers are written."""

    answers: Iterable[AnswerRow] = ()
    """What was said about every tile."""


@dataclass(slots=True)
class Tally:
    """Counts what passes by on its way into one layer."""

    content: LayerContent
    counts: Counter[str] = field(default_factory=Counter)
    bounds: tuple[float, float, float, float] | None = None

    def batches(self) -> Iterator[tuple[str, list[Feature], NDArray[Any]]]:
        """The layer's features in groups that are counted: (source, group, its geometries)."""
        for source, part in self.content.parts:
            features = iter(part)
            while batch := list(islice(features, _BATCH)):
                self._count([feature.target.phrase for feature in batch])
                geometries = np.array([feature.geometry for feature in batch], object)
                self._widen(shapely.total_bounds(geometries).tolist())
                yield source, batch, geometries

    def _count(self, phrases: list[str]) -> None:
        # Mostly one thing comes after the other, and to look for others is faster than to count.
        if phrases.count(phrases[0]) == len(phrases):
            self.counts[phrases[0]] += len(phrases)
        else:
            self.counts.update(phrases)

    def _widen(self, box: list[float]) -> None:
        left, bottom, right, top = box
        known = self.bounds or (left, bottom, right, top)
        self.bounds = (
            min(known[0], left),
            min(known[1], bottom),
            max(known[2], right),
            max(known[3], top),
        )

    def layer(self, path: str, table: str, crs: str) -> Layer:
        """The finished layer, to be told to the listener."""
        categories = tuple(Category(name, name, target_color(name)) for name in sorted(self.counts))
        return Layer(
            path=path,
            table=table,
            instruction=self.content.instruction,
            index=self.content.index,
            features=self.counts.total(),
            category_field=CATEGORY_FIELD,
            categories=categories,
            crs=crs,
            bounds=self.bounds,
        )


def layer_name(index: int, instruction: str, target: str = "") -> str:
    """`01_safe_open_areas`: known before the run from the instruction and its index, from 0.

    Letters of any script are kept, at most 48 characters in all; with a target, its slug follows.
    """
    number = f"{index + 1:02d}_"
    tail = f"_{slug(target)}"[: NAME_LENGTH // 2].rstrip("_") if target else ""
    room = NAME_LENGTH - len(number) - len(tail)
    return number + (slug(instruction)[:room].strip("_") or "instruction") + tail


def slug(text: str) -> str:
    """Letters, marks and digits of any script in lower case, joined by underscores."""
    text = unicodedata.normalize("NFKC", text).lower()
    kept = (letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text)
    return "_".join("".join(kept).split())


def unique(name: str, taken: set[str]) -> str:
    """The name, or the name with a number if it is taken already; it is taken from then on."""
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free.lower())
    return free


def feature_batches(
    tallies: Iterable[Tally], *, longest: float | None = None, boxes: bool = False
) -> Iterator[pa.RecordBatch]:
    """The features of one or more layers as record batches, numbered from 1.

    Edges longer than `longest`, in the unit of the CRS, get vertices in between. With `boxes` the
    column `BOX` comes last.
    """
    schema = FEATURES.append(BOX) if boxes else FEATURES
    first = 1
    for instruction, source, found, geometries in (
        (tally.content.instruction, *batch) for tally in tallies for batch in tally.batches()
    ):
        if longest is not None:
            geometries = shapely.segmentize(geometries, longest)
        columns: list[Any] = [
            np.arange(first, first + len(found)),
            pa.repeat(instruction, len(found)),
            [feature.target.phrase for feature in found],
            [feature.score for feature in found],
            [feature.agreement for feature in found],
            [feature.n_seen for feature in found],
            [feature.n_found for feature in found],
            [feature.area_m2 for feature in found],
            [feature.touches_edge for feature in found],
            pa.repeat(source, len(found)),
            shapely.to_wkb(geometries),
        ]
        if boxes:
            sides = map(pa.array, shapely.bounds(geometries).T)
            columns.append(pa.StructArray.from_arrays(list(sides), fields=list(BOX.type)))
        yield _batch(columns, schema)
        first += len(found)


def answer_batches(answers: Iterable[AnswerRow]) -> Iterator[pa.RecordBatch]:
    """The table `answers` as record batches."""
    rows = iter(answers)
    while batch := list(islice(rows, _BATCH)):
        columns: list[Any] = [
            [row.instruction for row in batch],
            [row.tile for row in batch],
            [row.state for row in batch],
            [row.finish for row in batch],
            [row.text for row in batch],
            [row.source for row in batch],
            shapely.to_wkb([row.footprint for row in batch]),
        ]
        yield _batch(columns, ANSWERS)


def _batch(columns: list[Any], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, field.type)
        for values, field in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
