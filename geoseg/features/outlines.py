"""The outlines of several things, kept on disk until each is shaped beside those that it touches.

Things of different names are traced one after the other, and the first one's neighbours are known
only when the last one is traced. In memory is what one query finds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.contours import Shape
from geoseg.errors import OutputError
from geoseg.features.placing import Geometries

_ROWS = 512

_TALL_PX = 512.0
"""Polygons come by their lowest row, so that many of them lie in few rows; taller ones are asked
about alone."""

_SCHEMA = """
CREATE TABLE shape (id INTEGER PRIMARY KEY, outline BLOB, score REAL, agreement REAL,
    n_seen INTEGER, n_found INTEGER, touches_edge INTEGER);
CREATE VIRTUAL TABLE place USING rtree (id, x_min, x_max, y_min, y_max, first_scene, last_scene);
"""

_AROUND = """
SELECT id, x_min, y_min, x_max, y_max FROM place
    WHERE x_min <= ? AND x_max >= ? AND y_min <= ? AND y_max >= ?
    AND first_scene <= ? AND last_scene >= ? AND (id < ? OR id >= ?)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What lies around some polygons and has vertices in common with them."""

    polygons: Geometries
    """In the order in which they were kept."""

    before: int
    """So many of them were kept before those asked about."""

    met: NDArray[np.bool_]
    """Which of the polygons asked about have one."""


NOBODY = Neighbours(np.empty(0, object), 0, np.zeros(0, np.bool_))


class Outlines:
    """Shapes by scene and by what they are of. Closing it frees the disk.

    Keeping raises OutputError when the folder for temporary files is full.
    """

    def __init__(self) -> None:
        # An unnamed database is private, and its file on disk goes when it is closed.
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA cache_size = -16384")
        self._db.executescript(_SCHEMA)
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def keep(self, scene: int, shapes: Iterable[Shape]) -> Traced:
        """Keep all shapes of one thing in a scene; scenes are numbered, each a plane of its own."""
        first, pending = self._next, iter(shapes)
        while batch := list(islice(pending, _ROWS)):
            with _room_on_disk():
                self._insert(scene, batch)
            self._next += len(batch)
        return Traced(self, scene, first, self._next)

    def _insert(self, scene: int, batch: Sequence[Shape]) -> None:
        polygons = np.array([shape.polygon for shape in batch], object)
        ids = range(self._next, self._next + len(batch))
        bounds = shapely.bounds(polygons)[:, [0, 2, 1, 3]].tolist()
        rows = [
            (id_, outline, one.score, one.agreement, one.n_seen, one.n_found, one.touches_edge)
            for id_, outline, one in zip(ids, shapely.to_wkb(polygons), batch, strict=True)
        ]
        places = [(id_, *box, scene, scene) for id_, box in zip(ids, bounds, strict=True)]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO shape VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._db.executemany("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?)", places)
        self._db.execute("COMMIT")

    def read(self, columns: str, where: str, values: Sequence[int]) -> Iterator[list[Any]]:
        """Rows of shapes in the order in which they were kept, so many at a time."""
        found = self._db.execute(f"SELECT {columns} FROM shape WHERE {where} ORDER BY id", values)
        while rows := found.fetchmany(_ROWS):
            yield rows

    def near(self, polygons: Geometries, scene: int, but: slice) -> Iterator[NDArray[np.int64]]:
        """Ids of the shapes of a scene whose boxes meet one of those of some polygons."""
        tree = shapely.STRtree(polygons)
        left, top, right, bottom = shapely.total_bounds(polygons).tolist()
        values = (right, left, bottom, top, scene, scene, but.start, but.stop)
        found = self._db.execute(_AROUND, values)
        while rows := found.fetchmany(_ROWS):
            places = np.array(rows, np.float64)
            met, _ = tree.query(shapely.box(*places[:, 1:].T))
            yield np.unique(places[met, 0]).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """All shapes of one thing in one scene, among those of others."""

    outlines: Outlines
    scene: int
    first: int
    end: int
    """Its shapes have the ids from `first` to `end` - 1."""

    def shapes(self) -> Iterator[Shape]:
        """The shapes, in the order in which they were kept."""
        for rows in self.outlines.read("*", "id >= ? AND id < ?", (self.first, self.end)):
            polygons = shapely.from_wkb([row[1] for row in rows])
            for polygon, row in zip(polygons, rows, strict=True):
                _, _, score, agreement, n_seen, n_found, touches_edge = row
                yield Shape(polygon, score, agreement, n_seen, n_found, bool(touches_edge))

    def around(self, polygons: Geometries, known: slice) -> Neighbours:
        """What has vertices in common with some polygons, without those known to the caller.

        `known` counts this thing's own shapes from 0.
        """
        points, owners = shapely.get_coordinates(polygons, return_index=True)
        corners, corner_of = np.unique(_complex(points), return_inverse=True)
        common = np.zeros(len(corners), np.bool_)
        found: list[Any] = []
        before = 0
        for ids, others in self._candidates(polygons, known):
            theirs, whose = shapely.get_coordinates(others, return_index=True)
            vertices = _complex(theirs)
            place = np.minimum(np.searchsorted(corners, vertices), len(corners) - 1)
            same = corners[place] == vertices
            common[place[same]] = True
            near = np.unique(whose[same])
            found.extend(others[near])
            before += int(np.count_nonzero(ids[near] < self.first + known.start))
        met = np.zeros(len(polygons), np.bool_)
        met[owners[common[corner_of]]] = True
        neighbours = np.empty(len(found), object)
        neighbours[:] = found
        return Neighbours(neighbours, before, met)

    def _candidates(
        self, polygons: Geometries, known: slice
    ) -> Iterator[tuple[NDArray[np.int64], Geometries]]:
        """(ids, outlines) around some polygons, so many at a time: along a road they are many."""
        but = slice(self.first + known.start, self.first + known.stop)
        _, top, _, bottom = shapely.bounds(polygons).T
        low = bottom - top <= _TALL_PX
        groups = [group for group in (polygons[low], *polygons[~low, None]) if len(group)]
        found = [ids for group in groups for ids in self.outlines.near(group, self.scene, but)]
        ids = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
        for some in np.split(ids, range(_ROWS, len(ids), _ROWS)):
            where = f"id IN ({', '.join('?' * len(some))})"
            for rows in self.outlines.read("outline", where, some.tolist()):
                yield some, shapely.from_wkb([outline for (outline,) in rows])


def _complex(points: NDArray[np.float64]) -> NDArray[np.complex128]:
    """(n, 2) points as numbers that are equal when both coordinates are."""
    return np.ascontiguousarray(points).view(np.complex128)[:, 0]


@contextmanager
def _room_on_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(
            f"The outlines of the targets could not be kept in a temporary file ({error}).",
            code="disk_full",
            hint="Free space there, or name another folder in the variable SQLITE_TMPDIR.",
        ) from error
