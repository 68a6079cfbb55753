"""Regions: connected foreground of all answers together, and which tiles found them.

The scene is walked in strips. A region gets the next number where it first appears; when two
regions turn out to be one, the younger number points to the older one. Numbers depend on nothing
but the answers and the strips, so a second walk meets the same ones. What is known per tile and
region lies in a private database that SQLite moves to disk when it grows; in memory are only the
regions that reach the last row.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csgraph, csr_array

from geoseg.errors import OutputError
from geoseg.fuse.looks import Look, TileLogits

Numbers = NDArray[np.int64]

Marked = Callable[[TileLogits, slice], NDArray[np.bool_]]
"""Tells the foreground of some rows of an answer."""

FOUND_SHARE = 0.1
"""A tile that marks less than this share of the part of a region it saw has missed it."""

_TOUCHING = np.ones((3, 3), np.bool_)  # by an edge or a corner, so outlines never leave a region

_SCHEMA = """
CREATE TABLE sighting (tile INTEGER, region INTEGER, cells INTEGER, marked INTEGER, inner INTEGER);
CREATE TABLE region
    (number INTEGER PRIMARY KEY, parent INTEGER, n_seen INTEGER, n_found INTEGER, shown INTEGER);
"""

# Older numbers than a number's parent: repeated until each points to the oldest.
_SETTLE = """
UPDATE region SET parent = (SELECT up.parent FROM region AS up WHERE up.number = region.parent)
WHERE parent < number
    AND parent > (SELECT up.parent FROM region AS up WHERE up.number = region.parent)
"""

_JUDGE = f"""
CREATE TABLE verdict AS
    SELECT tile, parent AS region, SUM(marked) >= {FOUND_SHARE} * SUM(cells) AS found,
           SUM(inner) > 0 AS inside
    FROM sighting JOIN region ON number = sighting.region GROUP BY tile, parent;
DROP TABLE sighting;
CREATE TABLE tally AS
    SELECT region, SUM(inside OR found) AS n_seen, SUM(found) AS n_found, COUNT(*) AS tiles,
           SUM(inside AND found) > 0 OR SUM(inside) = 0 AS shown
    FROM verdict GROUP BY region;
CREATE UNIQUE INDEX tally_region ON tally (region);
UPDATE region SET (n_seen, n_found, shown) =
    (SELECT IIF(n_seen, n_seen, tiles), n_found, shown FROM tally WHERE tally.region = parent);
DELETE FROM verdict WHERE found;
CREATE INDEX verdict_tile ON verdict (tile);
"""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The regions of one strip."""

    row_off: int

    plane: NDArray[np.int32]
    """(h, W): 0 is background, n the n-th entry of `numbers`."""

    numbers: Numbers
    """(regions + 1,) number of each region as far as it is known here; 0 for the background."""

    newest: int
    """Numbers from here on appear in this strip for the first time."""

    merged: list[tuple[int, int]]
    """(younger, older) numbers that this strip showed to be one region."""


class Labeller:
    """Numbers the regions of strips, from top to bottom."""

    def __init__(self) -> None:
        self._above: Numbers | None = None
        self._next = 1

    def push(self, row_off: int, union: NDArray[np.bool_]) -> Labels:
        """Label the next strip, (h, W) foreground."""
        above = np.zeros(union.shape[1], np.int64) if self._above is None else self._above
        plane, count = ndimage.label(union, _TOUCHING)
        known = np.unique(above[above > 0])
        numbers, merged = _numbered(int(count), known, _links(above, plane[0]), self._next)
        labels = Labels(row_off, plane, numbers, self._next, merged)
        self._next = max(self._next, int(numbers.max()) + 1)
        self._above = numbers[plane[-1]]
        return labels


def _links(above: Numbers, first: NDArray[np.int32]) -> Numbers:
    """(n, 2) pairs (number above, label below) that touch."""
    pairs = []
    for shift in (-1, 0, 1):
        upper = above[max(-shift, 0) : len(above) - max(shift, 0)]
        lower = first[max(shift, 0) : len(first) - max(-shift, 0)]
        touching = (upper > 0) & (lower > 0)
        pairs.append(np.stack([upper[touching], lower[touching]], axis=1))
    return np.concatenate(pairs)


