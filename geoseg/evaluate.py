"""Polygons against polygons: how well what was found fits what is there.

Everything is measured on a local equal-area map of the ground, so neither layer's CRS matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geoseg.areas import split_source
from geoseg.dialogue import normalize_phrase
from geoseg.errors import InstructionError
from geoseg.layers import Geometries, PolygonLayer, layers_with, read_polygons

MATCHED = 0.5
"""Least IoU of two polygons that count as one object."""

TARGET = "target"
"""The column in which geoseg's own layers name the target."""

_SAMPLES = 256
"""Points on an outline from which the distance to the other outline is taken."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How found polygons fit true ones. Where neither has any, ratios are 1."""

    iou: float
    """Shared area over united area, overlaps within a layer counted once."""

    area_precision: float
    """Of the found area, the share that is true."""

    area_recall: float
    """Of the true area, the share that was found."""

    precision: float
    """Of the found objects, the share matched one to one with a true one at IoU ≥ 0.5."""

    recall: float
    """Of the true objects, the share so matched."""

    f1: float
    found: int
    """Objects."""

    truth: int
    """Objects."""

    matched: int
    """Objects."""

    fragments: int
    """Found objects too many: those that lie mostly in one true object, less one for each."""

    false_merges: int
    """True objects too many: those that lie mostly in one found object, less one for each."""

    boundary_error_m: float | None
    """Mean distance between the outlines of matched objects, metres; None where none matched."""


@dataclass(frozen=True, slots=True)
class Report:
    """The comparison as a whole and by target."""

    overall: Evaluation
    targets: Mapping[str, Evaluation]
    """By phrase; empty when the truth does not name its targets."""


def evaluate(
    found: str | Path, truth: str | Path, *, by: str | None = None, target: str | None = None
) -> Report:
    """Compare two vector files, each FILE or FILE:LAYER.

    Of a file that geoseg wrote, all layers are taken when none is named. `by` is the column of the
    truth that names each polygon's target, `target` if it has one; without it all polygons are of
    one kind. `target` leaves out polygons of other targets.

    Raises SceneError for files that cannot be read, InstructionError for a column or a target that
    does not occur.
    """
    true = read_polygons(truth)
    wanted = _names(true, by or TARGET)
    if by is not None and wanted is None:
        raise InstructionError(
            f"The truth {true.source} has no column {by!r}; it has {_listed(true.columns)}.",
            hint="Name one of them with --by.",
        )
    layers = _read_found(str(found))
    ground = _local_map([*layers, true])
    facts = true.brought_to(ground)
    outlines = np.concatenate([layer.brought_to(ground) for layer in layers])
    names = np.concatenate([_named(layer, TARGET) for layer in layers])
    if target is not None:
        phrase = normalize_phrase(target)
        kept = names == phrase
        if not kept.any() and (wanted is None or phrase not in wanted):
            raise InstructionError(
                f"Nothing is called {phrase!r}; the targets found are {_listed(names)}.",
                hint="Name one of them with --target, or leave it out.",
            )
        outlines, names = outlines[kept], names[kept]
        if wanted is not None:
            facts, wanted = facts[wanted == phrase], wanted[wanted == phrase]
    if wanted is None:
        return Report(_measure(outlines, facts).evaluation(), {})
    measures = {
        str(name): _measure(outlines[names == name], facts[wanted == name])
        for name in sorted({*names, *wanted})
    }
    overall = sum(measures.values(), start=_Measure())
    return Report(overall.evaluation(), {name: one.evaluation() for name, one in measures.items()})


