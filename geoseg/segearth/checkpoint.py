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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from geoseg.errors import CheckpointError, OutputError
from geoseg.segearth.assembly import assemble
from geoseg.segearth.config import SegEarthConfig, from_json, to_json
from geoseg.segearth.model import SegEarth
from geoseg.segearth.prompt import TextCodec
from geoseg.segearth.stored import StoredTensor, open_safetensors
from geoseg.segearth.weights import SHARD_BYTES, Storage, pack, shards, unpack

FORMAT_VERSION = 1

CONFIG = "config.json"
SUMS = "SHA256SUMS"

_TOKENIZER, _CARD = "tokenizer.json", "MODEL_CARD.md"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint in memory."""

    model: SegEarth
    """In evaluation mode, on the CPU, in the number format asked for."""

    codec: TextCodec
    hash: str
    """SHA-256 over config, weights and tokenizer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a folder says of itself, without its weights."""

    config: SegEarthConfig
    weights: tuple[Path, ...]
    """All of them are there."""

    hash: str
    """As written; `checkpoint_hash` finds out whether the files still have it."""


def load(folder: Path, *, dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Read a folder; CheckpointError if anything in it is missing, damaged or left over."""
    config, files = _read_config(folder)
    digest = _verified_hash(folder, files)
    model = assemble(config, tensors_of(folder), str(folder), dtype=dtype)
    return Checkpoint(model, codec_of(folder, config), digest)


def tensors_of(folder: Path) -> dict[str, StoredTensor]:
    """Tensors as the model has them; CheckpointError if a file or a scale is missing or damaged."""
    try:
        return unpack(packed_tensors(folder))
    except KeyError as error:
        raise CheckpointError(f"The checkpoint {folder} lacks the tensor {error}.") from error


def packed_tensors(folder: Path) -> dict[str, StoredTensor]:
    """What the weight files of a folder hold, as it lies there; CheckpointError if damaged."""
    found: dict[str, StoredTensor] = {}
    for path in peek(folder).weights:
        found.update(open_safetensors(path))
    return found


def peek(folder: Path) -> Opened:
    """Read the config of a folder alone; CheckpointError if it or a weight file is not there."""
    config, files = _read_config(folder)
    sums = _present(folder, SUMS).read_text(encoding="utf-8")
    weights = tuple(_present(folder, name) for name in files)
    return Opened(config, weights, hashlib.sha256(sums.encode()).hexdigest())


def codec_of(folder: Path, config: SegEarthConfig) -> TextCodec:
    """The text side of a folder; CheckpointError if its tokenizer is none, or not of its config."""
    text = _present(folder, _TOKENIZER).read_text(encoding="utf-8")
    return codec_for(config, read_tokenizer(text))


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
    """Write a model as a folder; see `write`."""
    texts = Texts(tokenizer_json, card)
    state = model.state_dict().items()
    return write(model.config, state, folder, texts, store=store, overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a checkpoint holds besides numbers."""

    tokenizer_json: str
    card: str


def write(
    config: SegEarthConfig,
    state: Iterable[tuple[str, Tensor]],
    folder: Path,
    texts: Texts,
    *,
    store: Mapping[str, Storage],
    overwrite: bool = False,
    shard_bytes: int = SHARD_BYTES,
) -> str:
    """Write a folder under a temporary name, then rename it; returns its hash.

    `state` is read once, one shard at a time. `store` maps prefixes of parameter names to storage
    formats, "" meaning all; the longest wins. Raises OutputError if the folder exists and
    `overwrite` is not set, or cannot be written, and CheckpointError if the tokenizer does not fit
    the model.
    """
    codec_for(config, read_tokenizer(texts.tokenizer_json))
    refuse_existing(folder, overwrite)
    partial, old = (folder.with_name(f".{folder.name}.{w}-{os.getpid()}") for w in ("new", "old"))
    try:
        partial.mkdir(parents=True)
        files = _write_weights(partial, shards(pack(state, store), shard_bytes))
        digest = _write_texts(partial, config, texts, store, files)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"The checkpoint {folder} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return digest


def refuse_existing(folder: Path, overwrite: bool) -> None:
    """OutputError if something is there and may not be overwritten."""
    if folder.exists() and not overwrite:
        raise OutputError(f"{folder} exists already. Choose another folder or ask to overwrite it.")


def checkpoint_hash(folder: Path) -> str:
    """SHA-256 over config, weights and tokenizer; CheckpointError if a file is not as written."""
    _, files = _read_config(folder)
    return _verified_hash(folder, files)


def _write_weights(folder: Path, groups: Iterable[dict[str, Tensor]]) -> list[str]:
    """Names of the files; how many there are is known, and named, at the end."""
    parts: list[Path] = []
    for group in groups:
        parts.append(folder / f"{len(parts)}.part")
        save_file(group, parts[-1])
    files = [f"weights-{i:05d}-of-{len(parts):05d}.safetensors" for i in range(1, len(parts) + 1)]
    for part, file in zip(parts, files, strict=True):
        part.rename(folder / file)
    return files


def _write_texts(
    folder: Path,
    config: SegEarthConfig,
    texts: Texts,
    store: Mapping[str, Storage],
    files: list[str],
) -> str:
    """Everything but the weights; returns the hash of the folder."""
    data = {
        "format_version": FORMAT_VERSION,
        "model": to_json(config),
        "storage": dict(store),
        "weights": files,
    }
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")
    for file in files:  # safetensors writes for its owner alone, whatever the umask says
        shutil.copymode(folder / CONFIG, folder / file)
    (folder / _TOKENIZER).write_text(texts.tokenizer_json, encoding="utf-8")
    (folder / _CARD).write_text(texts.card, encoding="utf-8")
    sums = _sums(folder, files)
    (folder / SUMS).write_text(sums, encoding="utf-8")
    return hashlib.sha256(sums.encode()).hexdigest()


def _read_config(folder: Path) -> tuple[SegEarthConfig, list[str]]:
    """The model config and the names of the weight files."""
    path = folder / CONFIG
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
    written = _present(folder, SUMS).read_text(encoding="utf-8")
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
    for name in (CONFIG, *files, _TOKENIZER):
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


def read_tokenizer(text: str) -> Tokenizer:
    """A tokenizer from its JSON; CheckpointError if it is none."""
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the library raises bare Exception
        raise CheckpointError(
            f"The tokenizer of the checkpoint cannot be read ({error}). Fetch it again."
        ) from error
