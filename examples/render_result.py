"""Draw a result over its scene, as in the README.

python examples/render_result.py SCENE RESULT.gpkg PICTURE.png
"""

import sys
from itertools import cycle
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
from PIL import Image, ImageDraw
from rasterio.enums import Resampling
from shapely import Polygon

WIDTH = 1400
"""Pixels of the picture."""

COLORS = ((255, 196, 0), (0, 190, 255), (255, 80, 120), (120, 220, 60))
"""One per layer, over and over."""


def main() -> None:
    scene, result, picture = map(Path, sys.argv[1:4])
    base, to_picture = shrunk(scene)
    layers = [
        name for name, geometry in pyogrio.list_layers(result) if geometry and name[:1].isdigit()
    ]
    for layer, color in zip(layers, cycle(COLORS), strict=False):
        polygons = pyogrio.read_dataframe(result, layer=layer).geometry.explode()
        base = painted(base, [to_picture(polygon) for polygon in polygons], color)
    picture.parent.mkdir(parents=True, exist_ok=True)
    # 256 colours keep the file small enough for a repository.
    base.quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)


def shrunk(path: Path):
    """The scene at the picture's size, and a function that brings polygons to its pixels."""
    with rasterio.open(path) as scene:
        scale = WIDTH / scene.width
        shape = (3, round(scene.height * scale), WIDTH)
        rgb = scene.read((1, 2, 3), out_shape=shape, resampling=Resampling.average)
        to_pixel = ~scene.transform

    def to_picture(polygon: Polygon) -> list[list[tuple[float, float]]]:
        rings = [polygon.exterior, *polygon.interiors]
        return [
            [tuple(scale * value for value in to_pixel @ point[:2]) for point in ring.coords]
            for ring in rings
        ]

    return Image.fromarray(np.moveaxis(rgb, 0, -1)), to_picture


def painted(base: Image.Image, polygons, color: tuple[int, int, int]) -> Image.Image:
    """The picture with polygons filled half transparently and outlined."""
    fill = Image.new("L", base.size, 0)
    draw = ImageDraw.Draw(fill)
    for outer, *holes in polygons:
        draw.polygon(outer, fill=90)
        for hole in holes:
            draw.polygon(hole, fill=0)
    mixed = Image.composite(Image.new("RGB", base.size, color), base, fill)
    lines = ImageDraw.Draw(mixed)
    for rings in polygons:
        for ring in rings:
            lines.line(ring, fill=color, width=2)
    return mixed


if __name__ == "__main__":
    main()
