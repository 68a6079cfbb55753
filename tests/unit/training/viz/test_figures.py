import numpy as np
import pytest
from matplotlib.figure import Figure

from geoseg.errors import InstructionError, OutputError
from training.viz.figures import COLORS, color_of, overlay, save, shrunk


def test_masks_have_the_colours_of_their_targets_and_a_rim():
    picture = np.full((9, 9, 3), 100, np.uint8)
    masks = np.zeros((2, 9, 9), bool)
    masks[0, 1:6, 1:6] = True
    masks[1, 7, 7] = True
    shown = overlay(picture, masks, strength=0.5)
    first, second = (np.array([255 * c for c in color_of(i)]) for i in (0, 1))
    np.testing.assert_allclose(shown[1, 1], first)
    np.testing.assert_allclose(shown[3, 3], 50 + first / 2, atol=0.51)
    np.testing.assert_allclose(shown[7, 7], second)
    assert (shown[0] == 100).all()
    assert (picture == 100).all()


def test_colours_come_again():
    assert color_of(len(COLORS)) == color_of(0)


def test_pictures_are_thinned_out_to_fit():
    assert [shrunk((h, 10), 100) for h in (10, 100, 101, 250)] == [1, 1, 2, 3]


def test_only_png_and_svg_are_written(tmp_path):
    with pytest.raises(InstructionError, match=r"\.png or \.svg"):
        save(Figure(), tmp_path / "figure.jpg")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        save(Figure(), tmp_path / "file" / "figure.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]
