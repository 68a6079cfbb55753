"""Rasters of faces, votes and shadows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from training.synth.rendering import Window, render
from training.synth.rendering.faces import draw_faces, draw_shadows, height_code
from training.synth.rendering.look import draw_look
from training.synth.rendering.loops import gather, spread
from training.synth.rendering.noise import smooth, white
from training.synth.shapes import box, disc, rectangle
from training.synth.world import Canvas, Face, Frame, Layer, Paint, Sun

WINDOW = Window(-10, -10, 0.25, 80, 80)
RED = Paint((200, 30, 30))
SUN = Sun(0.0, 2.0)


def canvas() -> Canvas:
    return Canvas(np.random.default_rng(0), SUN)


def test_areas_of_masks_are_those_of_shapes():
    drawn = canvas()
    car, pond = drawn.thing("small car"), drawn.thing("lake")
    drawn.fill(box(6, 4, -5, -5), RED, Layer.LOW, thing=car)
    drawn.fill(disc(4, 4, 4), RED, Layer.WATER, thing=pond)
    picture = render(drawn.world("test"), WINDOW, None, (0, 0))
    areas = np.bincount(picture.things.ravel()) / 16
    assert areas[car] == pytest.approx(24, rel=0.05)
    assert areas[pond] == pytest.approx(math.pi * 16, rel=0.05)


def test_what_is_above_hides_what_is_below():
    drawn = canvas()
    lower, upper = drawn.thing("road"), drawn.thing("bridge")
    drawn.fill(box(8, 8), RED, Layer.DECK, thing=upper)
    drawn.fill(box(16, 4), RED, Layer.ROAD, thing=lower)
    things = render(drawn.world("test"), WINDOW, None, (0, 0)).things
    assert things[40, 40] == upper
    assert things[40, 15] == lower


def test_a_frame_turns_and_shifts():
    drawn = canvas()
    drawn.fill(box(2, 1), RED, Layer.LOW, Frame(3, 0, math.pi / 2))
    low, high = drawn.faces[0].points.min(axis=0), drawn.faces[0].points.max(axis=0)
    assert low == pytest.approx([2.5, -1])
    assert high == pytest.approx([3.5, 1])


def test_a_vote_needs_half_of_a_pixel_and_ties_go_to_the_lower():
    """By things, which faces 3 and 4 share; by parts, which nothing has but face 2."""
    ids = np.array([[1, 1, 2, 3, 2, 2], [1, 2, 0, 4, 1, 1]], np.uint32)
    items = np.array([(0, 0, 0), (7, 0, 0), (8, 5, 0), (9, 0, 0), (9, 0, 0)], np.uint32)
    paint = np.array([(0, 0, 0), (8, 0, 0), (40, 0, 0), (80, 0, 0), (80, 0, 0)], np.float32)
    ground = np.full((1, 3, 3), 100, np.uint8)
    rgb, middle, chosen = gather(ids, paint, items, ground)
    assert chosen[0].tolist() == [[7, 9, 7]]
    assert chosen[1].tolist() == [[0, 0, 0]]
    assert middle.tolist() == [[2, 4, 1]]
    assert rgb[0, :, 0].tolist() == [16, (40 + 80 + 80 + 100) / 4, 24]


def test_a_blur_keeps_what_is_even_and_spreads_a_point():
    taps = np.array([0.25, 0.5, 0.25], np.float32)
    even = np.full((5, 6, 3), 7, np.float32)
    assert (spread(even, taps) == 7).all()
    point = np.zeros((7, 8, 3), np.float32)
    point[3, 4, 1] = 16
    found = spread(point, taps)
    expected = ndimage.correlate1d(
        ndimage.correlate1d(point, taps, 0, mode="nearest"), taps, 1, mode="nearest"
    )
    assert found == pytest.approx(expected)


def test_streaks_and_texture_are_the_same_in_every_window():
    """Of two windows that overlap, the common pixels, but for the rows that border on blocks of the
    JPEG which only one of them has whole."""
    drawn = Canvas(np.random.default_rng(0), SUN, Frame(0, 0, 0.7))
    paint = Paint((120, 130, 90), "grass")
    drawn.fill(box(90, 90), paint, Layer.GROUND, thing=drawn.thing("grass"))
    world = drawn.world("test")
    look = replace(draw_look(np.random.default_rng(1)), quality=95)
    first = render(world, Window(0, 0, 0.25, 64, 64), look, (0, 0)).rgb
    second = render(world, Window(0, 4, 0.25, 64, 64), look, (16, 0)).rgb
    assert np.array_equal(first[17:-1], second[1:-17])


def test_shadows_fall_away_from_the_sun_and_on_nothing_higher():
    face = Face(box(2, 2), RED, Layer.BUILDING, height=2.0, casts=True)
    cast = draw_shadows([face], WINDOW, SUN)
    at = {x: cast[80, int((x + 10) * 8)] for x in (-3, 0, 3, 4.5, 7)}
    code = height_code(2.0)
    assert at == {-3: 0, 0: code, 3: code, 4.5: code, 7: 0}


def test_light_passes_below_what_hovers():
    face = Face(box(2, 2), RED, Layer.DECK, height=3.0, under=2.9, casts=True)
    cast = draw_shadows([face], WINDOW, SUN)
    assert cast[80, (12 * 8)] == 0
    assert cast[80, (16 * 8)] == height_code(3.0)


def test_hidden_faces_only_cast():
    face = Face(rectangle(-2, -2, 2, 2), RED, Layer.LOW, height=2.0, casts=True, hidden=True)
    assert not draw_faces([face], WINDOW).any()
    assert draw_shadows([face], WINDOW, SUN).any()


@pytest.mark.parametrize("weights", [{1: 1.0}, {2: 0.7, 3: 0.7}, {5: 1.0}])
def test_noise_is_the_same_in_every_window(weights):
    whole = smooth(9, weights, (-32, -32), (160, 160))
    piece = smooth(9, weights, (17, 45), (40, 30))
    assert piece == pytest.approx(whole[49:89, 77:107], abs=1e-4)
    assert whole.std() == pytest.approx(1, abs=0.45)


def test_white_noise_is_white():
    noise = white(3, (0, 0), (256, 256))
    assert noise.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 0.02
