"""Laws of contours on fields of noise."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from geoseg.contours import Shape, polygonize
from geoseg.fuse import Field, Strip
from geoseg.fuse.field import quantized
from tests.property.fields import SQUARES, field_of, grid_of


@st.composite
def noise(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]]:
    """Logits, coverage, and the scene's size in pixels."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = random.standard_normal((height, width))
    blur = draw(st.sampled_from([0.0, 0.7, 2.0]))
    if blur:
        logits = ndimage.gaussian_filter(logits, blur)
    if draw(st.booleans()):
        logits = np.sign(logits)  # plateaus: crossings in the very middle of edges
    coverage = random.random((height, width)) < draw(st.sampled_from([0.6, 0.95, 2.0]))
    size = (4 * height - draw(st.integers(0, 3)), 4 * width - draw(st.integers(0, 3)))
    return np.asarray(logits, np.float32), coverage, size


def described(shapes: Iterable[Shape]) -> list[tuple[str, float, float, int, int, bool]]:
    """Every number of every shape, in the order of their polygons."""
    return sorted(told(shape) for shape in shapes)


def told(shape: Shape) -> tuple[str, float, float, int, int, bool]:
    known = (shape.score, shape.agreement, shape.n_seen, shape.n_found, shape.touches_edge)
    return (shape.polygon.wkb_hex, *known)


@settings(deadline=None)
@given(noise(), st.integers(0, 2**32))
def test_polygons_do_not_depend_on_strips(
    drawn: tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]], seed: int
) -> None:
    logits, coverage, size = drawn
    score = np.random.default_rng(seed).random(logits.shape).astype(np.float32)
    whole, *others = (
        described(
            polygonize(field_of(logits, size=size, rows=rows, coverage=coverage, score=score))
        )
        for rows in (1000, 64, 7, 1)
    )
    assert all(other == whole for other in others)


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
@settings(deadline=None)
@given(noise(), st.integers(1, 50), st.integers(0, 2**32), st.booleans())
def test_compiled_loops_draw_the_same(
    drawn: tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]],
    rows: int,
    seed: int,
    pixel_edges: bool,
) -> None:
    logits, coverage, size = drawn
    score = np.random.default_rng(seed).random(logits.shape).astype(np.float32)
    field = field_of(logits, size=size, rows=rows, coverage=coverage, score=score)
    plain, fast = (
        polygonize(field, pixel_edges=pixel_edges, compiled=compiled) for compiled in (False, True)
    )
    assert [told(shape) for shape in fast] == [told(shape) for shape in plain]


@settings(deadline=None)
@given(noise(), st.integers(1, 50))
def test_pixel_edges_are_the_outlines_that_rasterio_draws(
    drawn: tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]], rows: int
) -> None:
    logits, coverage, _ = drawn
    field = field_of(logits, stride=1, rows=rows, coverage=coverage)
    mask = (quantized(logits) > 0) & coverage
    expected = [
        shapely.geometry.shape(outline)
        for outline, _ in rasterio.features.shapes(mask.astype(np.uint8), mask=mask)
    ]
    found = [shape.polygon for shape in polygonize(field, pixel_edges=True)]
    assert all(polygon.is_valid for polygon in found)
    assert {shapely.normalize(p).wkt for p in found} == {shapely.normalize(p).wkt for p in expected}


@settings(deadline=None)
@given(noise(), st.integers(1, 50))
def test_polygons_are_valid_and_apart(
    drawn: tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]], rows: int
) -> None:
    logits, coverage, size = drawn
    shapes = list(polygonize(field_of(logits, size=size, rows=rows, coverage=coverage)))
    polygons = np.array([shape.polygon for shape in shapes], dtype=object)
    assert shapely.is_valid(polygons).all()
    assert (shapely.area(polygons) > 0).all()
    area = float(shapely.area(polygons).sum())
    assert abs(shapely.union_all(polygons).area - area) < 1e-6
    assert all(shapely.box(0, 0, size[1], size[0]).covers(polygon) for polygon in polygons)


@settings(deadline=None)
@given(noise(), st.integers(1, 50))
def test_polygonize_then_rasterize_is_the_identity(
    drawn: tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, int]], rows: int
) -> None:
    logits, coverage, size = drawn
    shapes = list(polygonize(field_of(logits, size=size, rows=rows, coverage=coverage)))
    height, width = logits.shape
    # Centres of what of each cell lies inside the scene.
    y = (np.arange(height) * 4 + np.minimum(np.arange(1, height + 1) * 4, size[0])) / 2
    x = (np.arange(width) * 4 + np.minimum(np.arange(1, width + 1) * 4, size[1])) / 2
    points = shapely.points(*(axis.ravel() for axis in np.meshgrid(x, y)))
    inside = np.zeros(logits.size, np.bool_)
    tree = shapely.STRtree(points)
    for shape in shapes:
        inside[tree.query(shape.polygon, predicate="intersects")] = True
    expected = (quantized(logits) > 0) & coverage
    assert (inside.reshape(logits.shape) == expected).all()


def tall(height: int) -> Field:
    """Blobs and a wide noisy band, the same ones again and again, `height` rows of cells."""
    random = np.random.default_rng(3)
    rows = np.asarray(ndimage.gaussian_filter(random.standard_normal((64, 96)), 2), np.float32)
    rows[0] = rows[-1] = -1.0
    samples = quantized(rows)
    planes = [np.ones(samples.shape, kind) for kind in "?HHff"]

    def strips() -> Iterator[Strip]:
        for row in range(0, height, 64):
            yield Strip(row, samples, *planes)  # type: ignore[arg-type]

    return Field(SQUARES, grid_of(4 * height, 4 * 96), 4, 0, strips)


def test_memory_does_not_grow_with_height() -> None:
    peaks = []
    for height in (64 * 4, 64 * 40):
        tries = []
        for _ in range(3):  # imports and caches are warm after the first
            tracemalloc.start()
            count = sum(1 for _ in polygonize(tall(height)))
            tries.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert count >= height // 64
        peaks.append(min(tries))
    assert peaks[1] < 1.05 * peaks[0]
