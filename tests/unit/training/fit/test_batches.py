import numpy as np
import pytest
import torch

from tests.unit.segearth.tiny_r2 import tiny_r2
from training.data.errors import DataError
from training.fit.batches import (
    Collation,
    Counts,
    NumberedBatches,
    draw_seed,
    place,
    stream,
)
from training.fit.examples import Example


@pytest.fixture(scope="module")
def collation():
    checkpoint = tiny_r2()
    return Collation(checkpoint.model.config, checkpoint.codec, 2)


def test_every_example_comes_once_per_epoch():
    seen = [place(10, 3, number) for number in range(20)]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]
    assert place(10, 3, 7) == seen[7]
    assert len({draw_seed(3, n) for n in range(100)} | {draw_seed(4, n) for n in range(100)}) == 200


def test_picture_and_masks_lie_alike_in_the_input(collation):
    picture = torch.zeros(3, 40, 80, dtype=torch.uint8)
    picture[:, 10:20, 40:60] = 255
    mask = np.zeros((1, 40, 80), dtype=bool)
    mask[0, 10:20, 40:60] = True
    batch = collation([Example(picture, "find it", "a [SEG]", mask)], [5])
    lit = batch.views.segmentation[0, 0, :32] > 128
    assert torch.equal(batch.masks[0, :32] > 128, lit)
    assert not batch.masks[0, 32:].any()
    assert batch.extent.tolist() == [[1.0, 0.5]]
    assert batch.grid.tolist() == [[False, True, False, True]]
    assert Counts.of([batch], "released") == Counts(float(batch.answer_mask.sum()), 1.0, 1.0)


def test_masks_and_markers_must_agree(collation):
    picture, masks = torch.zeros(3, 8, 8, dtype=torch.uint8), np.zeros((2, 8, 8), dtype=bool)
    with pytest.raises(DataError, match="here: it has 1 \\[SEG\\]"):
        Example(picture, "find", "[SEG]", masks, "here")
    empty = collation([Example(picture, "find", "nothing", masks[:0])], [1])
    assert empty.masks.shape == (0, 64, 64)
    assert empty.grid.shape == (0, 4)


def test_batches_do_not_depend_on_workers(collation, drawn):
    batches = NumberedBatches(drawn, collation, size=3, seed=2)
    alone, helped = stream(batches, 1, 2, 0), stream(batches, 1, 2, 2)
    for _ in range(3):
        one, other = next(alone), next(helped)
        assert torch.equal(one.views.segmentation, other.views.segmentation)
        assert torch.equal(one.masks, other.masks)
        assert one.seeds == other.seeds