def _numbered(
    count: int, known: Numbers, links: Numbers, following: int
) -> tuple[Numbers, list[tuple[int, int]]]:
    """Numbers of the labels 0 … count, and the known numbers that became one."""
    size = count + 1 + len(known)
    of_known = count + 1 + np.searchsorted(known, links[:, 0])
    graph = csr_array((np.ones(len(links)), (links[:, 1], of_known)), shape=(size, size))
    groups, group_of = csgraph.connected_components(graph, directed=False)
    oldest = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(oldest, group_of[count + 1 :], known)
    merged = [
        (number, int(oldest[group]))
        for number, group in zip(known.tolist(), group_of[count + 1 :], strict=True)
        if number != oldest[group]
    ]
    numbers = oldest[group_of[: count + 1]]
    numbers[0] = 0
    new = numbers == np.iinfo(np.int64).max
    numbers[new] = following + np.arange(np.count_nonzero(new))
    return numbers, merged


class Register:
    """Who saw and who found each region: first noted, then judged, then asked.

    Noting and judging raise OutputError when the folder for temporary files is full.
    """

    def __init__(self) -> None:
        # An unnamed database is private, and its file on disk goes when it is closed.
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA cache_size = -8192")
        self._db.executescript(_SCHEMA)

    def note(self, labels: Labels, looks: Sequence[Look], marked: Marked) -> None:
        """Count for each look the cells of each region that it saw, marked, and saw properly."""
        fresh = [(n, n) for n in labels.numbers.tolist() if n >= labels.newest]
        merged = [(older, younger) for younger, older in labels.merged]
        with _room_on_disk():
            self._db.executemany("INSERT INTO region (number, parent) VALUES (?, ?)", fresh)
            self._db.executemany("UPDATE region SET parent = ? WHERE number = ?", merged)
            counts = itertools.chain.from_iterable(_counts(look, labels, marked) for look in looks)
            self._db.executemany("INSERT INTO sighting VALUES (?, ?, ?, ?, ?)", counts)

    def judge(self) -> None:
        """Decide for every tile and region; afterwards nothing can be noted."""
        with _room_on_disk():
            while self._db.execute(_SETTLE).rowcount:
                pass
            self._db.executescript(_JUDGE)

    def facts(self, first: int, end: int) -> NDArray[np.int64]:
        """(n, 5) number, final number, n_seen, n_found, shown of the numbers in [first, end).

        `shown` is 0 where tiles saw the region properly and none of them found it: then only the
        rims of other tiles show it, where answers are worst.
        """
        rows = self._db.execute(
            "SELECT number, parent, n_seen, n_found, shown FROM region"
            " WHERE number >= ? AND number < ? ORDER BY number",
            (first, end),
        ).fetchall()
        return np.array(rows, np.int64).reshape(-1, 5)

    def missed(self, look: Look) -> Numbers:
        """Final numbers of the regions that a look saw and did not find."""
        rows = self._db.execute("SELECT region FROM verdict WHERE tile = ?", (look.number,))
        return np.array([region for (region,) in rows], np.int64)


@contextmanager
def _room_on_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(
            f"The regions of a target could not be kept in a temporary file ({error}).",
            code="disk_full",
            hint="Free space there, or name another folder in the variable SQLITE_TMPDIR.",
        ) from error


def _counts(look: Look, labels: Labels, marked: Marked) -> Iterator[tuple[int, int, int, int, int]]:
    """Rows of `sighting` for one look."""
    rows, own = look.rows(labels.row_off, labels.row_off + len(labels.plane))
    seen = labels.plane[rows, look.columns]
    inside = np.flatnonzero(seen > 0)
    if not len(inside):
        return iter(())
    # All is counted at once: four kinds of cells per region.
    kind = 4 * seen.ravel()[inside].astype(np.intp)
    if look.answer is not None:
        kind += 2 * marked(look.answer, own).ravel()[inside]
    away = np.zeros(seen.shape, np.bool_)
    top, left = look.inner
    away[max(top.start - own.start, 0) : max(top.stop - own.start, 0), left] = True
    kind += away.ravel()[inside]
    counts = np.bincount(kind, minlength=4 * (int(kind.max()) // 4 + 1)).reshape(-1, 4)
    present = np.flatnonzero(counts.any(1))
    plain, inner, only_marked, both = counts[present].T
    columns = (
        labels.numbers[present],
        plain + inner + only_marked + both,
        only_marked + both,
        inner + both,
    )
    return zip(
        itertools.repeat(look.number), *(column.tolist() for column in columns), strict=False
    )
