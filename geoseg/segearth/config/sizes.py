"""Every size of the model family, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from geoseg.errors import CheckpointError
from geoseg.segearth.prompt import PromptTemplate


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
