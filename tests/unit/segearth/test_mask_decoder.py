import pytest
import torch

from geoseg.segearth.mask_decoder import MaskDecoder
from geoseg.segearth.pixel_decoder import PixelFeatures

_DIM, _MASK_DIM = 32, 12


def _decoder(layers: int = 4) -> MaskDecoder:
    torch.manual_seed(0)
    return MaskDecoder(_DIM, _MASK_DIM, layers, heads=4, ffn=48).eval()


def _features(batch: int) -> PixelFeatures:
    generator = torch.Generator().manual_seed(1)
    sizes = ((4, 5), (8, 10), (16, 20))
    return PixelFeatures(
        torch.randn(batch, _MASK_DIM, 32, 40, generator=generator),
        tuple(torch.randn(batch, _DIM, *size, generator=generator) for size in sizes),
    )


def _queries(count: int) -> torch.Tensor:
    return torch.randn(count, _DIM, generator=torch.Generator().manual_seed(2))


def test_published_size() -> None:
    with torch.device("meta"):
        decoder = MaskDecoder(256, 256)
    assert round(sum(p.numel() for p in decoder.parameters()) / 1e6, 1) == 14.4


@torch.no_grad()
def test_shared_keys_equal_one_query_at_a_time() -> None:
    decoder, features, queries = _decoder(), _features(3), _queries(5)
    owner = torch.tensor([2, 0, 2, 0, 2])  # any order; picture 1 has none
    together = decoder(queries, owner, features)
    assert len(together) == 5
    for i, picture in enumerate(owner.tolist()):
        own = PixelFeatures(
            features.mask_features[picture : picture + 1],
            tuple(s[picture : picture + 1] for s in features.scales),
        )
        alone = decoder(queries[i : i + 1], torch.tensor([0]), own)
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[i], single[0], rtol=0, atol=1e-4)


@torch.no_grad()
def test_without_aux_the_last_prediction_is_the_same() -> None:
    decoder, features, queries = _decoder(9), _features(2), _queries(6)
    owner = torch.tensor([0, 1, 1, 0, 1, 1])
    every = decoder(queries, owner, features)
    (last,) = decoder(queries, owner, features, aux=False)
    torch.testing.assert_close(last, every[-1], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("aux", "count"), [(True, 5), (False, 1)])
def test_no_query_is_an_answer(aux: bool, count: int) -> None:
    none = torch.empty(0, dtype=torch.long)
    out = _decoder()(_queries(0), none, _features(2), aux=aux)
    assert [tuple(x.shape) for x in out] == [(0, 32, 40)] * count


@torch.no_grad()
def _first_layer(pixels: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
    """What a query is after layer 0, if its first mask has the sign of `pixels`."""
    decoder, features = _decoder(1), _features(1)
    decoder.mask_embed[-1].weight.zero_()
    decoder.mask_embed[-1].bias.fill_(1)
    seen: list[torch.Tensor] = []
    decoder.layers[0].register_forward_hook(lambda _m, _i, out: seen.append(out))
    changed = PixelFeatures(pixels, (coarse, *features.scales[1:]))
    decoder(_queries(1), torch.tensor([0]), changed)
    return seen[0]


def test_attention_stays_inside_the_mask() -> None:
    pixels = torch.ones(1, _MASK_DIM, 32, 40)
    pixels[..., 20:] = -1  # of the coarse map's 5 columns, the last two
    coarse = _features(1).scales[0]
    outside, inside = coarse.clone(), coarse.clone()
    outside[..., 3:] += 1
    inside[..., :2] += 1
    plain = _first_layer(pixels, coarse)
    torch.testing.assert_close(_first_layer(pixels, outside), plain, rtol=0, atol=1e-6)
    assert (_first_layer(pixels, inside) - plain).abs().max() > 1e-3


def test_a_mask_that_is_nowhere_sees_everything() -> None:
    pixels = torch.ones(1, _MASK_DIM, 32, 40)
    coarse = _features(1).scales[0]
    nowhere, everywhere = _first_layer(-pixels, coarse), _first_layer(pixels, coarse)
    torch.testing.assert_close(nowhere, everywhere, rtol=0, atol=1e-6)


def test_every_weight_learns() -> None:
    decoder = _decoder(3).train()
    logits = decoder(_queries(3), torch.tensor([0, 0, 1]), _features(2))
    torch.stack(logits).square().mean().backward()
    assert [n for n, p in decoder.named_parameters() if p.grad is None] == []
