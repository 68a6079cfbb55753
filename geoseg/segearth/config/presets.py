"""The sizes that have a name."""

from __future__ import annotations

import dataclasses

from geoseg.segearth.config.sizes import (
    EncoderConfig,
    LanguageConfig,
    MaskDecoderConfig,
    PixelDecoderConfig,
    SegEarthConfig,
    SiglipConfig,
    SwinConfig,
    TrunkConfig,
)
from geoseg.segearth.prompt import TEMPLATES

# Means and deviations of the pre-trained encoders: ImageNet's, and (x - 127) / 128.
_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_LITE = ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))

_R2 = SegEarthConfig(
    name="r2",
    window=1024,
    input_size=1024,
    mask_stride=4,
    encoder=EncoderConfig("swin_base_patch4_window12_384", (0, 1, 2, 3), True, *_IMAGENET),
    siglip=SiglipConfig(hidden=1152, layers=26, heads=16, mlp=4304, image_size=384, patch=14),
    trunk=None,
    language=LanguageConfig(
        hidden=2560,
        layers=32,
        heads=32,
        mlp=10240,
        vocab=51200,
        partial_rotary=0.4,
        max_positions=2048,
        tied=False,
    ),
    pixel_decoder=PixelDecoderConfig(
        dim=256, mask_dim=256, layers=6, heads=8, ffn=1024, fpn_dims=(256,)
    ),
    mask_decoder=MaskDecoderConfig(layers=9, heads=8, ffn=2048),
    template=TEMPLATES["w1-hb"],
)

_R2_NARROW = dataclasses.replace(
    _R2,
    name="r2-narrow",
    encoder=dataclasses.replace(_R2.encoder, swin=SwinConfig(32, (2, 2, 18, 2), (1, 2, 4, 8), 12)),
    siglip=SiglipConfig(hidden=144, layers=26, heads=2, mlp=538, image_size=384, patch=14),
    language=dataclasses.replace(_R2.language, hidden=320, heads=4, mlp=1280),
    pixel_decoder=PixelDecoderConfig(
        dim=64, mask_dim=64, layers=6, heads=8, ffn=256, fpn_dims=(64,)
    ),
    mask_decoder=MaskDecoderConfig(layers=9, heads=8, ffn=512),
)

_NANO = SegEarthConfig(
    name="nano",
    window=1024,
    input_size=512,
    mask_stride=4,
    encoder=EncoderConfig("tf_efficientnet_lite0", (0, 1, 2, 3, 4), False, *_LITE),
    siglip=None,
    trunk=TrunkConfig(hidden=384, layers=6, heads=12, mlp=1536, vocab=30522),
    language=LanguageConfig(
        hidden=384,
        layers=4,
        heads=6,
        mlp=1536,
        vocab=2048,
        partial_rotary=0.5,
        max_positions=2048,
        tied=True,
    ),
    pixel_decoder=PixelDecoderConfig(
        dim=128, mask_dim=32, layers=2, heads=8, ffn=512, fpn_dims=(64, 32)
    ),
    mask_decoder=MaskDecoderConfig(layers=4, heads=8, ffn=512),
    template=TEMPLATES["nano"],
    max_new_tokens=64,
)

_TINY = SegEarthConfig(
    name="tiny",
    window=1024,
    input_size=512,
    mask_stride=4,
    encoder=EncoderConfig("test_efficientnet", (0, 1, 2, 3, 4), False, *_LITE),
    siglip=None,
    trunk=TrunkConfig(hidden=32, layers=1, heads=4, mlp=64, vocab=128),
    language=LanguageConfig(
        hidden=32,
        layers=2,
        heads=2,
        mlp=64,
        vocab=32,
        partial_rotary=0.5,
        max_positions=1024,
        tied=True,
    ),
    pixel_decoder=PixelDecoderConfig(
        dim=32, mask_dim=16, layers=1, heads=4, ffn=32, fpn_dims=(16, 16)
    ),
    mask_decoder=MaskDecoderConfig(layers=2, heads=4, ffn=32),
    template=TEMPLATES["nano"],
    max_new_tokens=16,
)

PRESETS: dict[str, SegEarthConfig] = {
    "r2": _R2,
    "r2-narrow": _R2_NARROW,
    "nano": _NANO,
    "tiny": _TINY,
}
"""r2: the paper's 3B sizes. r2-narrow: all its layers at a fraction of their width, to measure on a
CPU. nano: the checkpoint that ships. tiny: seconds on a CPU, for tests."""
