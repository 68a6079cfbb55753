"""Frames lie on the cells of the picked and of the best mask."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from training.viz.figures import save
from training.viz.mosaic import BEST, PICKED, Candidates, mosaic_figure


def planted(scores, ious, height=40, width=30):
    k = len(scores)
    masks = np.zeros((k, height, width), bool)
    for i in range(k):
        masks[i, i : i + 5, 3:9] = True
    return Candidates(
        np.full((height, width, 3), 90, np.uint8), masks[0], masks, tuple(scores), tuple(ious)
    )


def framed(figure):
    """Colour of a frame → words of the cell that it is around."""
    (axes,) = figure.axes
    found = {}
    for patch in axes.patches:
        top = [text for text in axes.texts if 0 <= text.get_position()[0] - patch.get_x() <= 6]
        near = min(top, key=lambda text: abs(text.get_position()[1] - patch.get_y()))
        found[to_hex(patch.get_edgecolor())] = near.get_text()
    return found


@pytest.mark.parametrize("k", [1, 3, 10, 100])
def test_red_is_picked_and_green_is_best(k):
    scores, ious = np.full(k, 0.1), np.full(k, 0.2)
    picked, best = k // 2, k - 1
    scores[picked], ious[best] = 0.9, 0.8
    found = framed(mosaic_figure(planted(scores, ious), "ships"))
    assert found[PICKED].startswith(f"{picked + 1}: 0.90")
    assert found[BEST].startswith(f"{best + 1}: ")
    assert found[BEST].endswith("IoU 0.80")


def test_both_frames_are_seen_on_one_mask():
    figure = mosaic_figure(planted([0.1, 0.9], [0.0, 1.0]), "ships")
    red, green = figure.axes[0].patches
    assert green.get_x() < red.get_x()
    assert green.get_width() > red.get_width()


def test_the_masks_themselves_are_drawn_in_their_cells():
    shown = planted([0.1, 0.9], [0.0, 1.0])
    canvas = mosaic_figure(shown, "ships").axes[0].images[0].get_array()
    # 4 cells, 2 across: the second mask is at the bottom right.
    top, left = 20 + 40 + 12 + 20, 12 + 30 + 12
    cell = np.asarray(canvas[top : top + 40, left : left + 30])
    assert ((cell != 90).any(-1) == shown.masks[1]).all()


def test_bytes_do_not_change(tmp_path):
    for name in ("1.png", "2.png"):
        save(mosaic_figure(planted([0.1, 0.9], [0.0, 1.0]), "$ships_{"), tmp_path / name)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
