"""The drawn scene as other packages stitch it, beside geoseg: pieces, merges, outlines.

    python -m benchmarks.fusion_peers [--quick] [--results DIR]

All are given the same answers of the same oracle. Peers get them as their models give masks:
logits at a quarter of the resolution, enlarged and cut at 0. Rows of packages that are not
installed are left out; `pip install sahi geoai-py` adds two. Writes
benchmarks/results/fusion_peers.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy import ndimage

from benchmarks.fusion_experiment import (
    Outcome,
    answers,
    compare,
    ledger_form,
    measure,
    told_apart,
)
from geoseg.tiling import STRIDE, Tile, plan_tiles
from tests.property import drawing

Mask = NDArray[np.bool_]
Polygons = NDArray[np.object_]

SAHI_OVERLAP = 205
"""SAHI's default, a fifth of the window, in pixels."""


def enlarged(logits: NDArray[np.float32], tile: Tile) -> Mask:
    """A tile's mask at every pixel."""
    full = ndimage.zoom(logits, STRIDE, order=1, grid_mode=True, mode="nearest")
    return np.asarray(full[: tile.window.height, : tile.window.width] > 0)


def mosaic(drawn: drawing.Drawing, overlap: int) -> Mask:
    """Masks of the tiles, each cut to what it owns."""
    tiles, kept = answers(drawn, overlap, ledger_form)
    scene = np.zeros((drawn.height, drawn.width), np.bool_)
    for tile in tiles:
        found = kept.heard[tile]
        if found is not None:
            core, window = tile.core, tile.window
            top, left = core.row_off - window.row_off, core.col_off - window.col_off
            mask = enlarged(found.logits, tile)
            scene[core.row_off : core.row_end, core.col_off : core.col_end] = mask[
                top : top + core.height, left : left + core.width
            ]
    return scene


def outlines(mask: Mask, left: int = 0, top: int = 0) -> list[shapely.Polygon]:
    """The usual way from a mask to polygons."""
    place = rasterio.Affine.translation(left, top)
    found = shapes(mask.astype(np.uint8), mask=mask, transform=place)
    return [shapely.geometry.shape(geometry) for geometry, _ in found]


def with_rasterio(drawn: drawing.Drawing) -> Polygons:
    """Centre crop of masks, outlines of pixels."""
    return np.array(outlines(mosaic(drawn, 256)), dtype=object)


def with_geoai(drawn: drawing.Drawing) -> Polygons:
    """The same mosaic through geoai's `raster_to_vector` with its defaults."""
    raster_to_vector = _geoai().raster_to_vector
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mask.tif")
        profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": "EPSG:32632"}
        size = {"height": drawn.height, "width": drawn.width}
        with rasterio.open(path, "w", transform=rasterio.Affine.identity(), **profile, **size) as f:
            f.write(mosaic(drawn, 256).astype(np.uint8), 1)
        return np.asarray(raster_to_vector(str(path)).geometry.values, dtype=object)


def _geoai() -> ModuleType:
    """geoai's raster module; what it imports for drawing maps is not needed here."""
    for name in ("leafmap", "rioxarray", "matplotlib", "matplotlib.pyplot", "xarray"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = MagicMock()
    from geoai.utils import raster

    return raster


def with_sahi(drawn: drawing.Drawing) -> Polygons:
    """Each thing of each tile as a prediction, joined by SAHI's greedy NMM with its defaults."""
    from sahi.postprocess.combine import GreedyNMMPostprocess
    from sahi.prediction import ObjectPrediction

    predictions = []
    tiles, kept = told_apart(drawn, SAHI_OVERLAP, ledger_form)
    for tile in tiles:
        for found in kept.instances(None, None, tile):  # type: ignore[arg-type]
            mask = enlarged(found.logits, tile)
            parts = outlines(mask, tile.window.col_off, tile.window.row_off)
            rings = [np.asarray(part.exterior.coords).ravel().tolist() for part in parts]
            if rings:
                size = [drawn.height, drawn.width]
                predictions.append(
                    ObjectPrediction(category_id=0, segmentation=rings, score=1.0, full_shape=size)
                )
    merge = GreedyNMMPostprocess(match_threshold=0.5, match_metric="IOS", class_agnostic=True)
    merged = merge(predictions)
    return np.array([_valid(rings.mask.segmentation) for rings in merged], dtype=object)


def _valid(rings: Iterable[list[float]]) -> shapely.Geometry:
    parts = [shapely.Polygon(np.reshape(ring, (-1, 2))) for ring in rings if len(ring) >= 8]
    return shapely.union_all([shapely.make_valid(part) for part in parts])


def geoseg(drawn: drawing.Drawing, rule: str) -> Outcome:
    """Our own way with a rule, at 256 px of overlap."""
    tell = told_apart if rule == "instances" else answers
    tiles, kept = tell(drawn, 256, ledger_form)
    return measure(drawn, tiles, kept, stride=STRIDE, rule=rule)  # type: ignore[arg-type]


PEERS: dict[str, tuple[str, Callable[[drawing.Drawing], Polygons]]] = {
    "rasterio: centre crop, shapes": ("rasterio", with_rasterio),
    "geoai-py: centre crop, raster_to_vector": ("geoai-py", with_geoai),
    "sahi: greedy NMM, IOS 0.5, overlap 20 %": ("sahi", with_sahi),
}


def main() -> None:
    """Print and write a row for each way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the scene a side")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    drawn = drawing.draw(1500, 1700) if options.quick else drawing.draw()
    rows: dict[str, dict[str, object]] = {}

    def report(name: str, package: str, outcome: Outcome) -> None:
        rows[name] = {"version": _version(package), **asdict(outcome)}
        print(f"{name:42} {json.dumps(rows[name])}", flush=True)

    for rule in ("found", "instances"):
        report(f"geoseg: {rule}", "geoseg", geoseg(drawn, rule))
    for name, (package, stitch) in PEERS.items():
        if _version(package) == "":
            print(f"{name:42} is left out: {package} is not installed", flush=True)
            continue
        began = time.perf_counter()
        polygons = stitch(drawn)
        report(name, package, compare(drawn.outlines, polygons, time.perf_counter() - began))
    options.results.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    about = {"date": date.today().isoformat(), **machine, "tiles": len(_tiles(drawn))}
    path = options.results / "fusion_peers.json"
    path.write_text(json.dumps({**about, "outcomes": rows}, indent=2) + "\n")


def _tiles(drawn: drawing.Drawing) -> tuple[Tile, ...]:
    return plan_tiles(drawn.height, drawn.width, overlap=256)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "this tree" if package == "geoseg" else ""


if __name__ == "__main__":
    main()
