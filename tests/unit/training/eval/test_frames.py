"""The pixels in which masks are compared."""

import pytest
import torch

from geoseg.segearth.preprocess import Letterbox
from training.eval.frames import found_in, truth_in


def plane(height: int, width: int, rows: slice, cols: slice) -> torch.Tensor:
    mask = torch.zeros(1, height, width, dtype=torch.bool)
    mask[0, rows, cols] = True
    return mask


def test_native_truth_is_untouched():
    mask = plane(30, 50, slice(3, 9), slice(4, 40))
    assert torch.equal(truth_in(mask, "native"), mask)


def test_the_released_frame_widens_the_truth_and_nothing_else_does():
    mask = plane(512, 512, slice(100, 200), slice(100, 200))
    share = {name: truth_in(mask, name).float().mean().item() for name in ("native", "1024", "480")}
    exact = 100 * 100 / 512**2
    assert share["native"] == exact
    assert share["480"] == pytest.approx(exact, rel=0.02)
    assert share["1024"] == pytest.approx(exact * (202 / 200) ** 2, rel=1e-3)


@pytest.mark.parametrize(("height", "width"), [(400, 800), (800, 400), (333, 777)])
@pytest.mark.parametrize("frame", ["native", "1024", "480"])
def test_truth_and_found_lie_alike_in_pictures_that_are_not_square(height, width, frame):
    """Padding belongs to both: a truth that is squashed while the picture is padded is shifted."""
    rows, cols = slice(height // 4, height // 2), slice(width // 2, 3 * width // 4)
    box = Letterbox(height, width, 256)
    scaled_height, scaled_width = box.scaled
    logits = torch.full((1, 256, 256), -8.0)
    logits[
        0,
        round(rows.start * scaled_height / height) : round(rows.stop * scaled_height / height),
        round(cols.start * scaled_width / width) : round(cols.stop * scaled_width / width),
    ] = 8.0
    found = found_in(logits, box, frame)
    truth = truth_in(plane(height, width, rows, cols), frame)
    assert found.shape == truth.shape
    iou = (found & truth).sum() / (found | truth).sum()
    assert iou > 0.95


def test_logits_are_resized_before_they_are_cut():
    """The zero of a slope lies between cells; of a binary mask it could only lie on them."""
    slope = torch.linspace(-1.0, 1.4, 8).repeat(8, 1)[None]
    found = found_in(slope, Letterbox(64, 64, 64), "native")
    steps = torch.repeat_interleave((slope > 0), 8, dim=2)
    edge = found[0, 32].int().argmax().item()
    cell = steps[0, 4].int().argmax().item()
    # Cell k has its centre at 8 k + 4; the slope is 0 at cell 35/12.
    assert edge == pytest.approx(8 * 35 / 12 + 4, abs=1)
    assert cell == 24
    assert edge != cell


@pytest.mark.parametrize(
    ("frame", "shape"), [("native", (0, 30, 50)), ("1024", (0, 1024, 1024)), ("480", (0, 480, 480))]
)
def test_no_masks(frame, shape):
    assert truth_in(torch.zeros(0, 30, 50, dtype=torch.bool), frame).shape == shape
    assert found_in(torch.zeros(0, 8, 8), Letterbox(30, 50, 64), frame).shape == shape
