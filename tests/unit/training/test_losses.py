import math

import pytest
import torch
from torch.nn import functional as F

from training import losses


def test_text_loss_counts_real_answer_tokens_only():
    logits = torch.zeros(2, 3, 4)
    logits[0, 0, 1] = 2.0
    ids = torch.tensor([[1, 2, 3], [0, 0, 0]])
    real = torch.tensor([[True, True, False], [False, False, False]])
    first = math.log(3 + math.exp(2.0)) - 2.0
    expected = (first + math.log(4.0)) / 2
    assert losses.L_t(logits, ids, real).item() == pytest.approx(expected, rel=1e-6)
    assert losses.L_t(logits, ids, torch.zeros_like(real)).item() == 0.0


def test_mask_losses_equal_a_hand_computed_4x4_example():
    label = torch.zeros(4, 4)
    label[:2, :2] = 1.0
    logits = torch.full((4, 4), -1.0)
    logits[:2] = 1.0  # the upper half is found, its left quarter is right
    rows, labels = logits.reshape(1, 16), label.reshape(1, 16)
    right, wrong = math.log(1 + math.exp(-1.0)), math.log(1 + math.exp(1.0))
    assert losses.L_b(rows, labels, 1).item() == pytest.approx((12 * right + 4 * wrong) / 16)
    p, q = 1 / (1 + math.exp(-1.0)), 1 / (1 + math.exp(1.0))
    dice = 1 - (2 * 4 * p + 1) / (8 * p + 8 * q + 4 + 1)
    assert losses.L_d(rows, labels, 1).item() == pytest.approx(dice)
    assert losses.L_d(rows, labels, 4).item() == pytest.approx(dice / 4)


def test_unknown_cells_change_neither_loss():
    rows, labels = torch.randn(2, 8), torch.rand(2, 8)
    known = torch.tensor([[True] * 5 + [False] * 3] * 2)
    for loss in (losses.L_b, losses.L_d):
        cut = loss(rows[:, :5], labels[:, :5], 2)
        assert torch.allclose(loss(rows, labels, 2, known), cut)


def test_binary_loss_matches_torch():
    rows, labels = torch.randn(3, 50), torch.rand(3, 50)
    expected = F.binary_cross_entropy_with_logits(rows, labels)
    assert torch.allclose(losses.L_b(rows, labels, 3), expected)


@pytest.mark.parametrize("variant", ["paper", "released", "signed"])
def test_uniform_attention_gives_minus_log_epsilon(variant):
    rows = torch.full((2, 3, 1, 16), 1 / 16)
    grid = torch.zeros(1, 16, dtype=torch.bool)
    grid[0, :4] = True
    layers = 2 if variant == "released" else 1
    expected = layers * losses.uniform_attention_loss(variant)
    assert losses.L_S(rows, grid, variant).item() == pytest.approx(expected, rel=1e-3)


def test_released_attention_loss_is_blind_to_sign_and_signed_is_not():
    base = torch.full((1, 1, 1, 16), 1 / 32)
    grid = torch.zeros(1, 16, dtype=torch.bool)
    grid[0, 0] = True
    none, twice = base.clone(), base.clone()
    none[..., 0], twice[..., 0] = 0.0, 2 / 32
    assert losses.L_S(none, grid).item() == pytest.approx(losses.L_S(twice, grid).item())
    assert losses.L_S(none, grid, "signed").item() > losses.L_S(twice, grid, "signed").item() + 1


def test_masks_without_a_foreground_cell_leave_the_attention_loss_finite():
    rows = torch.rand(2, 2, 2, 4, requires_grad=True)
    loss = losses.L_S(rows, torch.zeros(2, 4, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0.0


def test_the_target_grid_keeps_every_target():
    masks = torch.zeros(3, 64, 64)
    masks[0, 5, 5] = 1.0
    masks[1, 32:, :] = 1.0
    grid = losses.target_grid(masks, 4, 4)
    assert grid.sum(1).tolist() == [1, 8, 0]


def test_points_read_cell_centres_exactly_and_cluster_at_the_boundary():
    maps = torch.arange(16.0).reshape(1, 4, 4)
    points = torch.tensor([[[0.125, 0.125], [0.875, 0.625]]])
    assert losses.sample_points(maps, points).tolist() == [[0.0, 11.0]]
    ramp = torch.linspace(-8, 8, 64).expand(1, 64, 64)  # zero in the middle column
    chosen = losses.choose_points(ramp, 400, generator=torch.Generator().manual_seed(0))
    assert chosen.shape == (1, 400, 2)
    near = ((chosen[0, :, 0] - 0.5).abs() < 0.15).float().mean().item()
    assert near > 0.7


def test_losses_in_parts_add_up_to_those_of_the_whole():
    torch.manual_seed(1)
    logits, ids = torch.randn(2, 3, 4), torch.randint(0, 4, (2, 3))
    real = torch.tensor([[True, True, False], [True, True, True]])
    parts = [losses.L_t(logits[i : i + 1], ids[i : i + 1], real[i : i + 1], 5) for i in (0, 1)]
    assert torch.allclose(parts[0] + parts[1], losses.L_t(logits, ids, real))
    rows = torch.rand(2, 2, 3, 6)
    grid = torch.rand(3, 6) > 0.6
    grid[1] = False
    for variant in ("paper", "released", "signed"):
        number = losses.attention_count(grid, variant)
        assert number == (3 if variant == "released" else int(grid.any(1).sum()))
        halves = [
            losses.L_S(rows[:, :, cut], grid[cut], variant, number)
            for cut in (slice(0, 1), slice(1, 3))
        ]
        assert torch.allclose(halves[0] + halves[1], losses.L_S(rows, grid, variant))


def test_attention_losses_equal_hand_computed_values():
    # Two layers, two heads, three cells; the target is the first.
    rows = torch.tensor(
        [[[[0.4, 0.1, 0.1]], [[0.2, 0.1, 0.3]]], [[[0.3, 0.2, 0.0]], [[0.5, 0.0, 0.2]]]]
    )
    grid = torch.tensor([[True, False, False]])
    gaps = (0.6 - 0.3, 0.8 - 0.2)  # sums over heads, less the mean of the other two cells
    released = -sum(math.log(gap**2 + 1e-8) for gap in gaps)
    assert losses.L_S(rows, grid).item() == pytest.approx(released, rel=1e-5)
    paper = -math.log((0.35 - 0.125) ** 2 + 1e-12)
    assert losses.L_S(rows, grid, "paper").item() == pytest.approx(paper, rel=1e-5)
    assert losses.L_S(rows, grid, "signed").item() == pytest.approx(paper, rel=1e-5)


def test_the_released_grid_loses_small_targets_and_keeps_large_ones():
    masks = torch.zeros(2, 800, 800)
    masks[0, 404:408, 404:408] = 1.0
    masks[1, 100:300, 100:300] = 1.0
    assert losses.released_grid(masks, 27, 27).any(1).tolist() == [False, True]
    assert losses.target_grid(masks, 27, 27).any(1).tolist() == [True, True]


def test_no_point_falls_on_padding():
    logits = torch.zeros(2, 8, 8)
    extent = torch.tensor([[1.0, 0.5], [0.25, 1.0]])
    generator = torch.Generator().manual_seed(0)
    points = losses.choose_points(logits, 200, extent=extent, generator=generator)
    assert (points.amax(1) <= extent).all()
    assert (points.amax(1) > 0.9 * extent).all()