@dataclass(frozen=True, slots=True)
class _Measure:
    """Sums from which an evaluation follows; those of several targets add up."""

    shared: float = 0.0
    found_area: float = 0.0
    true_area: float = 0.0
    found: int = 0
    truth: int = 0
    matched: int = 0
    fragments: int = 0
    false_merges: int = 0
    gap: float = 0.0
    """Sum over matched objects of the mean distance between outlines, metres."""

    def __add__(self, other: _Measure) -> _Measure:
        return _Measure(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def evaluation(self) -> Evaluation:
        precision = _ratio(self.matched, self.found, self.truth)
        recall = _ratio(self.matched, self.truth, self.found)
        union = self.found_area + self.true_area - self.shared
        return Evaluation(
            iou=self.shared / union if union else 1.0,
            area_precision=_ratio(self.shared, self.found_area, self.true_area),
            area_recall=_ratio(self.shared, self.true_area, self.found_area),
            precision=precision,
            recall=recall,
            f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            found=self.found,
            truth=self.truth,
            matched=self.matched,
            fragments=self.fragments,
            false_merges=self.false_merges,
            boundary_error_m=self.gap / self.matched if self.matched else None,
        )


def _ratio(part: float, whole: float, other: float) -> float:
    """Share of a whole; of nothing it is 1 where the other side has nothing either, else 0."""
    return part / whole if whole else float(not other)


def _measure(found: Geometries, truth: Geometries) -> _Measure:
    """Compare polygons of one target, in metres."""
    found = found[~shapely.is_empty(found)] if len(found) else found
    truth = truth[~shapely.is_empty(truth)] if len(truth) else truth
    all_found, all_truth = shapely.union_all(found), shapely.union_all(truth)
    i, j = shapely.STRtree(truth).query(found, predicate="intersects")
    shared = shapely.area(shapely.intersection(found[i], truth[j]))
    found_areas, true_areas = shapely.area(found), shapely.area(truth)
    iou = shared / (found_areas[i] + true_areas[j] - shared)
    pairs = _matches(i, j, iou)
    found_area, true_area = float(shapely.area(all_found)), float(shapely.area(all_truth))
    both = float(shapely.area(shapely.intersection(all_found, all_truth)))
    return _Measure(
        shared=min(both, found_area, true_area),  # rounding must not make more of it than there is
        found_area=found_area,
        true_area=true_area,
        found=len(found),
        truth=len(truth),
        matched=len(pairs),
        fragments=_surplus(j[shared > found_areas[i] / 2]),
        false_merges=_surplus(i[shared > true_areas[j] / 2]),
        gap=sum(_outline_gap(found[a], truth[b]) for a, b in pairs),
    )


def _matches(
    i: NDArray[np.intp], j: NDArray[np.intp], iou: NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Pairs of at least MATCHED, best first, each polygon in one of them."""
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = set(), set()
    for k in np.argsort(-iou, kind="stable"):
        a, b = int(i[k]), int(j[k])
        if iou[k] >= MATCHED and a not in taken[0] and b not in taken[1]:
            pairs.append((a, b))
            taken[0].add(a)
            taken[1].add(b)
    return pairs


def _surplus(places: NDArray[np.intp]) -> int:
    """Entries beyond the first of each place."""
    return len(places) - len(np.unique(places))


def _outline_gap(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Mean distance between two outlines, from points spread evenly on each."""
    return (_distance_from(one, other) + _distance_from(other, one)) / 2


def _distance_from(one: shapely.Geometry, other: shapely.Geometry) -> float:
    rings = shapely.get_rings(shapely.get_parts(one))
    lengths = shapely.length(rings)
    counts = np.maximum(1, np.rint(_SAMPLES * lengths / lengths.sum())).astype(int)
    places = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    points = shapely.line_interpolate_point(np.repeat(rings, counts), places, normalized=True)
    outline = shapely.boundary(other)
    shapely.prepare(outline)
    gaps = shapely.distance(points, outline)
    return float(np.average(gaps, weights=np.repeat(lengths / counts, counts)))


def _read_found(source: str) -> list[PolygonLayer]:
    """The layer named, or all that geoseg wrote into the file, or the only one."""
    name, layer = split_source(source)
    if layer is None and Path(name).exists():
        written = layers_with(name, TARGET)
        if len(written) > 1:
            return [read_polygons(name, layer) for layer in written]
    return [read_polygons(name, layer)]


def _names(layer: PolygonLayer, column: str) -> NDArray[Any] | None:
    """Each polygon's phrase, normalised; None if no column of that name tells it."""
    if column not in layer.columns:
        return None
    values = layer.columns[column]
    return np.array([normalize_phrase("" if v is None else str(v)) for v in values], dtype=object)


def _named(layer: PolygonLayer, column: str) -> NDArray[Any]:
    names = _names(layer, column)
    return np.full(len(layer), "", dtype=object) if names is None else names


def _local_map(layers: Sequence[PolygonLayer]) -> CRS:
    """An equal-area map in metres, centred on what is to be compared."""
    points = np.concatenate([_directions(layer) for layer in layers])
    x, y, z = points.mean(axis=0) if len(points) else (1.0, 0.0, 0.0)
    lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    return CRS.from_proj4(f"+proj=laea +lon_0={lon:.6f} +lat_0={lat:.6f} +ellps=WGS84 +units=m")


def _directions(layer: PolygonLayer) -> NDArray[np.float64]:
    """Unit vectors (n, 3) from the Earth's centre: they average across the antimeridian too."""
    points = shapely.get_coordinates(layer.geometries)
    onward = Transformer.from_crs(layer.crs, CRS.from_epsg(4326), always_xy=True)
    lon, lat = (np.radians(values) for values in onward.transform(points[:, 0], points[:, 1]))
    vectors = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    placed: NDArray[np.float64] = vectors[np.isfinite(vectors).all(axis=1)]
    return placed


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(repr(name) for name in sorted({str(name) for name in names})) or "none"
