"""Checkpoint folders: written whole, read strictly, never unpickled.

A folder holds `config.json` (format version, every size, the prompt template, how weights are
stored), `weights-0000i-of-0000n.safetensors`, `tokenizer.json`, `MODEL_CARD.md` and `SHA256SUMS`.
The sums cover all of them but the card, which is for people.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from geoseg.errors import CheckpointError, OutputError
from geoseg.segearth.config import PRESETS, SegEarthConfig, from_json, to_json
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TextCodec
from geoseg.segearth.weights import Storage, pack, shards, unpack

FORMAT_VERSION = 1

_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_CARD, _SUMS = "MODEL_CARD.md", "SHA256SUMS"
_ASSETS = Path(__file__).resolve().parents[1] / "assets"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint in memory."""

    model: SegEarth
    """In evaluation mode, float32, on the CPU."""

    codec: TextCodec
    hash: str
    """SHA-256 over config, weights and tokenizer."""


def locate(name: str) -> Path:
    """The folder of a shipped checkpoint or of a path; CheckpointError if there is none."""
    shipped = _ASSETS / name
    if name in PRESETS and (shipped / _CONFIG).is_file():
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
        f"The checkpoint {name!r} is {found}. Give the folder that holds {_CONFIG}, or a name "
        "that ships with geoseg, such as nano."
    )


def load(folder: Path) -> Checkpoint:
    """Read a folder; CheckpointError if anything in it is missing, damaged or left over."""
    config, files = _read_config(folder)
    digest = _verified_hash(folder, files)
    packed: dict[str, Tensor] = {}
    for name in files:
        try:
            packed.update(load_file(folder / name))
        except (SafetensorError, OSError) as error:
            raise CheckpointError(
                f"The weight file {folder / name} cannot be read ({error}). Fetch it again."
            ) from error
    model = build(config).eval()
    _fill(model, packed, folder)
    tokenizer = _read_tokenizer((folder / _TOKENIZER).read_text(encoding="utf-8"))
    return Checkpoint(model, codec_for(config, tokenizer), digest)


def codec_for(config: SegEarthConfig, tokenizer: Tokenizer) -> TextCodec:
    """The text side of a config; CheckpointError if the tokenizer does not fit it."""
    codec = TextCodec(tokenizer, config.template, config.answer_token_ids)
    highest = max(codec.seg, codec.end)
    if highest >= config.language.vocab:
        raise CheckpointError(
            f"The tokenizer gives the answer markers ids up to {highest}, but the language model "
            f"has {config.language.vocab} rows. Use the tokenizer.json of this checkpoint."
        )
    return codec


def save(
    model: SegEarth,
    folder: Path,
    tokenizer_json: str,
    card: str,
    *,
    store: Mapping[str, Storage],
    overwrite: bool = False,
) -> str:
    """Write a folder under a temporary name, then rename it; returns its hash.

    `store` maps prefixes of parameter names to storage formats, "" meaning all; the longest wins.
    Raises OutputError if the folder exists and `overwrite` is not set, or cannot be written, and
    CheckpointError if the tokenizer does not fit the model.
    """
    codec_for(model.config, _read_tokenizer(tokenizer_json))
    if folder.exists() and not overwrite:
        raise OutputError(f"{folder} exists already. Choose another folder or ask to overwrite it.")
    partial, old = (folder.with_name(f".{folder.name}.{w}-{os.getpid()}") for w in ("new", "old"))
    try:
        partial.mkdir(parents=True)
        digest = _write(model, partial, tokenizer_json, card, store)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"The checkpoint {folder} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return digest


def checkpoint_hash(folder: Path) -> str:
    """SHA-256 over config, weights and tokenizer; CheckpointError if a file is not as written."""
    _, files = _read_config(folder)
    return _verified_hash(folder, files)


