import pytest
import torch

from geoseg.segearth.pixel_decoder import DeformableAttention, PixelDecoder, lay_levels

_CHANNELS = (3, 4, 5, 6, 7)
_SIZES = ((64, 48), (32, 24), (16, 12), (8, 6), (4, 3))


def _small() -> PixelDecoder:
    return PixelDecoder(_CHANNELS, 32, 12, 2, heads=4, ffn=48, fpn_dims=(32, 16))


def _features(batch: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    pairs = zip(_CHANNELS, _SIZES, strict=True)
    return tuple(torch.randn(batch, c, *size, generator=generator) for c, size in pairs)


def test_published_size() -> None:
    with torch.device("meta"):
        decoder = PixelDecoder((128, 256, 512, 1024), 256, 256, 6, fpn_dims=(256,))
    assert round(sum(p.numel() for p in decoder.parameters()) / 1e6, 1) == 5.5


@torch.no_grad()
def test_mask_features_lie_on_the_finest_grid() -> None:
    out = _small()(_features(2))
    assert out.mask_features.shape == (2, 12, 64, 48)
    assert [tuple(s.shape) for s in out.scales] == [(2, 32, 4, 3), (2, 32, 8, 6), (2, 32, 16, 12)]


@torch.no_grad()
def test_a_batch_equals_its_members() -> None:
    decoder, features = _small(), _features(3)
    together = decoder(features)
    for i in range(3):
        alone = decoder(tuple(x[i : i + 1] for x in features))
        torch.testing.assert_close(
            together.mask_features[i], alone.mask_features[0], rtol=0, atol=1e-5
        )
        for batch, single in zip(together.scales, alone.scales, strict=True):
            torch.testing.assert_close(batch[i], single[0], rtol=0, atol=1e-5)


@torch.no_grad()
def test_attention_reads_the_cells_its_offsets_name() -> None:
    """With one point per level, two cells to the right, the output is the map shifted left."""
    attention = DeformableAttention(4, heads=1, points=1)
    for linear in (attention.value_proj, attention.output_proj):
        linear.weight.copy_(torch.eye(4))
        linear.bias.zero_()
    attention.sampling_offsets.bias.copy_(torch.tensor([2.0, 0.0] * 3))
    # Level 1 alone counts.
    attention.attention_weights.bias.copy_(torch.tensor([-50.0, 50.0, -50.0]))
    levels = lay_levels(((2, 3), (4, 6), (8, 12)), torch.device("cpu"))
    source = torch.randn(1, 6 + 24 + 96, 4)
    out = attention(source, torch.zeros(6 + 24 + 96, 4), levels)
    level = source[0, 6:30].view(4, 6, 4)
    expected = torch.zeros_like(level)  # what lies beyond the map reads as zero
    expected[:, :4] = level[:, 2:]
    torch.testing.assert_close(out[0, 6:30].view(4, 6, 4), expected, rtol=0, atol=1e-5)


def test_every_weight_learns() -> None:
    decoder = _small()
    out = decoder(_features(1))
    (out.mask_features.square().mean() + sum(s.square().mean() for s in out.scales)).backward()
    still = [n for n, p in decoder.named_parameters() if p.grad is None]
    assert still == []


def test_bfloat16_keeps_exact_coordinates() -> None:
    decoder, features = _small().eval(), _features(1)
    with torch.no_grad():
        exact = decoder(features).scales[-1]
        rough = decoder.to(torch.bfloat16)(tuple(x.to(torch.bfloat16) for x in features))
    assert rough.mask_features.dtype == torch.bfloat16
    error = (rough.scales[-1].float() - exact).norm() / exact.norm()
    assert error < 0.02


def test_pyramid_needs_a_width_per_level() -> None:
    with pytest.raises(ValueError, match="one width per level"):
        PixelDecoder(_CHANNELS, 32, 12, 1, heads=4, fpn_dims=(16,))
