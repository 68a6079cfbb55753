"""Fusion on a drawn scene with exact truth: objects split, glued, their outlines and areas.

    python -m benchmarks.fusion_experiment [--quick]

Writes benchmarks/results/fusion_experiment.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoseg.contours import polygonize
from geoseg.fuse import Rule, fuse
from geoseg.ledger.logits import StoredLogits, pack, unpack
from geoseg.tiling import STRIDE, Tile, plan_tiles
from tests.property import drawing
from tests.property.fields import ASKED, Answers, Heard, grid_of

SIMPLIFY = 0.5
"""Tolerance of the outlines' simplification, pixels."""

SPECK = 10.0
"""Polygons smaller than this, in square pixels, are dropped, whoever made them."""

HOLDS = 0.1
"""Of a rectangle, the share that a polygon must cover to hold it."""

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the drawn rectangles."""

    objects: int
    polygons: int
    fragments: int
    """Rectangles in pieces: more than one polygon lies mostly on them, or mostly covers them."""
    false_merges: int
    """Polygons that hold a tenth or more of two rectangles."""
    missed: int
    """Rectangles that no polygon touches by a pixel or more."""
    invented: int
    """Polygons off every rectangle: the noise of windows' rims that crosses the level."""
    invented_area: float
    """Their area, as a share of the rectangles' area."""
    mean_iou: float
    """Of each rectangle with the polygon that fits best; a missed one counts 0."""
    mean_iou_large: float
    """The same over rectangles of 20 000 px² and more."""
    area_bias: float
    """Area of all polygons against that of all rectangles, minus 1."""
    vertices: int
    seconds: float
    """To fuse and trace."""


def ledger_form(logits: Logits) -> Logits:
    """What the ledger gives back for full-resolution logits: one byte per mask cell."""
    packed = pack(drawing.shrink(logits, STRIDE).astype(np.float16))
    return StoredLogits(unpack(packed), 1.0).logits


def full_form(logits: Logits) -> Logits:
    """Logits at every pixel, as they are."""
    return logits


def answers(
    drawn: drawing.Drawing, overlap: int, form: Callable[[Logits], Logits], miss: float = 0.0
) -> tuple[tuple[Tile, ...], Answers]:
    """The oracle's answer about every tile."""
    tiles = plan_tiles(drawn.height, drawn.width, overlap=overlap)
    heard: dict[Tile, Heard | None] = {}
    for tile in tiles:
        logits = form(drawing.answer(drawn, tile.window, miss=miss))
        heard[tile] = Heard(logits) if (logits > 0).any() else None
    return tiles, Answers(heard)


def told_apart(
    drawn: drawing.Drawing, overlap: int, form: Callable[[Logits], Logits]
) -> tuple[tuple[Tile, ...], Answers]:
    """The oracle's answer about every tile, thing by thing."""
    tiles = plan_tiles(drawn.height, drawn.width, overlap=overlap)
    heard: dict[Tile, Heard | None] = {}
    apart: dict[Tile, list[Heard]] = {}
    for tile in tiles:
        apart[tile] = [Heard(form(one)) for one in drawing.instances(drawn, tile.window)]
        heard[tile] = None
        if apart[tile]:
            heard[tile] = Heard(np.maximum.reduce([one.logits for one in apart[tile]]))
    return tiles, Answers(heard, apart=apart)


def measure(
    drawn: drawing.Drawing,
    tiles: tuple[Tile, ...],
    kept: Answers,
    *,
    stride: int,
    rule: Rule = "found",
) -> Outcome:
    """Fuse, trace, simplify, and hold the polygons against the rectangles."""
    start = time.perf_counter()
    grid = grid_of(drawn.height, drawn.width)
    found = [
        shape.polygon
        for field in fuse(kept, ASKED, tiles, grid, rule=rule, stride=stride)
        for shape in polygonize(field)
    ]
    seconds = time.perf_counter() - start
    polygons = shapely.simplify(np.array(found, dtype=object), SIMPLIFY, preserve_topology=False)
    return compare(drawn.outlines, polygons, seconds)


def compare(truth: NDArray[np.object_], polygons: NDArray[np.object_], seconds: float) -> Outcome:
    """Hold polygons against the rectangles; specks under `SPECK` are nobody's."""
    polygons = polygons[shapely.area(polygons) >= SPECK]
    pair_polygon, pair_truth = shapely.STRtree(truth).query(polygons, predicate="intersects")
    shared = shapely.area(shapely.intersection(polygons[pair_polygon], truth[pair_truth]))
    area, found_area = shapely.area(truth), shapely.area(polygons)
    iou = shared / (area[pair_truth] + found_area[pair_polygon] - shared)
    best = np.zeros(len(truth))
    np.maximum.at(best, pair_truth, iou)
    large = area >= 20_000
    part = shared >= 1.0  # less than a pixel splits and glues nothing
    touched = np.bincount(pair_truth[part], minlength=len(truth))
    mostly = part & (shared >= 0.5 * np.minimum(area[pair_truth], found_area[pair_polygon]))
    pieces = np.bincount(pair_truth[mostly], minlength=len(truth))
    covers = np.bincount(pair_polygon[part], minlength=len(polygons))
    holds = part & (shared >= HOLDS * area[pair_truth])
    merges = np.bincount(pair_polygon[holds], minlength=len(polygons))
    return Outcome(
        objects=len(truth),
        polygons=len(polygons),
        fragments=int((pieces > 1).sum()),
        false_merges=int((merges > 1).sum()),
        missed=int((touched == 0).sum()),
        invented=int((covers == 0).sum()),
        invented_area=round(float(found_area[covers == 0].sum() / area.sum()), 5),
        mean_iou=round(float(best.mean()), 4),
        mean_iou_large=round(float(best[large].mean()), 4) if large.any() else 0.0,
        area_bias=round(float(found_area.sum() / area.sum() - 1), 5),
        vertices=int(shapely.get_num_coordinates(polygons).sum()),
        seconds=round(seconds, 3),
    )


def main() -> None:
    """Run every rule at both resolutions, then with objects overlooked at random."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the scene a side")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    drawn = drawing.draw(1500, 1700) if options.quick else drawing.draw()
    rows: dict[str, dict[str, float]] = {}

    def report(name: str, outcome: Outcome) -> None:
        rows[name] = asdict(outcome)
        print(f"{name:32} {json.dumps(rows[name])}", flush=True)

    rules: tuple[Rule, ...] = ("found", "blend", "core")
    for miss in (0.0, 0.1):
        tiles, kept = answers(drawn, 256, ledger_form, miss)
        for rule in rules:
            name = f"ledger {rule} overlap 256" + (f" miss {miss}" if miss else "")
            report(name, measure(drawn, tiles, kept, stride=STRIDE, rule=rule))
    tiles, kept = answers(drawn, 256, full_form)
    for rule in rules:
        report(f"full {rule} overlap 256", measure(drawn, tiles, kept, stride=1, rule=rule))
    scenes = {"": drawn, " terraces": drawing.terraced(drawn)}
    for name, scene in scenes.items():
        for overlap in (128, 256):
            tiles, kept = told_apart(scene, overlap, ledger_form)
            outcome = measure(scene, tiles, kept, stride=STRIDE, rule="instances")
            report(f"ledger instances overlap {overlap}{name}", outcome)

    options.results.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    about = {"date": date.today().isoformat(), **machine, "quick": options.quick}
    path = options.results / "fusion_experiment.json"
    path.write_text(json.dumps({**about, "outcomes": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
