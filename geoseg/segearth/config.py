"""Every size of the model family, as frozen values, and the presets.

A config round-trips through JSON; unknown keys are errors, so a typo never becomes a default.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any

from geoseg.errors import CheckpointError
from geoseg.segearth.prompt import TEMPLATES, PromptTemplate


@dataclass(frozen=True, slots=True)
class SiglipConfig:
    """Separate vision tower of the language side (SigLIP; no post-norm, no head)."""

    hidden: int
    layers: int
    heads: int
    mlp: int
    image_size: int
    patch: int


@dataclass(frozen=True, slots=True)
class SwinConfig:
    """Sizes of a Swin encoder that are not those of its name."""

    embed: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    """Side of an attention window, in cells."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Hierarchical encoder of the mask side, by its timm name."""

    name: str
    out_indices: tuple[int, ...]
    output_norms: bool
    """A LayerNorm behind each output, as Swin in Mask2Former has."""

    mean: tuple[float, float, float]
    """Per channel, on the 0-255 scale."""

    std: tuple[float, float, float]
    swin: SwinConfig | None = None
    """None: the sizes that belong to `name`."""


@dataclass(frozen=True, slots=True)
class TrunkConfig:
    """BERT that reads the instruction both ways before the causal model does."""

    hidden: int
    layers: int
    heads: int
    mlp: int
    vocab: int
    max_positions: int = 512


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """Phi-style causal language model."""

    hidden: int
    layers: int
    heads: int
    mlp: int
    vocab: int
    """Rows of the answer vocabulary."""

    partial_rotary: float
    """Share of each head that is rotated: 0.4 in Phi-2, 0.5 in Phi-1."""

    max_positions: int
    tied: bool
    """Head and embedding are one matrix, without bias."""

    head_bias: bool = False


@dataclass(frozen=True, slots=True)
class PixelDecoderConfig:
    """Multi-scale deformable decoder and the FPN levels finer than it."""

    dim: int
    mask_dim: int
    layers: int
    heads: int
    ffn: int
    fpn_dims: tuple[int, ...]
    fpn_bias: bool = True
    lateral_relu: bool = True


@dataclass(frozen=True, slots=True)
class MaskDecoderConfig:
    """Masked-attention decoder of the [SEG] queries."""

    layers: int
    heads: int
    ffn: int


@dataclass(frozen=True, slots=True)
class SegEarthConfig:
    """One model of the family."""

    name: str
    window: int
    """Side of the square window seen at once, in scene pixels."""

    input_size: int
    """Side to which the window is scaled for the mask side, in pixels."""

    mask_stride: int
    """Window pixels per mask logit."""

    encoder: EncoderConfig
    siglip: SiglipConfig | None
    """None: image tokens come from the encoder's two coarsest levels."""

    trunk: TrunkConfig | None
    """None: the language model embeds the instruction itself."""

    language: LanguageConfig
    pixel_decoder: PixelDecoderConfig
    mask_decoder: MaskDecoderConfig
    template: PromptTemplate
    answer_token_ids: tuple[int, ...] = ()
    """Tokenizer ids that answers may use, one per row of the vocabulary; empty: all of them."""

    max_new_tokens: int = 128
    """Longest answer."""

    def __post_init__(self) -> None:
        if self.answer_token_ids and len(self.answer_token_ids) != self.language.vocab:
            raise CheckpointError(
                f"The model config lists {len(self.answer_token_ids)} answer tokens but its "
                f"language model has {self.language.vocab} rows; the two numbers must be equal."
            )


def to_json(config: SegEarthConfig) -> dict[str, Any]:
    """Plain dicts, lists and numbers, as written to `config.json`."""
    return _plain(dataclasses.asdict(config))  # type: ignore[no-any-return]


def from_json(data: dict[str, Any]) -> SegEarthConfig:
    """The inverse of `to_json`; CheckpointError on unknown, missing or mistyped keys."""
    config = _read(SegEarthConfig, data, "model")
    assert isinstance(config, SegEarthConfig)
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _read(kind: Any, value: Any, where: str) -> Any:
    """`value` from JSON as an instance of the annotation `kind`."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_fields(kind, value, where)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        if isinstance(value, list):
            return tuple(_read(item, v, where) for v in value)
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is kind:
        return value
    raise CheckpointError(
        f"The model config has {value!r} at {where}, where {kind} is expected. "
        "Restore config.json from the checkpoint's source."
    )


def _read_fields(kind: type, value: Any, where: str) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    given = value if isinstance(value, dict) else {}
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    unknown, missing = sorted(set(given) - set(fields)), sorted(required - set(given))
    if unknown or missing or not isinstance(value, dict):
        raise CheckpointError(
            f"The model config at {where} has unknown keys {unknown} and lacks {missing}. "
            "Restore config.json from the checkpoint's source, or update geoseg."
        )
    hints = typing.get_type_hints(kind)
    return kind(**{key: _read(hints[key], item, f"{where}.{key}") for key, item in given.items()})


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
