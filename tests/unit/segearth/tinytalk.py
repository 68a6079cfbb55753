"""A small WordPiece language with the markers of the nano template, for tests."""

from __future__ import annotations

import dataclasses

import torch
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TextCodec

_SENTENCES = """
the building buildings road roads here are there is no nothing find all in this image
and , . ? water tree ##s safe open area where can plane land
"""
WORDS = _SENTENCES.split()
MARKERS = ("[SEG]", "<p>", "</p>", "[EOS]")


def tiny_tokenizer() -> Tokenizer:
    """Words above; [PAD] [UNK] [CLS] [SEP] first, the answer markers last."""
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *MARKERS]
    tokenizer.add_special_tokens([AddedToken(w, normalized=False) for w in special])
    return tokenizer


def tiny_codec(tokenizer: Tokenizer) -> TextCodec:
    """Answers may use every word and marker, but no [PAD], [CLS] or [SEP]."""
    ids = [tokenizer.token_to_id(w) for w in ("[UNK]", *WORDS, *MARKERS)]
    return TextCodec(tokenizer, PRESETS["tiny"].template, tuple(ids))


def tiny_config(codec: TextCodec, **changes: int) -> SegEarthConfig:
    """The tiny preset with this vocabulary."""
    tiny = PRESETS["tiny"]
    language = dataclasses.replace(tiny.language, vocab=len(codec.answer_token_ids))
    ids = codec.answer_token_ids
    return dataclasses.replace(tiny, language=language, answer_token_ids=ids, **changes)


def tiny_model(config: SegEarthConfig) -> SegEarth:
    """The same random weights every time, in evaluation mode."""
    torch.manual_seed(0)
    return build(config).eval()
