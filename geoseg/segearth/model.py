"""SegEarth: encode → read → masks, handed on as values.

    image ─ encoder ─┬─ image tokens ─┐
                     │   instruction ─┴─ causal language model ─ state at each [SEG] ─┐
                     └─ pixel decoder ─ pyramid and mask features ─── mask decoder ───┴─ logits

With a SigLIP tower (the paper's model) the image tokens come from the tower instead of the
encoder. Letters: B images, Q questions, T image tokens, A answer tokens, N [SEG] tokens, D width,
V answer vocabulary. Paper: section 4, Figure 4.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from geoseg.segearth.attention_rows import RowRequest
from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.language import CausalLanguage, InstructionTrunk, Projector, TokenSequence
from geoseg.segearth.mask_decoder import MaskDecoder
from geoseg.segearth.pixel_decoder import PixelDecoder, PixelFeatures
from geoseg.segearth.prompt import PromptBatch
from geoseg.segearth.vision import HierarchicalEncoder, PooledTokens, SiglipTower


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Normalised pictures of one batch."""

    segmentation: Tensor
    """(B, 3, H, W) for the mask side."""

    language: Tensor | None = None
    """(B, 3, h, w) for the SigLIP tower; None where one encoder serves both sides."""

    def to(self, dtype: torch.dtype) -> Pixels:
        """The same pictures in another number format."""
        language = None if self.language is None else self.language.to(dtype)
        return Pixels(self.segmentation.to(dtype), language)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the model keeps of B images."""

    image_tokens: Tensor
    """(B, T, D) for the language model."""

    features: PixelFeatures
    """For the mask decoder."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Teacher-forced answers."""

    logits: Tensor
    """(Q, A, V); entry i predicts answer token i."""

    hidden: Tensor
    """(Q, A, D) state at answer token i, after the final norm."""

    rows: Tensor | None = None
    """(layers, heads, N, T) attention of the N tokens asked for to the image, float32."""


