"""Weights that no source has: drawn as the model's own initialisation draws them, from a seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import torch

from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.model import build
from geoseg.segearth.stored import StoredTensor, stored


def draw(config: SegEarthConfig, names: Collection[str], seed: int) -> dict[str, StoredTensor]:
    """Fresh values of these tensors; the same for the same config, names and seed."""
    if not names:
        return {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = build(_slim(config, names)).state_dict()
    return {name: stored(state[name].clone()) for name in names}


def _slim(config: SegEarthConfig, names: Collection[str]) -> SegEarthConfig:
    """The config without the bulk of the large parts, where nothing of them is to be drawn."""
    language, siglip = config.language, config.siglip
    if not any(name.startswith("language.") for name in names):
        language = dataclasses.replace(language, layers=1, mlp=1, vocab=1)
    if siglip is not None and not any(name.startswith("tower.") for name in names):
        siglip = dataclasses.replace(siglip, layers=1, mlp=1)
    return dataclasses.replace(config, language=language, siglip=siglip)
