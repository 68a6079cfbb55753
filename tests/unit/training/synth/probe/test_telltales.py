import numpy as np
import pytest
from scipy import ndimage

from training.synth.probe.telltales import GROUPS, telltales


def noise(sigma=0.0, level=128.0, seed=0):
    values = np.random.default_rng(seed).normal(level, sigma, (256, 256, 3))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def squares():
    picture = np.full((256, 256, 3), 60, np.uint8)
    picture[64:192, 64:192] = (200, 90, 90)
    return picture


def test_every_number_has_its_group():
    named = [name for names in GROUPS.values() for name in names]
    assert len(set(named)) == len(named)
    assert sorted(named) == sorted(telltales(noise(4)))


@pytest.mark.parametrize("picture", [noise(), noise(level=255), squares(), noise(40)])
def test_every_number_is_finite(picture):
    assert all(np.isfinite(value) for value in telltales(picture).values())


def test_noise_is_measured_in_grey_values():
    few, many = telltales(noise(3)), telltales(noise(6))
    assert many["noise in half"] == pytest.approx(2 * few["noise in half"], rel=0.05)
    assert few["noise in half"] == pytest.approx(3, rel=0.1)
    assert abs(few["noise in common between colours"]) < 0.1


def test_noise_of_the_light_alone_is_common_to_all_colours():
    gray = noise(5)[:, :, :1].repeat(3, 2)
    assert telltales(gray)["noise in common between colours"] == pytest.approx(1)


def test_blur_softens_edges_and_joins_noise():
    sharp, soft = squares(), ndimage.gaussian_filter(squares(), (2, 2, 0))
    name = "sharpness of strong edges"
    assert telltales(soft)[name] < 0.8 * telltales(sharp)[name]
    blurred = ndimage.gaussian_filter(noise(40), (1, 1, 0))
    name = "likeness of noise to its neighbour"
    assert telltales(blurred)[name] > telltales(noise(40))[name] + 0.3


def test_colours():
    found = telltales(squares())
    assert found["distinct colours"] == 2 / 256**2
    assert found["saturation"] == pytest.approx(110 / 4)
    assert found["darkest hundredth"] == 60


def test_white_noise_has_a_level_spectrum_and_a_soft_picture_a_steep_one():
    level, steep = telltales(noise(20)), telltales(ndimage.gaussian_filter(noise(80), (3, 3, 0)))
    assert abs(level["slope"]) < 0.2
    assert steep["slope"] < -1.5


def test_blocks_of_eight_show():
    columns = np.arange(256) // 8 % 2 * 20
    blocks = (noise(2).astype(int) + columns[None, :, None]).clip(0, 255).astype(np.uint8)
    assert telltales(blocks)["steps at blocks of 8"] > 5
    assert telltales(noise(2))["steps at blocks of 8"] == pytest.approx(1, abs=0.1)


def test_stripes_have_one_direction():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = 200
    assert telltales(stripes)["one direction above others"] > 10
