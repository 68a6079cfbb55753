"""Everything that a published checkpoint consists of, as plain tensors by published names.

A folder with all weights; or an adapter and its base; and, as a start for training, the mask side
from a Mask2Former.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoseg.errors import CheckpointError
from geoseg.segearth.convert import files, lora, names
from geoseg.segearth.convert.pickles import read_detectron
from geoseg.segearth.stored import StoredTensor

_CONFIGS = ("config.json", "adapter_config.json")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the files do not say."""

    template: str = "w1-hb"
    """Which of the published prompts the weights were trained with."""

    mask2former: Path | None = None
    """A `.pkl` of Mask2Former that brings the mask side: a start for training, not a model."""

    seed: int = 0
    """For tensors that have to be drawn."""

    allow_missing: tuple[str, ...] = ()
    """Prefixes, in our words or published ones, of tensors that may be drawn."""

    base: Path | None = None
    """The full weights behind an adapter; None: beside it, or where its config says."""

    lora_alpha: float | None = None
    """None: as `adapter_config.json` says."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Tensors before the model is known, adapters merged."""

    name: str
    """Of the model that they make."""

    tensors: Mapping[str, StoredTensor]
    origins: Mapping[str, tuple[str, ...]]
    """Of each, the names in the files."""

    replaced: tuple[str, ...]
    """Names in the files whose values training replaced."""

    facts: Mapping[str, Any]
    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def gather(folder: Path, choices: Choices) -> Gathered:
    """Open a folder and what belongs to it; CheckpointError if something is missing or unsound."""
    facts = files.read_json(folder / "adapter_config.json")
    whole, adapter = files.open_whole(folder), files.open_adapter(folder)
    folders: tuple[Path, ...] = (folder,)
    if whole is None and adapter is not None:
        base = choices.base or _base_of(folder, facts)
        folders = (folder, base)
        whole = files.open_whole(base)
    if whole is None:
        raise CheckpointError(
            f"{folders[-1]} holds no weights that geoseg reads. It looks for safetensors or "
            "pytorch_model .bin files with their index, under the names that transformers gives "
            "them."
        )
    read, notes = list(whole.files), []
    tensors = dict(whole.tensors)
    origins: dict[str, tuple[str, ...]] = {name: (name,) for name in tensors}
    replaced: set[str] = set()
    if adapter is not None or lora.is_wrapped(tensors):
        extra = adapter.tensors if adapter is not None else {}
        read += adapter.files if adapter is not None else []
        lying = tensors | extra
        tensors, origins = lora.merge(lying, lora.scaling_from(facts, choices.lora_alpha))
        replaced = lying.keys() - {name for names_ in origins.values() for name in names_}
        merged = sum(len(names_) == 3 for names_ in origins.values())
        notes.append(f"{merged} matrices had a LoRA adapter, which is merged into them.")
    if choices.mask2former is not None:
        pickled = _mask_side(choices.mask2former, tensors)
        tensors |= {new: tensor for new, (_, tensor) in pickled.items()}
        origins |= {new: (old,) for new, (old, _) in pickled.items()}
        read.append(choices.mask2former)
    read += [p for f in folders for n in _CONFIGS if (p := f / n).is_file()]
    return Gathered(
        name="segearth-r2" if choices.mask2former is None else "segearth-r2-start",
        tensors=tensors,
        origins=origins,
        replaced=tuple(sorted(replaced)),
        facts=files.read_json(folders[-1] / "config.json"),
        folders=folders,
        files=tuple(read),
        notes=tuple(notes),
    )


def _mask_side(
    path: Path, beside: Mapping[str, StoredTensor]
) -> dict[str, tuple[str, StoredTensor]]:
    """Tensors of a Mask2Former by the names of the other layout, each with the name it had."""
    found = {
        names.from_pickle(name): (name, tensor) for name, tensor in read_detectron(path).items()
    }
    twice = sorted(found.keys() & beside.keys())
    if twice:
        raise CheckpointError(
            f"Both the folder and {path} hold {twice[0]}: the folder has a mask side already, and "
            "trained weights are not overwritten. Leave the .pkl out."
        )
    return found


def _base_of(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Where an adapter says its base is; never anywhere but on this machine."""
    said = str(facts.get("base_model_name_or_path", ""))
    for base in (Path(said), folder / said, folder.parent / said):
        if said and base.is_dir() and base != folder:
            return base
    raise CheckpointError(
        f"{folder} holds an adapter without its base model; it names {said!r}, which is no folder "
        "here. Give the folder of the base."
    )
