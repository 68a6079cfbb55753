import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoseg.errors import InstructionError
from geoseg.rendering import Rendering, StretchSpec, parse_stretch, percentile_stretch

EVERYWHERE = np.ones((2, 2), bool)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("auto", StretchSpec("auto", 2, 98)),
        (" NONE ", StretchSpec("none")),
        ("0,3000", StretchSpec("range", 0, 3000)),
        ("-12.5,1e3", StretchSpec("range", -12.5, 1000)),
        ("p2-98", StretchSpec("percentile", 2, 98)),
        ("p0.5-99.5", StretchSpec("percentile", 0.5, 99.5)),
    ],
)
def test_each_form_of_a_stretch_is_read(text: str, spec: StretchSpec) -> None:
    assert parse_stretch(text) == spec


@pytest.mark.parametrize(
    "text", ["", "5", "1,2,3", "3000,0", "7,7", "nan,3", "0,inf", "p98-2", "p2-101", "p-1-98", "x"]
)
def test_a_wrong_stretch_names_the_forms(text: str) -> None:
    with pytest.raises(InstructionError, match="MIN,MAX") as caught:
        parse_stretch(text)
    assert repr(text) in str(caught.value)


def test_bytes_pass_untouched() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    assert Rendering((3, 2, 1)).render(pixels, EVERYWHERE) is pixels


def test_pixels_are_not_greyed_in_place() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    valid = np.array([[True, False], [True, True]])
    rgb = Rendering((3, 2, 1)).render(pixels, valid)
    assert (rgb[:, 0, 1] == 128).all()
    np.testing.assert_array_equal(pixels, np.arange(12).reshape(3, 2, 2))


def test_one_band_becomes_grey_and_invalid_pixels_128() -> None:
    pixels = np.array([[[0, 10], [20, 30]]], np.uint8)
    valid = np.array([[True, False], [True, True]])
    rgb = Rendering((2,)).render(pixels, valid)
    np.testing.assert_array_equal(rgb, np.repeat([[[0, 128], [20, 30]]], 3, axis=0))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_every_type_is_stretched_alike(dtype: str) -> None:
    pixels = np.array([[[0, 10], [60, 110]]], dtype)
    rgb = Rendering((1,), (10.0,), (60.0,)).render(pixels, EVERYWHERE)
    np.testing.assert_array_equal(rgb[0], [[0, 0], [255, 255]])
    middle = np.array([[[35]]], dtype)
    rgb = Rendering((1,), (10.0,), (60.0,)).render(middle, np.ones((1, 1), bool))
    assert abs(int(rgb[0, 0, 0]) - 127) <= 1


def test_values_that_are_no_numbers_render_without_warning() -> None:
    pixels = np.array([[[np.nan, np.inf], [-np.inf, 1.0]]], np.float32)
    rgb = Rendering((1,), (0.0,), (1.0,)).render(pixels, EVERYWHERE)
    np.testing.assert_array_equal(rgb[0], [[0, 255], [0, 255]])


def test_without_a_stretch_wide_types_are_cut_at_bytes() -> None:
    pixels = np.array([[[-5, 0], [200, 3000]]], np.int16)
    rgb = Rendering((1,)).render(pixels, EVERYWHERE)
    np.testing.assert_array_equal(rgb[0], [[0, 0], [200, 255]])


def test_a_palette_gives_each_value_its_colour() -> None:
    rendering = Rendering((1,), palette=((1, 2, 3), (40, 50, 60)))
    rgb = rendering.render(np.array([[[0, 1], [1, 9]]], np.uint8), EVERYWHERE)
    np.testing.assert_array_equal(rgb[:, 0, 0], [1, 2, 3])
    np.testing.assert_array_equal(rgb[:, 0, 1], [40, 50, 60])


def test_two_bands_are_no_picture() -> None:
    with pytest.raises(InstructionError, match="one band or three, got 2"):
        Rendering((1, 2))


def test_percentiles_leave_nodata_and_nan_out() -> None:
    samples = np.stack([np.arange(101.0), np.full(101, np.nan)])
    samples[1, :3] = (5.0, 6.0, 7.0)
    samples[0, 50] = -9999
    lows, highs = percentile_stretch(samples, samples[0] != -9999, 0, 100)
    assert (lows, highs) == ((0.0, 5.0), (100.0, 7.0))


def test_a_constant_band_still_has_a_range() -> None:
    lows, highs = percentile_stretch(np.full((1, 9), 7, np.uint16), np.ones(9, bool), 2, 98)
    assert lows == (7.0,)
    assert highs[0] > 7.0
    mostly = np.array([[4] * 200 + [9]], np.uint16)
    assert percentile_stretch(mostly, np.ones(201, bool), 2, 98) == ((4.0,), (9.0,))


@given(
    st.integers(-(2**15), 2**15 - 1), st.floats(-4e4, 4e4), st.floats(1e-3, 4e4), st.integers(1, 99)
)
def test_a_stretch_keeps_order(value: int, low: float, span: float, step: int) -> None:
    pixels = np.array([[[value, min(value + step, 2**15 - 1)]]], np.int16)
    rgb = Rendering((1,), (low,), (low + span,)).render(pixels, np.ones((1, 2), bool))
    assert rgb[0, 0, 0] <= rgb[0, 0, 1]


def test_json_tells_renderings_apart() -> None:
    plain = Rendering((1, 2, 3))
    assert plain.to_json() == {"bands": [1, 2, 3], "lows": None, "highs": None, "palette": None}
    assert plain.to_json() != Rendering((1, 2, 3), (0.0,) * 3, (1.0,) * 3).to_json()
