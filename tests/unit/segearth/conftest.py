"""A tiny model that speaks a tiny language, built once for the room's tests."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from tokenizers import Tokenizer

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TextCodec
from tests.unit.segearth.tinytalk import tiny_codec, tiny_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def codec(tokenizer: Tokenizer) -> TextCodec:
    return tiny_codec(tokenizer)


@pytest.fixture(scope="session")
def config(codec: TextCodec) -> SegEarthConfig:
    tiny = PRESETS["tiny"]
    language = dataclasses.replace(tiny.language, vocab=len(codec.answer_token_ids))
    return dataclasses.replace(tiny, language=language, answer_token_ids=codec.answer_token_ids)


@pytest.fixture(scope="session")
def model(config: SegEarthConfig) -> SegEarth:
    torch.manual_seed(0)
    return build(config).eval()
