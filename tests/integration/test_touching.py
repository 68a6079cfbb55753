"""Things of different names that touch in the scene touch in the output, however simple."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely

import geoseg
from tests.conftest import DrawScene

SIDE = 320


@pytest.fixture
def scene(draw_scene: DrawScene) -> Path:
    """A square of red, green and blue whose borders wander from mask cell to mask cell."""
    pixels = np.full((3, SIDE, SIDE), 90, np.uint8)
    walk = 4 * np.cumsum(np.random.default_rng(5).integers(-1, 2, (2, SIDE // 4)), axis=1)
    cells = np.clip(walk, -40, 40).repeat(4, axis=1)
    for row in range(20, SIDE - 20):
        first, second = 120 + cells[0, row], 220 + cells[1, row]
        pixels[:, row, 20 : SIDE - 20] = 20
        for band, begin, end in ((0, 20, first), (1, first, second), (2, second, SIDE - 20)):
            pixels[band, row, begin:end] = 250
    return draw_scene(pixels)


@pytest.mark.parametrize("words", [("red, green and blue",), ("red", "green", "blue")], ids=len)
@pytest.mark.parametrize("simplify", [0.25, 3.0])
def test_no_sliver_is_between_them(scene: Path, words: tuple[str, ...], simplify: float) -> None:
    def found(tolerance: float) -> np.ndarray:
        return geoseg.segment(scene, *words, checkpoint="color", simplify=tolerance).geometry.values

    exact, simple = found(0), found(simplify)
    assert len(exact) == len(simple) == 3
    assert (
        shapely.get_num_coordinates(simple).sum() < 0.7 * shapely.get_num_coordinates(exact).sum()
    )
    for polygons in (exact, simple):
        whole = shapely.union_all(polygons)
        assert whole.geom_type == "Polygon"
        assert not whole.interiors
        assert whole.area == pytest.approx((140**2), rel=0.001)
        for one, other in itertools.combinations(polygons, 2):
            assert one.intersection(other).area == 0
