"""Checkpoints by name: those that ship, folders of ours, published folders, repositories on a hub.

A published folder is read as it is, in memory; `convert` writes it in our format once and for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from geoseg.errors import CheckpointError
from geoseg.segearth import hub
from geoseg.segearth.assembly import assemble, hollow, require_agreement
from geoseg.segearth.checkpoint import (
    CONFIG,
    Checkpoint,
    checkpoint_hash,
    codec_for,
    codec_of,
    load,
    packed_tensors,
    peek,
    tensors_of,
)
from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.convert.files import has_weights, read_json
from geoseg.segearth.convert.gather import Choices
from geoseg.segearth.convert.published import fingerprint, read_published
from geoseg.segearth.footprint import vram_bytes
from geoseg.segearth.model import SegEarth
from geoseg.segearth.stored import StoredTensor

_ADAPTER = "adapter.safetensors"
"""In the states of a training run."""

_ASSETS = Path(__file__).resolve().parents[1] / "assets"


def locate(name: str) -> Path:
    """The folder of a shipped checkpoint, of a path, or of `hf:owner/name[@revision]`.

    CheckpointError if there is none. Only the last form may use the network.
    """
    if name.startswith(hub.PREFIX):
        return hub.fetch(name)
    shipped = _ASSETS / name
    if name in PRESETS and (shipped / CONFIG).is_file():
        return shipped
    folder = Path(name)
    if folder.is_dir():
        _refuse_unmerged(folder)
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


def _refuse_unmerged(folder: Path) -> None:
    """CheckpointError for what training leaves: adapters without the weights that they adapt."""
    states = [folder, *folder.glob("ckpt-*")]
    if any((state / _ADAPTER).is_file() for state in states) and not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"{folder} holds what a training run learnt, not a whole checkpoint. Fold it into its "
            f"base first: python -m training export --merge {folder} -o FOLDER."
        )


def is_published(folder: Path) -> bool:
    """Whether a folder holds published weights rather than a checkpoint of ours."""
    return "format_version" not in read_json(folder / CONFIG) and has_weights(folder)


def open_checkpoint(
    name: str, *, dtype: torch.dtype = torch.float32, allow_missing: tuple[str, ...] = ()
) -> Checkpoint:
    """The model of a name, its parameters in `dtype`; CheckpointError if it is not whole and sound.

    `allow_missing` are prefixes of tensors that a published folder may lack; ours may lack none.
    The hash of a published folder covers its files and the template that it is asked with.
    """
    folder = locate(name)
    if not is_published(folder):
        return load(folder, dtype=dtype)
    published = read_published(folder, Choices(allow_missing=allow_missing))
    model = assemble(published.config, published.tensors, str(folder), dtype=dtype)
    codec = codec_for(published.config, published.tokenizer)
    return Checkpoint(model, codec, fingerprint(published))


def describe(name: str) -> dict[str, Any]:
    """Sizes of a checkpoint, or of a preset that has no weights here; reads no weights.

    The hash, of a checkpoint of ours alone, is the one it was written with: `verify` computes it.
    """
    shipped = (_ASSETS / name / CONFIG).is_file()
    if name in PRESETS and not shipped and not Path(name).is_dir():
        return _sizes(hollow(PRESETS[name]), None, None)
    folder = locate(name)
    if is_published(folder):
        published = read_published(folder)
        return _sizes(hollow(published.config), str(folder), _bytes(published.files))
    opened = peek(folder)
    sizes = _sizes(hollow(opened.config), str(folder), _bytes(opened.weights))
    return {**sizes, "hash": opened.hash}


def verify(name: str) -> dict[str, Any]:
    """What `describe` tells, and hash, number formats and `problems`, after reading every number.

    `problems` is empty if the checkpoint is whole and sound. CheckpointError if there is nothing to
    look at.
    """
    folder = locate(name)
    facts: dict[str, Any] = {"name": name, "folder": str(folder), "problems": []}
    try:
        if is_published(folder):
            published = read_published(folder)
            lying = tensors = published.tensors
            facts["hash"] = fingerprint(published)
        else:
            facts["hash"] = checkpoint_hash(folder)
            config, lying, tensors = peek(folder).config, packed_tensors(folder), tensors_of(folder)
            require_agreement(config, tensors, str(folder))
            codec_of(folder, config)
        facts |= describe(str(folder))
        facts["dtype"] = _formats(lying)
        facts["problems"] = _not_finite(tensors)
    except CheckpointError as error:
        facts["problems"] = [str(error)]
    return facts


def _bytes(files: tuple[Path, ...]) -> int:
    return sum(path.stat().st_size for path in files)


def _sizes(model: SegEarth, folder: str | None, stored: int | None) -> dict[str, Any]:
    config: SegEarthConfig = model.config
    parts = {
        part: sum(p.numel() for p in module.parameters()) for part, module in model.named_children()
    }
    return {
        "name": config.name,
        "folder": folder,
        "stored_bytes": stored,
        "parameters": sum(parts.values()),
        "parts": parts,
        "window": config.window,
        "input_size": config.input_size,
        "mask_stride": config.mask_stride,
        "template": config.template.name,
        "vram_bytes": vram_bytes(model),
    }


def _formats(tensors: Mapping[str, StoredTensor]) -> str:
    """Number formats in files, the one with most bytes first."""
    sizes: Counter[str] = Counter()
    for tensor in tensors.values():
        count = torch.Size(tensor.shape).numel() * tensor.dtype.itemsize
        sizes[str(tensor.dtype).removeprefix("torch.")] += count
    return ", ".join(name for name, _ in sizes.most_common())


def _not_finite(tensors: Mapping[str, StoredTensor]) -> list[str]:
    bad = [name for name, tensor in tensors.items() if not bool(tensor.read().isfinite().all())]
    if not bad:
        return []
    return [
        f"{len(bad)} tensors hold numbers that are not finite, such as {bad[0]}. Fetch the "
        "checkpoint again."
    ]
