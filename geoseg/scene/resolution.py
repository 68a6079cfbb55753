"""The working resolution: a grid over the same ground with pixels of a chosen size."""

from __future__ import annotations

import math
from dataclasses import replace

from affine import Affine
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError

from geoseg.errors import InstructionError, SceneError
from geoseg.grid import Grid

MOST_FINER = 4.0
"""How many times finer than its pixels a scene may be worked on: more shows nothing new."""

_SAME = 1e-6
"""Relative difference of pixel sizes that is none."""


def working_grid(native: Grid, gsd: float) -> Grid:
    """The grid whose pixels measure `gsd` metres on the ground at the scene's centre, about.

    It covers exactly the ground of the native one, so its size is rounded to whole pixels.

    Raises InstructionError for a size that is no size, larger than the scene, or more than 4 times
    finer than the scene's pixels, SceneError when the centre is nowhere on Earth.
    """
    if not (math.isfinite(gsd) and gsd > 0):
        raise InstructionError(
            f"The working resolution must be a positive number of metres, got {gsd}.",
            hint="For example --gsd 0.3.",
        )
    across, down = pixel_metres(native)
    if max(across, down) / gsd > MOST_FINER:
        raise InstructionError(
            f"The working resolution of {gsd:g} m is more than {MOST_FINER:g} times finer than the "
            f"scene's pixels of {across:.4g} × {down:.4g} m.",
            hint=f"Use --gsd {max(across, down) / MOST_FINER:.4g} or more, or leave it out.",
        )
    if native.width * across < gsd or native.height * down < gsd:
        raise InstructionError(
            f"The working resolution of {gsd:g} m is coarser than the whole scene, which measures "
            f"{native.width * across:.4g} × {native.height * down:.4g} m.",
            hint="Give --gsd in metres per pixel.",
        )
    if abs(across / gsd - 1) < _SAME and abs(down / gsd - 1) < _SAME:
        return native
    width = max(1, round(native.width * across / gsd))
    height = max(1, round(native.height * down / gsd))
    scale = Affine.scale(native.width / width, native.height / height)
    return replace(native, transform=native.transform @ scale, width=width, height=height)


def pixel_metres(grid: Grid) -> tuple[float, float]:
    """Width and height of the pixel at the grid's centre, in metres along the ground.

    Raises SceneError when the centre is nowhere on Earth.
    """
    crs = CRS.from_wkt(grid.crs)
    geodetic = crs.geodetic_crs
    ellipsoid = crs.ellipsoid
    if geodetic is None or ellipsoid is None:
        raise SceneError(
            f"The CRS {crs.name} has no ellipsoid, so pixels have no size in metres.",
            hint="Leave --gsd out.",
            code="no_crs",
        )
    to_degrees = Transformer.from_crs(crs, geodetic, always_xy=True)
    geod = Geod(a=ellipsoid.semi_major_metre, b=ellipsoid.semi_minor_metre)

    def measured(cols: float, rows: float) -> float:
        x, y = grid.width / 2, grid.height / 2
        ends = [(x - cols / 2, y - rows / 2), (x + cols / 2, y + rows / 2)]
        try:
            places = [
                to_degrees.transform(*(grid.transform @ end), errcheck=True, radians=False)
                for end in ends
            ]
        except ProjError:
            return math.nan
        unit = 180 / math.pi * geodetic.axis_info[0].unit_conversion_factor
        (lon, lat), (other_lon, other_lat) = ((a * unit, b * unit) for a, b in places)
        return float(geod.inv(lon, lat, other_lon, other_lat)[2])

    sizes = measured(1, 0), measured(0, 1)
    if max(sizes) < 1:
        # Differences of coordinates lose digits: small pixels are measured many at once.
        sizes = measured(1000, 0) / 1000, measured(0, 1000) / 1000
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        raise SceneError(
            f"The centre of the scene has no place on Earth in its CRS, {crs.name}, so pixels have "
            "no size in metres.",
            hint="Leave --gsd out, or correct the scene's CRS.",
        )
    return sizes
