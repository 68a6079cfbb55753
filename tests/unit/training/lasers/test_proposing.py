"""Proposers, and which of their masks are kept."""

import numpy as np
import pytest

from geoseg.errors import CheckpointError
from training.lasers.grids import global_points
from training.lasers.proposing import Proposal, Thresholds, mask_iou, open_proposer, selected
from training.lasers.regions import FloodFillProposer


def blob(box):
    """A mask (64, 64) with a filled box x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    mask = np.zeros((64, 64), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def proposal(box, quality=0.9, stability=0.9):
    return Proposal(blob(box), quality, stability, (0.0, 0.0))


def test_flood_fill_finds_what_differs_from_its_surroundings():
    random = np.random.default_rng(0)
    picture = np.full((64, 96, 3), (60, 90, 60))
    picture[20:44, 30:70] = (200, 190, 180)
    picture = (picture + random.integers(-4, 5, picture.shape)).astype(np.uint8)
    found = FloodFillProposer().propose(picture, np.array([[50.0, 30.0]]))
    assert len(found) == 3
    best = selected(found, FloodFillProposer.thresholds)
    assert len(best) == 1
    truth = np.zeros((64, 96), bool)
    truth[20:44, 30:70] = True
    assert mask_iou(best[0].mask, truth) > 0.9
    assert best[0].point == (50, 30)


def test_flood_fill_leaves_noise_alone():
    noise = np.random.default_rng(1).integers(0, 255, (48, 48, 3)).astype(np.uint8)
    proposer = FloodFillProposer()
    assert selected(proposer.propose(noise, global_points(48, 48)), proposer.thresholds) == []


def test_each_thing_is_kept_once_and_the_best_of_it():
    thresholds = Thresholds(quality=0.5, stability=0.5, min_pixels=20, max_share=0.5)
    good, nearly, other = (
        proposal((10, 10, 30, 30)),
        proposal((10, 10, 30, 29), quality=0.95),
        proposal((40, 40, 50, 50)),
    )
    assert selected([good, nearly, other], thresholds) == [nearly, other]
    assert selected([good, other], thresholds, [blob((10, 10, 31, 30))]) == [other]


@pytest.mark.parametrize(
    "one",
    [
        proposal((0, 0, 20, 20), quality=0.4),
        proposal((0, 0, 20, 20), stability=0.4),
        proposal((0, 0, 3, 3)),
        proposal((0, 0, 60, 60)),
    ],
)
def test_what_does_not_pass_goes(one):
    assert selected([one], Thresholds(0.5, 0.5, min_pixels=20, max_share=0.5)) == []


@pytest.mark.parametrize("name", ["sam", "sam2"])
def test_both_sams_draw_three_masks_for_each_point(name):
    picture = np.random.default_rng(2).integers(0, 255, (60, 90, 3)).astype(np.uint8)
    points = global_points(60, 90)[:5]
    proposer = open_proposer(name, None, "cpu")
    found = proposer.propose(picture, points)
    assert len(found) == 15
    assert {one.mask.shape for one in found} == {(60, 90)}
    assert [one.point for one in found[::3]] == [tuple(point) for point in points]
    assert all(0 <= one.stability <= 1 for one in found)
    again = open_proposer(name, None, "cpu").propose(picture, points)
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(found, again, strict=True))


def test_masks_are_those_of_the_librarys_own_processors():
    torch = pytest.importorskip("torch")
    from transformers import Sam2ImageProcessor, SamImageProcessor

    random = np.random.default_rng(3).integers(0, 255, (10, 16, 3)).astype(np.uint8)
    picture = np.kron(random, np.ones((16, 16, 1), np.uint8))
    points = np.array([[60.0, 40.0], [200.0, 150.0]])
    readers = {
        "sam": SamImageProcessor(
            size={"longest_edge": 128}, pad_size={"height": 128, "width": 128}
        ),
        "sam2": Sam2ImageProcessor(size={"height": 128, "width": 128}),
    }
    for name, reader in readers.items():
        proposer = open_proposer(name, None, "cpu")
        read = reader(picture, return_tensors="pt")
        sizes = [read["original_sizes"]]
        if name == "sam":
            sizes.append(read["reshaped_input_sizes"])
        scale = torch.tensor([128 / 256, (128 / 256) if name == "sam" else 128 / 160])
        places = (torch.tensor(points) * scale - 0.5).float()[None, :, None]
        with torch.inference_mode():
            answer = proposer.model(pixel_values=read["pixel_values"], input_points=places)
        masks = reader.post_process_masks(answer.pred_masks, *sizes)[0].flatten(0, 1).numpy()
        found = proposer.propose(picture, points)
        assert len(found) == len(masks) == 6
        for one, mask in zip(found, masks, strict=True):
            assert np.mean(one.mask == mask) > 0.99


def test_a_folder_without_a_sam_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json and model\.safetensors"):
        open_proposer("sam", tmp_path, "cpu")


def test_no_proposer():
    assert open_proposer("none", None, "cpu") is None
