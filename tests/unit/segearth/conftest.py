"""A tiny model that speaks a tiny language, built once for the room's tests."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import TextCodec
from tests.unit.segearth.tinytalk import tiny_codec, tiny_config, tiny_model, tiny_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def codec(tokenizer: Tokenizer) -> TextCodec:
    return tiny_codec(tokenizer)


@pytest.fixture(scope="session")
def config(codec: TextCodec) -> SegEarthConfig:
    return tiny_config(codec)


@pytest.fixture(scope="session")
def model(config: SegEarthConfig) -> SegEarth:
    return tiny_model(config)
