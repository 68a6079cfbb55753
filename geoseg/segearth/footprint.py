"""How much memory a model needs on a GPU: a sum over what must be there at once, in bfloat16.

Weights, the key/value cache of one picture at its longest, and the larger of what the mask side and
the language model hold while they run. The factors were measured as the peak of live tensors at
batch 1; what CUDA and its allocator take for themselves (about 1 GB) is not in it.
"""

from __future__ import annotations

from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.model import SegEarth

_BYTES = 2  # bfloat16
_TEXT = 512  # tokens of a long prompt and answer
_ENCODER = 32  # bytes per number of the largest map
_PIXEL = 62  # bytes per cell and channel of the pixel decoder, whose samples are float32
_STATES = 8  # widths of a language model's layer that are live beside its MLP


def vram_bytes(model: SegEarth) -> int:
    """Bytes for one picture at a time; needs the shapes of a model, not its values."""
    config = model.config
    weights = _BYTES * sum(p.numel() for p in model.parameters())
    tokens = _image_tokens(config) + _TEXT
    language = config.language
    cache = 2 * language.layers * language.hidden * tokens * _BYTES
    reading = tokens * (2 * language.mlp + _STATES * language.hidden) * _BYTES
    return weights + cache + max(reading, _mask_side(model))


def _image_tokens(config: SegEarthConfig) -> int:
    if config.siglip is None:
        return (config.input_size // 32) ** 2
    return (config.siglip.image_size // config.siglip.patch) ** 2


def _mask_side(model: SegEarth) -> int:
    """The larger of the encoder and the pixel decoder, each with all maps at hand."""
    encoder, size = model.encoder, model.config.input_size
    maps = [c * (size // s) ** 2 for c, s in zip(encoder.channels, encoder.strides, strict=True)]
    cells = sum((size // stride) ** 2 for stride in encoder.strides[-3:])
    decoding = _PIXEL * cells * model.config.pixel_decoder.dim
    return _BYTES * sum(maps) + max(_ENCODER * max(maps), decoding)
