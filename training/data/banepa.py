"""The Banepa orthophoto with its OpenStreetMap buildings."""

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.warp import transform, transform_geom
from rasterio.windows import Window

from training.data.labelled import LabelledImage, Mask, Split
from training.data.open_areas import away_from
from training.data.splits import held_out

IMAGE: Final = "banepa/banepa_west.tif"
BUILDINGS: Final = "banepa/banepa_west_buildings.geojson"

OPEN_AREA_DISTANCE: Final = 6.0
"""Metres between an open area and the nearest building."""

ABSENT: Final = frozenset(
    {
        "airplane",
        "airport runway",
        "baseball diamond",
        "tennis court",
        "swimming pool",
        "ship",
        "beach",
        "sea",
        "river",
    }
    | {"overpass", "sand bunker", "jet bridge"}
)
"""Looked for over the whole image and not found."""


def read_banepa(data_dir: Path, split: Split) -> LabelledImage:
    """The rows of a split with buildings, the ground between them, and the open areas on it."""
    first, after = held_out().banepa_rows
    rows = (0, first) if split == "train" else (first, after)
    with rasterio.open(data_dir / IMAGE) as scene:
        window = Window(0, rows[0], scene.width, rows[1] - rows[0])
        rgb = scene.read((1, 2, 3), window=window)
        gsd = _ground_metres(scene)
        buildings = _buildings(data_dir / BUILDINGS, scene)[rows[0] : rows[1]]
    masks = {
        "building": buildings,
        "ground": ~buildings,
        "open area": away_from(buildings, OPEN_AREA_DISTANCE, gsd),
    }
    return LabelledImage(
        name=f"{IMAGE}[{rows[0]}:{rows[1]}]",
        source="banepa",
        split=split,
        rgb=rgb,
        gsd=gsd,
        masks=masks,
        known=dict.fromkeys(masks, True),
        absent=ABSENT,
    )


def _ground_metres(scene: Any) -> float:
    """Metres on the ground per pixel: Mercator units shrink with the cosine of latitude."""
    x, y = scene.xy(scene.height // 2, scene.width // 2)
    _, latitudes = transform(scene.crs, "EPSG:4326", [x], [y])
    return float(scene.res[0] * math.cos(math.radians(latitudes[0])))


def _buildings(path: Path, scene: Any) -> Mask:
    features = json.loads(path.read_text("utf-8"))["features"]
    shapes = [transform_geom("EPSG:4326", scene.crs, feature["geometry"]) for feature in features]
    burnt = rasterize(shapes, out_shape=scene.shape, transform=scene.transform, dtype="uint8")
    return np.asarray(burnt, bool)
