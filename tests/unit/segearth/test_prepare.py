import copy
import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from geoseg.segearth import prepare
from geoseg.segearth.config import PRESETS, SwinConfig
from geoseg.segearth.lookups import LookupAttention
from geoseg.segearth.model import Pixels, SegEarth, build
from geoseg.segearth.pixel_decoder import PixelFeatures
from geoseg.segearth.prepare import Compiled, prepare_


def _swin() -> SegEarth:
    """Parts of the paper's model, at sizes for tests."""
    tiny, r2 = PRESETS["tiny"], PRESETS["r2"]
    swin = SwinConfig(16, (2, 2, 2, 2), (1, 2, 4, 8), 12)
    encoder = dataclasses.replace(r2.encoder, swin=swin)
    decoder = dataclasses.replace(tiny.pixel_decoder, fpn_dims=(32,))
    torch.manual_seed(0)
    return build(dataclasses.replace(tiny, encoder=encoder, pixel_decoder=decoder)).eval()


def _stages(model: SegEarth, pixels: Tensor) -> list[Tensor]:
    encoded = model.encode(Pixels(pixels))
    hidden = torch.randn(3, model.config.language.hidden, generator=torch.manual_seed(3))
    (logits,) = model.masks(encoded.features, hidden, torch.tensor([0, 1, 1]), aux=False)
    features = encoded.features
    return [encoded.image_tokens, features.mask_features, *features.scales, logits]


@pytest.mark.parametrize("kind", ["lite", "swin"])
@torch.inference_mode()
def test_a_prepared_model_says_the_same(kind: str, model: SegEarth) -> None:
    plain = copy.deepcopy(model) if kind == "lite" else _swin()
    for layer in plain.pixel_decoder.layers:
        nn.init.normal_(layer.self_attn.sampling_offsets.weight, std=0.2)
    prepared = copy.deepcopy(plain)
    prepare_(prepared)
    assert all(isinstance(x.self_attn, LookupAttention) for x in prepared.pixel_decoder.layers)
    pixels = torch.randn(2, 3, 160, 160, generator=torch.manual_seed(2))
    for ours, expected in zip(_stages(prepared, pixels), _stages(plain, pixels), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-4)


def test_a_model_in_training_is_refused(model: SegEarth) -> None:
    with pytest.raises(ValueError, match="eval"):
        prepare_(copy.deepcopy(model).train())


class _Halves(nn.Module):
    def forward(self, x: Tensor) -> PixelFeatures:
        return PixelFeatures(x / 2, (x, x))


def test_compiled_results_outlive_the_next_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = torch.zeros(2)

    def replayed(x: Tensor) -> tuple[Tensor, ...]:
        return (buffer.copy_(x),)

    monkeypatch.setattr(prepare.torch, "compile", lambda part, **options: replayed)
    part = Compiled(nn.Identity(), patience=0)
    (first,) = part(torch.ones(2))
    part(torch.zeros(2))
    assert first.tolist() == [1.0, 1.0]


def test_only_shapes_that_come_again_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[int] = []

    def compiled(x: Tensor) -> tuple[Tensor, ...]:
        shapes.append(len(x))
        return (x,)

    monkeypatch.setattr(prepare.torch, "compile", lambda part, **options: compiled)
    part = Compiled(nn.Identity(), patience=2)
    for size in (1, 4, 4, 3, 4, 4, 1):
        part(torch.ones(size))
    assert shapes == [4, 4]


def test_what_does_not_compile_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []
    said: list[str] = []
    monkeypatch.setattr(prepare._log, "warning", lambda text, *of, **_: said.append(text % of))

    def broken(*_: Any) -> None:
        tried.append(1)
        raise RuntimeError("no compiler")

    monkeypatch.setattr(prepare.torch, "compile", lambda part, **options: broken)
    part = Compiled(_Halves(), patience=0)
    outs = [part(torch.ones(2)) for _ in range(2)]
    assert [out.mask_features.tolist() for out in outs] == [[0.5, 0.5]] * 2
    assert len(tried) == 1
    assert said == ["_Halves is not compiled; it is slower"]


def test_memory_that_runs_out_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(prepare.torch, "compile", lambda part, **options: full)
    with pytest.raises(torch.OutOfMemoryError):
        Compiled(_Halves(), patience=0)(torch.ones(2))
