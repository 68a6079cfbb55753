"""A model of the published kind (SigLIP, Swin, no trunk, untied head) that builds in a moment."""

from __future__ import annotations

import dataclasses

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.config import (
    PRESETS,
    LanguageConfig,
    MaskDecoderConfig,
    PixelDecoderConfig,
    SegEarthConfig,
    SiglipConfig,
    SwinConfig,
)
from geoseg.segearth.model import build
from geoseg.segearth.prompt import TEMPLATES, TextCodec

VOCAB = 600


def byte_pairs() -> Tokenizer:
    """Byte-level pairs, as in Phi-2, learnt from the templates; [SEG] is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB - 20,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = ["".join(template.pieces()) for template in TEMPLATES.values()]
    tokenizer.train_from_iterator(texts * 3, trainer)
    tokenizer.add_tokens(["[SEG]"])
    return tokenizer


def tiny_r2_config(template: str = "w1-hb") -> SegEarthConfig:
    """All parts of r2, a few numbers wide; pictures of 64 pixels, views of 34 with 4 tokens."""
    r2 = PRESETS["r2"]
    return dataclasses.replace(
        r2,
        name="tiny-r2",
        window=64,
        input_size=64,
        encoder=dataclasses.replace(r2.encoder, swin=SwinConfig(16, (1, 2, 2, 1), (1, 2, 4, 4), 4)),
        siglip=SiglipConfig(hidden=16, layers=2, heads=2, mlp=32, image_size=34, patch=14),
        language=LanguageConfig(
            hidden=32,
            layers=2,
            heads=2,
            mlp=64,
            vocab=VOCAB,
            partial_rotary=0.4,
            max_positions=512,
            tied=False,
        ),
        pixel_decoder=PixelDecoderConfig(
            dim=32, mask_dim=16, layers=1, heads=4, ffn=32, fpn_dims=(32,)
        ),
        mask_decoder=MaskDecoderConfig(layers=9, heads=4, ffn=32),
        template=TEMPLATES[template],
        max_new_tokens=16,
    )


def tiny_r2(template: str = "w1-hb") -> Checkpoint:
    """The same random weights every time, in evaluation mode."""
    torch.manual_seed(0)
    config = tiny_r2_config(template)
    model = build(config).eval()
    return Checkpoint(model, TextCodec(byte_pairs(), config.template), "0" * 64)
