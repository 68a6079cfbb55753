"""Shapes against measured values, and outlines against OpenCV."""

import numpy as np
import pytest
from scipy import ndimage

from training.lasers.shapes import components, outline, primary_component, shape_of


def disc(radius):
    y, x = np.ogrid[-radius - 2 : radius + 3, -radius - 2 : radius + 3]
    return x**2 + y**2 <= radius**2


def rectangle(height, width):
    return np.pad(np.ones((height, width), bool), 3)


def plus(side, arm):
    start = (side - arm) // 2
    mask = np.zeros((side, side), bool)
    mask[start : start + arm] = mask[:, start : start + arm] = True
    return np.pad(mask, 2)


@pytest.mark.parametrize(
    ("mask", "circularity", "solidity", "extent", "eccentricity"),
    [
        (disc(50), 0.907, 0.989, 0.769, 0),
        (disc(5), 0.936, 0.892, 0.669, 0),
        (rectangle(79, 79), 0.806, 1, 1, 0),
        (rectangle(79, 316), 0.507, 1, 1, 0.969),
        (plus(100, 16), 0.237, 0.440, 0.294, 0),
    ],
)
def test_measured_values(mask, circularity, solidity, extent, eccentricity):
    shape = shape_of(mask)
    assert shape.circularity == pytest.approx(circularity, abs=0.002)
    assert shape.solidity == pytest.approx(solidity, abs=0.003)
    assert shape.extent == pytest.approx(extent, abs=0.001)
    assert shape.eccentricity == pytest.approx(eccentricity, abs=0.001)


def test_symmetry_finds_the_axis_however_the_shape_lies():
    arrow = np.zeros((61, 61), bool)
    for row in range(40):
        arrow[10 + row, 30 - row // 3 : 31 + row // 3] = True
    assert shape_of(arrow).symmetry == 1
    for angle in (20, 45, 70):
        turned = ndimage.rotate(arrow.astype(float), angle, order=1) > 0.5
        assert shape_of(turned).symmetry > 0.9
    corner = np.zeros((60, 60), bool)
    corner[5:55, 5:15] = corner[45:55, 5:30] = True
    assert shape_of(corner).symmetry < 0.85


def test_symmetry_of_round_shapes_does_not_hang_on_an_axis():
    for mask in (disc(20), plus(60, 12), ndimage.rotate(plus(60, 12), 30, order=0)):
        assert shape_of(mask).symmetry > 0.9


def test_the_largest_piece_counts():
    mask = np.zeros((40, 60), bool)
    mask[2:30, 2:30] = True
    mask[35:38, 40:50] = True
    assert shape_of(mask) == shape_of(mask[:32, :32])
    assert primary_component(mask).shape == (28, 28)
    assert components(mask)[1].tolist() == [784, 30]


def test_corners_that_touch_are_one_piece():
    mask = np.eye(3, dtype=bool)
    assert components(mask)[1].tolist() == [3]
    assert outline(mask) == (4 * 2**0.5, 0)


def test_the_smallest_shapes():
    point = shape_of(np.ones((1, 1), bool))
    assert (point.circularity, point.solidity, point.extent, point.eccentricity) == (1, 1, 1, 0)
    line = shape_of(np.ones((1, 9), bool))
    assert line.eccentricity == 1
    assert line.symmetry == 1
    with pytest.raises(ValueError, match="empty"):
        shape_of(np.zeros((4, 4), bool))


def test_outlines_are_those_of_opencv():
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(5)
    for _ in range(60):
        noise = ndimage.gaussian_filter(random.normal(size=(40, 40)), random.uniform(0, 3))
        part = primary_component(noise > 0)
        found, _ = cv2.findContours(
            np.pad(part, 1).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        length, area = outline(part)
        assert len(found) == 1
        assert length == pytest.approx(cv2.arcLength(found[0], closed=True), abs=1e-3)
        assert area == pytest.approx(cv2.contourArea(found[0]))
        if area:
            hull = cv2.contourArea(cv2.convexHull(found[0]))
            assert shape_of(part).solidity == pytest.approx(area / hull)
