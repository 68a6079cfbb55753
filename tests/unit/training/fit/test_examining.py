"""Masks of a model's input, paired and counted as an evaluation does it."""

import pytest
import torch

from tests.unit.segearth.tiny_r2 import tiny_r2
from training.fit.batches import Collation, NumberedBatches
from training.fit.examining import held, scores


@pytest.fixture(scope="module")
def batch(drawn):
    student = tiny_r2()
    collation = Collation(student.model.config, student.codec, 2)
    batches = NumberedBatches(drawn, collation, size=1, seed=0)
    return next(b for b in map(batches.__getitem__, range(24)) if len(b.masks) == 2)


def test_a_missing_mask_is_the_last_again_and_none_is_nothing(batch):
    truth = (batch.masks >= 128).float() * 2 - 1
    areas = (truth > 0).sum((1, 2)).tolist()
    whole = held(truth[:, None], batch)
    assert [row[0].shared for row in whole] == areas
    assert scores([row[0] for row in whole]) == {"giou": 1.0, "ciou": 1.0, "masks": 2.0}
    (first,), (second,) = held(truth[:1, None], batch)
    assert (first.shared, second.shared, second.found) == (areas[0], 0, areas[0])
    none = [row[0] for row in held(truth[:0, None], batch)]
    assert [(one.shared, one.found, one.true) for one in none] == [(0, 0, area) for area in areas]
    assert scores(none) == {"giou": 0.0, "ciou": 0.0, "masks": 2.0}


def test_without_masks_there_is_nothing_to_score():
    assert scores([]) == {"giou": 0.0, "ciou": 0.0, "masks": 0.0}


def test_queries_stand_side_by_side(batch):
    truth = (batch.masks >= 128).float() * 2 - 1
    table = held(torch.stack([-truth, truth], 1), batch)
    assert [len(row) for row in table] == [2, 2]
    assert [[one.shared > 0 for one in row] for row in table] == [[False, True]] * 2
