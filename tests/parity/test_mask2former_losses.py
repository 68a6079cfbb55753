"""Points and mask losses against transformers' Mask2Former."""

import pytest
import torch
from transformers import Mask2FormerConfig
from transformers.models.mask2former import modeling_mask2former as oracle

from training import losses


@pytest.fixture(scope="module")
def maps():
    torch.manual_seed(0)
    return torch.randn(3, 24, 20) * 3, (torch.randn(3, 48, 40) > 0).float()


def test_points_are_the_same_for_the_same_seed(maps):
    logits, _ = maps
    theirs = oracle.Mask2FormerLoss(Mask2FormerConfig(), {"loss_mask": 1.0})
    torch.manual_seed(5)
    expected = theirs.sample_points_using_uncertainty(
        logits[:, None], theirs.calculate_uncertainty, 400, 3.0, 0.75
    )
    torch.manual_seed(5)
    assert torch.equal(losses.choose_points(logits, 400), expected)


def test_sampled_losses_are_the_same(maps):
    logits, labels = maps
    theirs = oracle.Mask2FormerLoss(Mask2FormerConfig(train_num_points=400), {"loss_mask": 1.0})
    order = [(torch.arange(3), torch.arange(3))]
    torch.manual_seed(5)
    expected = theirs.loss_masks(logits[None], [labels], order, 2)
    torch.manual_seed(5)
    points = losses.choose_points(logits, 400)
    sampled = losses.sample_points(logits, points)
    truth = losses.sample_points(labels, points)
    assert losses.L_b(sampled, truth, 2).item() == pytest.approx(
        expected["loss_mask"].item(), rel=1e-6
    )
    assert losses.L_d(sampled, truth, 2).item() == pytest.approx(
        expected["loss_dice"].item(), rel=1e-6
    )
