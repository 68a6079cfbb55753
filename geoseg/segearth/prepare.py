"""A loaded model made fast for inference, without changing what it says.

Everything here is a rewrite of the same sums, exact up to the rounding of the number format:

    anywhere   batch norms folded into convolutions; maps with their channels side by side
    on a CPU   deformable samples as look-ups in a table; freed memory kept
    on CUDA    encoder and pixel decoder compiled, and replayed as graphs

The prepared model is for inference alone, on the device where it is now.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from geoseg.segearth.folding import fold_norms_
from geoseg.segearth.lookups import LookupAttention
from geoseg.segearth.memory import keep_freed
from geoseg.segearth.model import SegEarth
from geoseg.segearth.pixel_decoder import DeformableAttention, DeformableLayer, PixelFeatures

_log = logging.getLogger(__name__)

_PATIENCE = 50
"""So many batches of a shape run without a graph: a preview does not wait for a compiler, nor does
the short batch at the end of a scene."""


@torch.no_grad()
def prepare_(model: SegEarth) -> None:
    """Rewrite a model in evaluation mode in place; ValueError if it is in training mode."""
    if model.training:
        raise ValueError("Only a model in evaluation mode can be prepared: call eval() first.")
    device = model.seg_projector.weight.device
    fold_norms_(model.encoder)
    for part in (model.encoder, model.pixel_decoder):
        part.to(memory_format=torch.channels_last)
    if device.type == "cpu":
        look_up_samples_(model.pixel_decoder)
        keep_freed()
    if device.type == "cuda":
        for name in ("encoder", "pixel_decoder"):
            model.register_module(name, Compiled(getattr(model, name)))


def look_up_samples_(decoder: nn.Module) -> None:
    """Give every deformable layer an attention that suits a CPU."""
    for layer in decoder.modules():
        if isinstance(layer, DeformableLayer) and isinstance(layer.self_attn, DeformableAttention):
            layer.register_module("self_attn", LookupAttention(layer.self_attn))


class Compiled(nn.Module):
    """A part compiled for the shapes that come again and again; the part as it is elsewhere.

    One batch of such a shape waits for the compiler.
    """

    def __init__(self, part: nn.Module, *, patience: int = _PATIENCE) -> None:
        super().__init__()
        self.part = part
        self._patience = patience
        self._met: Counter[torch.Size] = Counter()
        self._compiled: Any = torch.compile(part, mode="reduce-overhead", dynamic=False)

    def forward(self, *inputs: Any) -> Any:
        """What the part returns for these inputs."""
        finest = inputs[0] if isinstance(inputs[0], Tensor) else inputs[0][0]
        self._met[finest.shape] += 1
        if self._compiled is not None and self._met[finest.shape] > self._patience:
            try:
                # Results live in the graph's own memory: its next replay would overwrite them.
                return _copied(self._compiled(*inputs))
            except torch.OutOfMemoryError:
                raise
            except Exception:  # no compiler, no driver for it, a kernel it cannot make
                name = type(self.part).__name__
                _log.warning("%s is not compiled; it is slower", name, exc_info=True)
                self._compiled = None
        return self.part(*inputs)


def _copied(out: PixelFeatures | tuple[Tensor, ...]) -> PixelFeatures | tuple[Tensor, ...]:
    if isinstance(out, PixelFeatures):
        return PixelFeatures(out.mask_features.clone(), tuple(x.clone() for x in out.scales))
    return tuple(x.clone() for x in out)
