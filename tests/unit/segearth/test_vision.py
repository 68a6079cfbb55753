import pytest
import torch
from timm.models.swin_transformer import SwinTransformerBlock
from torch import nn

from geoseg.segearth.vision import HierarchicalEncoder, PooledTokens, SiglipTower, shift_mask

_SWIN_B = "swin_base_patch4_window12_384"


def _millions(module: nn.Module) -> float:
    return round(sum(p.numel() for p in module.parameters()) / 1e6, 1)


def test_published_sizes() -> None:
    with torch.device("meta"):
        tower = SiglipTower()
        swin = HierarchicalEncoder(_SWIN_B, (0, 1, 2, 3), True)
        tokens = tower(torch.empty(1, 3, 384, 384))
    assert _millions(tower) == 397.7
    assert _millions(swin) == 86.9
    assert tokens.shape == (1, 27 * 27, 1152)
    assert swin.channels == (128, 256, 512, 1024)
    assert swin.strides == (4, 8, 16, 32)


@torch.no_grad()
def test_lite_encoder_has_five_maps() -> None:
    encoder = HierarchicalEncoder("tf_efficientnet_lite0", (0, 1, 2, 3, 4), False).eval()
    maps = encoder(torch.zeros(1, 3, 64, 96))
    assert encoder.strides == (2, 4, 8, 16, 32)
    assert [tuple(x.shape) for x in maps] == [
        (1, c, 64 // s, 96 // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)
    ]


@pytest.mark.parametrize("training", [True, False])
def test_swin_is_the_same_in_training_and_use(training: bool) -> None:
    options = {"embed_dim": 8, "depths": (1, 1, 1, 2), "num_heads": (1, 1, 1, 1)}
    encoder = HierarchicalEncoder(_SWIN_B, (0, 1, 2, 3), True, options=options).train(training)
    pixels = torch.randn(1, 3, 70, 50)
    first, again = encoder(pixels), encoder(pixels)
    # The picture is cut into whole patches of 4: 18 x 13 of them.
    assert [tuple(x.shape[1:]) for x in first] == [(8, 18, 13), (16, 9, 7), (32, 5, 4), (64, 3, 2)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@torch.no_grad()
def test_swin_does_not_mix_the_pictures_of_a_batch() -> None:
    options = {"embed_dim": 8, "depths": (2, 1, 1, 1), "num_heads": (1, 1, 1, 1)}
    encoder = HierarchicalEncoder(_SWIN_B, (0, 1, 2, 3), True, options=options).eval()
    pixels = torch.randn(3, 3, 104, 72)
    together = encoder(pixels)
    for i in range(3):
        for batch, single in zip(together, encoder(pixels[i : i + 1]), strict=True):
            torch.testing.assert_close(batch[i], single[0], rtol=0, atol=1e-5)


@torch.no_grad()
def test_pooled_tokens_stand_row_by_row() -> None:
    pool = PooledTokens(6, 4, 16)
    fine, coarse = torch.randn(2, 6, 8, 12), torch.randn(2, 4, 4, 6)
    tokens = pool(fine, coarse)
    assert tokens.shape == (2, 24, 16)
    changed = fine.clone()
    changed[:, :, 2, 7] += 1  # lies in cell (1, 3)
    moved = (pool(changed, coarse) - tokens).abs().amax(dim=-1) > 0
    assert moved.nonzero()[:, 1].tolist() == [9, 9]


@torch.no_grad()
def test_pooled_tokens_know_their_place() -> None:
    tokens = PooledTokens(6, 4, 16)(torch.zeros(1, 6, 8, 8), torch.zeros(1, 4, 4, 4))
    assert torch.unique(tokens[0], dim=0).shape[0] == 16


@pytest.mark.parametrize(("size", "shift"), [((24, 36), (6, 6)), ((12, 12), (6, 3))])
def test_shift_masks_are_those_of_timm(size: tuple[int, int], shift: tuple[int, int]) -> None:
    block = SwinTransformerBlock(8, size, 1, 8, (12, 12), shift, always_partition=True)
    expected = block.get_attn_mask(torch.empty(1, *size, 8))
    mask = shift_mask(size, (12, 12), shift, torch.float32, torch.device("cpu"))
    assert expected is not None
    assert torch.equal(mask, expected)
