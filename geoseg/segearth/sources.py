"""Checkpoints by name: those that ship, folders of ours, published folders, repositories on a hub.

A published folder is read as it is, in memory; `convert` writes it in our format once and for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.assembly import hollow
from geoseg.segearth.checkpoint import CONFIG, Checkpoint, load, peek
from geoseg.segearth.config import PRESETS, SegEarthConfig

_ASSETS = Path(__file__).resolve().parents[1] / "assets"


def locate(name: str) -> Path:
    """The folder of a shipped checkpoint or of a path; CheckpointError if there is none."""
    shipped = _ASSETS / name
    if name in PRESETS and (shipped / CONFIG).is_file():
        return shipped
    folder = Path(name)
    if folder.is_dir():
        return folder
    if name in PRESETS:
        raise CheckpointError(
            f"The checkpoint {name!r} is a known size, but its weights are not in this "
            "installation. Give the folder of a checkpoint instead."
        )
    found = "a file, not a folder" if folder.exists() else "not there"
    raise CheckpointError(
        f"The checkpoint {name!r} is {found}. Give the folder that holds {CONFIG}, or a name "
        "that ships with geoseg, such as nano."
    )


def open_checkpoint(name: str, *, dtype: torch.dtype = torch.float32) -> Checkpoint:
    """The model of a name; CheckpointError if there is none, or if it is damaged."""
    return load(locate(name), dtype=dtype)


def describe(name: str) -> dict[str, Any]:
    """Sizes of a checkpoint, or of a preset that has no weights here; allocates no weights."""
    config, source = _source(name)
    parts = {
        part: sum(p.numel() for p in module.parameters())
        for part, module in hollow(config).named_children()
    }
    return {
        "name": config.name,
        **source,
        "parameters": sum(parts.values()),
        "parts": parts,
        "window": config.window,
        "input_size": config.input_size,
        "mask_stride": config.mask_stride,
        "template": config.template.name,
    }


def _source(name: str) -> tuple[SegEarthConfig, dict[str, Any]]:
    shipped = (_ASSETS / name / CONFIG).is_file()
    if name in PRESETS and not shipped and not Path(name).is_dir():
        return PRESETS[name], {"folder": None, "stored_bytes": None}
    folder = locate(name)
    opened = peek(folder)
    stored = sum(path.stat().st_size for path in opened.weights)
    return opened.config, {"folder": str(folder), "stored_bytes": stored}