def describe(name: str) -> dict[str, Any]:
    """Sizes of a checkpoint, or of a preset that has no weights here; allocates no weights."""
    config, source = _source(name)
    with torch.device("meta"):
        model = build(config)
    parts = {
        part: sum(p.numel() for p in module.parameters()) for part, module in model.named_children()
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
    shipped = (_ASSETS / name / _CONFIG).is_file()
    if name in PRESETS and not shipped and not Path(name).is_dir():
        return PRESETS[name], {"folder": None, "stored_bytes": None}
    folder = locate(name)
    config, files = _read_config(folder)
    stored = sum(_present(folder, file).stat().st_size for file in files)
    return config, {"folder": str(folder), "stored_bytes": stored}


def _write(
    model: SegEarth, folder: Path, tokenizer_json: str, card: str, store: Mapping[str, Storage]
) -> str:
    groups = list(shards(pack(model.state_dict(), store)))
    files = [f"weights-{i:05d}-of-{len(groups):05d}.safetensors" for i in range(1, len(groups) + 1)]
    for file, group in zip(files, groups, strict=True):
        save_file(group, folder / file)
    config = {
        "format_version": FORMAT_VERSION,
        "model": to_json(model.config),
        "storage": dict(store),
        "weights": files,
    }
    text = json.dumps(config, indent=1, ensure_ascii=False) + "\n"
    (folder / _CONFIG).write_text(text, encoding="utf-8")
    (folder / _TOKENIZER).write_text(tokenizer_json, encoding="utf-8")
    (folder / _CARD).write_text(card, encoding="utf-8")
    sums = _sums(folder, files)
    (folder / _SUMS).write_text(sums, encoding="utf-8")
    return hashlib.sha256(sums.encode()).hexdigest()


def _read_config(folder: Path) -> tuple[SegEarthConfig, list[str]]:
    """The model config and the names of the weight files."""
    path = folder / _CONFIG
    if not path.is_file():
        found = "holds no config.json" if folder.is_dir() else "is not there"
        raise CheckpointError(
            f"The checkpoint folder {folder} {found}. Give a folder that geoseg wrote."
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(
            f"{path} is not JSON ({error}). Fetch the checkpoint again."
        ) from error
    version = data.get("format_version") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format_version {version!r}; this geoseg reads {FORMAT_VERSION}. "
            "Give a folder that geoseg wrote, or update geoseg."
        )
    files = data.get("weights")
    if not isinstance(files, list) or not all(isinstance(f, str) for f in files) or not files:
        raise CheckpointError(f"{path} names no weight files. Fetch the checkpoint again.")
    return from_json(data.get("model")), files


def _verified_hash(folder: Path, files: list[str]) -> str:
    written = _present(folder, _SUMS).read_text(encoding="utf-8")
    found = _sums(folder, files)
    if written != found:
        lines = set(written.splitlines()) ^ set(found.splitlines())
        stale = sorted({line.rpartition(" ")[2] for line in lines})
        raise CheckpointError(
            f"In the checkpoint {folder} these files are not as they were written: "
            f"{', '.join(stale)}. Fetch the checkpoint again."
        )
    return hashlib.sha256(found.encode()).hexdigest()


def _sums(folder: Path, files: list[str]) -> str:
    lines = []
    for name in (_CONFIG, *files, _TOKENIZER):
        with _present(folder, name).open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines)


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise CheckpointError(
            f"The checkpoint {folder} lacks its file {name}. Fetch the checkpoint again."
        )
    return path


def _read_tokenizer(text: str) -> Tokenizer:
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the library raises bare Exception
        raise CheckpointError(
            f"The tokenizer of the checkpoint cannot be read ({error}). Fetch it again."
        ) from error


def _fill(model: SegEarth, packed: Mapping[str, Tensor], folder: Path) -> None:
    """Copy weights in; CheckpointError unless names and shapes agree both ways."""
    try:
        state = unpack(packed)
    except KeyError as error:
        raise CheckpointError(f"The checkpoint {folder} lacks the tensor {error}.") from error
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if expected == found:
        model.load_state_dict(state)
        return
    wrong = {
        "missing": sorted(expected.keys() - found.keys()),
        "unexpected": sorted(found.keys() - expected.keys()),
        "of another shape": sorted(
            name for name in expected.keys() & found.keys() if expected[name] != found[name]
        ),
    }
    report = "; ".join(
        f"{len(names)} {what}, such as {names[0]}" for what, names in wrong.items() if names
    )
    raise CheckpointError(
        f"The weights of the checkpoint {folder} are not those of its config: {report}. "
        "Fetch the checkpoint again."
    )
