"""A config as JSON and back; unknown keys are errors, so a typo never becomes a default."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from geoseg.errors import CheckpointError
from geoseg.segearth.config.sizes import SegEarthConfig


def to_json(config: SegEarthConfig) -> dict[str, Any]:
    """Plain dicts, lists and numbers, as written to `config.json`."""
    return _plain(dataclasses.asdict(config))  # type: ignore[no-any-return]


def from_json(data: dict[str, Any]) -> SegEarthConfig:
    """The inverse of `to_json`; CheckpointError on unknown, missing or mistyped keys."""
    config = _read(SegEarthConfig, data, "model")
    assert isinstance(config, SegEarthConfig)
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _read(kind: Any, value: Any, where: str) -> Any:
    """`value` from JSON as an instance of the annotation `kind`."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_fields(kind, value, where)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        if isinstance(value, list):
            return tuple(_read(item, v, where) for v in value)
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is kind:
        return value
    raise CheckpointError(
        f"The model config has {value!r} at {where}, where {kind} is expected. "
        "Restore config.json from the checkpoint's source."
    )


def _read_fields(kind: type, value: Any, where: str) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    given = value if isinstance(value, dict) else {}
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    unknown, missing = sorted(set(given) - set(fields)), sorted(required - set(given))
    if unknown or missing or not isinstance(value, dict):
        raise CheckpointError(
            f"The model config at {where} has unknown keys {unknown} and lacks {missing}. "
            "Restore config.json from the checkpoint's source, or update geoseg."
        )
    hints = typing.get_type_hints(kind)
    return kind(**{key: _read(hints[key], item, f"{where}.{key}") for key, item in given.items()})