class SegEarth(nn.Module):
    """The model; keeps weights and no state. Parts are built by `build`."""

    def __init__(
        self,
        config: SegEarthConfig,
        *,
        encoder: HierarchicalEncoder,
        tower: SiglipTower | None,
        image_tokens: nn.Module,
        trunk: InstructionTrunk | None,
        language: CausalLanguage,
        pixel_decoder: PixelDecoder,
        mask_decoder: MaskDecoder,
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.tower = tower
        self.image_tokens = image_tokens
        self.trunk = trunk
        self.language = language
        self.seg_projector = nn.Linear(config.language.hidden, config.pixel_decoder.dim)
        self.pixel_decoder = pixel_decoder
        self.mask_decoder = mask_decoder

    def encode(self, pixels: Pixels) -> Encoded:
        """Pictures to image tokens and mask-side features."""
        pyramid = self.encoder(pixels.segmentation)  # fine to coarse
        if self.tower is None:
            tokens = self.image_tokens(pyramid[-2], pyramid[-1])
        else:
            assert pixels.language is not None, "a SigLIP tower needs Pixels.language"
            tokens = self.image_tokens(self.tower(pixels.language))
        return Encoded(tokens, self.pixel_decoder(pyramid))

    def understood(self, prompt: PromptBatch) -> PromptBatch:
        """The prompt with the trunk's states in it, so that they are computed once."""
        if self.trunk is None or prompt.states is not None:
            return prompt
        states = self.trunk.states(prompt.after, prompt.after_mask)
        return dataclasses.replace(prompt, states=states)

    def instruct(self, prompt: PromptBatch) -> Tensor:
        """(Q, L, D) instruction tokens of prompts."""
        if self.trunk is None:
            return self.language.embed(prompt.after)
        tokens: Tensor = self.trunk(self.understood(prompt).states)
        return tokens

    def opened(self, image_tokens: Tensor, before: Tensor) -> TokenSequence:
        """[before] [image] for (B, T, D) image tokens and (n,) ids."""
        images = image_tokens.shape[0]
        embeds = self.language.embed(before)[None].expand(images, -1, -1).to(image_tokens.dtype)
        seen = torch.ones(
            images, len(before) + image_tokens.shape[1], dtype=torch.bool, device=embeds.device
        )
        return TokenSequence(torch.cat([embeds, image_tokens], dim=1), seen)

    def prompted(self, image_tokens: Tensor, prompt: PromptBatch) -> TokenSequence:
        """[before] [image] [instruction] for (Q, T, D) image tokens."""
        opened = self.opened(image_tokens, prompt.before)
        return opened.then(self.instruct(prompt), prompt.after_mask)

    def read(
        self,
        image_tokens: Tensor,
        prompt: PromptBatch,
        answer_ids: Tensor,
        answer_mask: Tensor,
        *,
        rows_at: Tensor | None = None,
    ) -> Reading:
        """Teacher-forced pass over (Q, A) answers; `image_tokens` (Q, T, D), one row per question.

        Several questions on one image: pass `encoded.image_tokens[owner]`. `rows_at` (Q, A) bool
        asks for the attention of these answer tokens, in the order in which it indexes.
        """
        prompted = self.prompted(image_tokens, prompt)
        width = prompted.mask.shape[1]
        request = None
        if rows_at is not None:
            question, place = rows_at.nonzero(as_tuple=True)
            before = len(prompt.before)
            image = slice(before, before + image_tokens.shape[1])
            request = RowRequest(question, place + width, image)
        answered = prompted.then(self.language.embed(answer_ids), answer_mask)
        states = self.language(answered, request)
        last = prompted.last_valid()
        # The last prompt token predicts the first answer token, across any padding between them.
        first = states[torch.arange(len(last), device=last.device), last][:, None]
        hidden = states[:, width:]
        logits = self.language.logits(torch.cat([first, hidden[:, :-1]], dim=1))
        return Reading(logits, hidden, None if request is None else request.stacked())

    def masks(
        self, features: PixelFeatures, seg_hidden: Tensor, owner: Tensor, aux: bool = True
    ) -> tuple[Tensor, ...]:
        """(N, D) [SEG] states of images `owner` (N,) to (N, h, w) logits, the final ones last.

        With `aux` the tuple also has the prediction in front of every layer, for training.
        """
        queries = self.seg_projector(seg_hidden)
        logits: tuple[Tensor, ...] = self.mask_decoder(queries, owner, features, aux=aux)
        return logits


def build(config: SegEarthConfig) -> SegEarth:
    """A model with fresh weights, on the current default device."""
    encoder = _encoder(config)
    return SegEarth(
        config,
        encoder=encoder,
        tower=_tower(config),
        image_tokens=_image_tokens(config, encoder.channels),
        trunk=_trunk(config),
        language=_language(config),
        pixel_decoder=_pixel_decoder(config, encoder.channels),
        mask_decoder=_mask_decoder(config),
    )


def _encoder(config: SegEarthConfig) -> HierarchicalEncoder:
    c = config.encoder
    options: dict[str, Any] = {}
    if c.swin is not None:
        options = {
            "embed_dim": c.swin.embed,
            "depths": c.swin.depths,
            "num_heads": c.swin.heads,
            "window_size": c.swin.window,
        }
    return HierarchicalEncoder(c.name, c.out_indices, c.output_norms, options=options)


def _tower(config: SegEarthConfig) -> SiglipTower | None:
    c = config.siglip
    if c is None:
        return None
    return SiglipTower(
        hidden=c.hidden,
        layers=c.layers,
        heads=c.heads,
        mlp=c.mlp,
        image_size=c.image_size,
        patch=c.patch,
    )


def _image_tokens(config: SegEarthConfig, channels: tuple[int, ...]) -> nn.Module:
    if config.siglip is not None:
        return Projector(config.siglip.hidden, config.language.hidden)
    return PooledTokens(channels[-2], channels[-1], config.language.hidden)


def _trunk(config: SegEarthConfig) -> InstructionTrunk | None:
    c = config.trunk
    if c is None:
        return None
    return InstructionTrunk(
        c.hidden,
        c.layers,
        c.heads,
        mlp=c.mlp,
        vocab=c.vocab,
        max_positions=c.max_positions,
        out=config.language.hidden,
    )


def _language(config: SegEarthConfig) -> CausalLanguage:
    c = config.language
    return CausalLanguage(
        c.hidden,
        c.layers,
        c.heads,
        mlp=c.mlp,
        vocab=c.vocab,
        partial_rotary=c.partial_rotary,
        max_positions=c.max_positions,
        tied=c.tied,
        head_bias=c.head_bias,
    )


def _pixel_decoder(config: SegEarthConfig, channels: tuple[int, ...]) -> PixelDecoder:
    c = config.pixel_decoder
    return PixelDecoder(
        channels,
        c.dim,
        c.mask_dim,
        c.layers,
        heads=c.heads,
        ffn=c.ffn,
        fpn_dims=c.fpn_dims,
        fpn_bias=c.fpn_bias,
        lateral_relu=c.lateral_relu,
    )


def _mask_decoder(config: SegEarthConfig) -> MaskDecoder:
    c = config.mask_decoder
    return MaskDecoder(
        config.pixel_decoder.dim,
        config.pixel_decoder.mask_dim,
        layers=c.layers,
        heads=c.heads,
        ffn=c.ffn,
    )
