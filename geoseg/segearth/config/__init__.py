"""Every size of the model family: the values, the presets, and their form as JSON.

::

    sizes      SegEarthConfig and its parts
    presets    PRESETS: r2, r2-narrow, nano, tiny
    plain      to_json, from_json: how `config.json` holds one
"""

from geoseg.segearth.config.plain import from_json, to_json
from geoseg.segearth.config.presets import PRESETS
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

__all__ = [
    "PRESETS",
    "EncoderConfig",
    "LanguageConfig",
    "MaskDecoderConfig",
    "PixelDecoderConfig",
    "SegEarthConfig",
    "SiglipConfig",
    "SwinConfig",
    "TrunkConfig",
    "from_json",
    "to_json",
]
