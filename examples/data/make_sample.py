"""Cut the sample scene and its building footprints out of the Banepa orthophoto.

    python examples/data/make_sample.py --data DIR

DIR holds banepa/banepa_west.tif and banepa/banepa_west_buildings.geojson. The rows taken are those
that no training of the shipped checkpoint has seen. Pixels are copied without loss.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from shapely import box, from_geojson, intersection, make_valid, to_geojson

HELD_OUT = Window(col_off=0, row_off=3072, width=2048, height=1024)
HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data / "banepa"
    bounds = cut_scene(data / "banepa_west.tif", HERE / "banepa_sample.tif")
    cut_buildings(
        data / "banepa_west_buildings.geojson", bounds, HERE / "osm" / "buildings.geojson"
    )


def cut_scene(source: Path, target: Path) -> tuple[float, float, float, float]:
    """Copy the held-out rows; returns their bounds in longitude and latitude."""
    with rasterio.open(source) as scene:
        pixels = scene.read(window=HELD_OUT)
        profile = {
            "driver": "GTiff",
            "dtype": "uint8",
            "count": 3,
            "height": HELD_OUT.height,
            "width": HELD_OUT.width,
            "crs": "EPSG:3857",
            "transform": scene.window_transform(HELD_OUT),
            "tiled": True,
            "blockxsize": 512,
            "blockysize": 512,
            "compress": "deflate",
            "predictor": 2,
            "zlevel": 9,
            "photometric": "rgb",
        }
        bounds = transform_bounds(scene.crs, "OGC:CRS84", *scene.window_bounds(HELD_OUT))
    with rasterio.open(target, "w", **profile) as copy:
        copy.write(pixels)
        copy.update_tags(
            TIFFTAG_COPYRIGHT="CC-BY-4.0, HOTOSM / OpenAerialMap",
            TIFFTAG_IMAGEDESCRIPTION="Banepa, Nepal, drone orthophoto (crop)",
        )
    return bounds


def cut_buildings(source: Path, bounds: tuple[float, float, float, float], target: Path) -> None:
    """Clip the footprints to the scene; polygons only, as in the source."""
    frame = box(*bounds)
    features = []
    for feature in json.loads(source.read_text(encoding="utf-8"))["features"]:
        whole = make_valid(from_geojson(json.dumps(feature["geometry"])))
        inside = intersection(whole, frame)
        if inside.area > 0 and inside.geom_type in ("Polygon", "MultiPolygon"):
            clipped = {**feature, "geometry": json.loads(to_geojson(inside))}
            features.append(clipped)
    collection = {"type": "FeatureCollection", "name": "buildings", "features": features}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(collection) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
