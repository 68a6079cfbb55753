"""LoRA that was never merged: W + (alpha / r) · B · A, and what peft does to names.

peft puts `base_model.model.` in front of every name, `base_layer` behind a layer that has an
adapter, and `modules_to_save.<adapter>` behind one that was trained whole. Hu et al. 2021, section
4.1; rsLoRA scales with alpha / √r instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from geoseg.errors import CheckpointError
from geoseg.segearth.stored import StoredTensor

_PREFIX = "base_model.model."
_PAIR = re.compile(r"(?P<layer>.+)\.lora_(?P<side>[AB])(?:\.(?P<adapter>\w+))?\.weight")
_SAVED = re.compile(r"(?P<layer>.+)\.modules_to_save\.(?P<adapter>\w+)\.(?P<rest>.+)")
_OTHER_ADAPTERS = re.compile(r"\.(lora_\w+|ia3_\w+|hada_\w+|oft_\w+|token_adapter)(\.|$)")
_REPLACED = ".original_module."


@dataclass(frozen=True, slots=True)
class Scaling:
    """How strongly adapters count."""

    alpha: float
    root: bool = False
    """Divide by √r instead of r (rsLoRA)."""

    def of(self, rank: int) -> float:
        """The factor in front of B · A."""
        return self.alpha / (math.sqrt(rank) if self.root else rank)


def scaling_from(facts: Mapping[str, Any], alpha: float | None) -> Scaling | None:
    """From an `adapter_config.json`, or from a number given; None if neither says.

    CheckpointError for kinds of adapters that plain addition would get wrong.
    """
    for key in ("use_dora", "alpha_pattern", "fan_in_fan_out", "lora_bias"):
        if facts.get(key):
            raise CheckpointError(
                f"The adapter is of a kind that is not merged here ({key} is {facts[key]!r} in "
                "adapter_config.json). Merge it with peft's merge_and_unload first."
            )
    found = alpha if alpha is not None else facts.get("lora_alpha")
    if found is None:
        return None
    if not isinstance(found, int | float) or isinstance(found, bool):
        raise CheckpointError(f"The adapter's lora_alpha is {found!r}, where a number is needed.")
    return Scaling(float(found), bool(facts.get("use_rslora")))


def is_wrapped(names: Mapping[str, object]) -> bool:
    """Whether names are those of a peft model."""
    return any(name.startswith(_PREFIX) or _PAIR.fullmatch(name) for name in names)


def merge(
    tensors: Mapping[str, StoredTensor], scaling: Scaling | None
) -> tuple[dict[str, StoredTensor], dict[str, tuple[str, ...]]]:
    """Plain tensors by plain names, merged when they are read; and the names each came from.

    CheckpointError if an adapter lacks its other half, its base or its alpha, or if there are
    several.
    """
    plain: dict[str, StoredTensor] = {}
    origins: dict[str, tuple[str, ...]] = {}
    pairs: dict[str, dict[str, str]] = {}
    saved: dict[str, str] = {}
    for name in tensors:
        bare = name.removeprefix(_PREFIX).replace(".base_layer.", ".")
        if pair := _PAIR.fullmatch(bare):
            pairs.setdefault(pair["layer"], {}).setdefault(_only(pair, name), name)
        elif found := _SAVED.fullmatch(bare):
            _only(found, name)
            saved[f"{found['layer']}.{found['rest']}"] = name
        elif odd := _OTHER_ADAPTERS.search(bare):
            raise CheckpointError(
                f"The adapter tensor {name} is of a kind that is not merged here ({odd[1]}). "
                "Merge it with peft's merge_and_unload first."
            )
        elif _REPLACED not in bare:
            plain[bare], origins[bare] = tensors[name], (name,)
    for bare, name in saved.items():
        plain[bare], origins[bare] = tensors[name], (name,)
    for layer, sides in pairs.items():
        weight = f"{layer}.weight"
        plain[weight] = _merged(layer, plain.get(weight), tensors, sides, scaling)
        origins[weight] = (*origins[weight], *sides.values())
    return plain, origins


def _only(found: re.Match[str], name: str) -> str:
    """The side of a pair; CheckpointError for an adapter other than the default one."""
    if found["adapter"] not in (None, "default"):
        raise CheckpointError(
            f"The tensor {name} belongs to an adapter called {found['adapter']!r}; only one "
            "adapter, 'default', is merged. Merge it with peft's merge_and_unload first."
        )
    return found.groupdict().get("side") or ""


def _merged(
    layer: str,
    base: StoredTensor | None,
    tensors: Mapping[str, StoredTensor],
    sides: Mapping[str, str],
    scaling: Scaling | None,
) -> StoredTensor:
    if base is None or set(sides) != {"A", "B"}:
        lost = "its base weight" if base is None else f"lora_{'AB'.strip(next(iter(sides)))}"
        raise CheckpointError(
            f"The adapter of {layer} lacks {lost}. Give the folder that holds both, or the base "
            "model beside the adapter."
        )
    if scaling is None:
        raise CheckpointError(
            f"The checkpoint holds an adapter ({sides['A']}) but no adapter_config.json that gives "
            "its lora_alpha. Add the file, or give the number that it was trained with."
        )
    down, up = tensors[sides["A"]], tensors[sides["B"]]
    rank = down.shape[0] if down.shape else 0
    halves = ((base.shape[0], rank), (rank, base.shape[1])) if len(base.shape) == 2 else ()
    if not rank or (up.shape, down.shape) != halves:
        raise CheckpointError(
            f"The adapter of {layer} has shapes {up.shape} and {down.shape}, which do not make the "
            f"{base.shape} of its base."
        )
    factor = scaling.of(rank)

    def read() -> Tensor:
        change = up.read().float() @ down.read().float()
        return (base.read().float() + factor * change).to(base.dtype)

    return StoredTensor(base.shape, base.dtype, read)
