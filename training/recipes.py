"""Recipes: TOML read strictly into frozen values, and written back resolved.

Unknown keys, missing keys and values of another type are errors that name the key: a typo never
becomes a default.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar

from geoseg.errors import InstructionError

T = TypeVar("T")


def read_toml(kind: type[T], path: Path) -> T:
    """The value that a TOML file spells; InstructionError if it does not spell one."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstructionError(f"The recipe {path} cannot be read: {error}.") from error
    return from_tables(kind, data)


def from_tables(kind: type[T], data: Any) -> T:
    """A dataclass from nested dicts, lists and plain values; InstructionError names the key."""
    value: T = _fields(kind, data, "")
    return value


def with_settings(data: dict[str, Any], settings: dict[str, str]) -> dict[str, Any]:
    """Tables in which ``a.b`` keys have other values, given as TOML text (bare words: strings)."""
    changed: dict[str, Any] = json.loads(json.dumps(data))
    for key, text in settings.items():
        *path, last = key.split(".")
        table = changed
        for part in path:
            table = table.setdefault(part, {})
        try:
            table[last] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            table[last] = text
    return changed


def to_tables(value: Any) -> dict[str, Any]:
    """The inverse of `from_tables`, as plain JSON values."""
    tables: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(value)))
    return tables


def to_toml(value: Any) -> str:
    """A dataclass as TOML that reads back as the same value; what is None is left out."""
    lines: list[str] = []
    _write(to_tables(value), (), lines)
    return "\n".join(lines).strip() + "\n"


def _write(table: dict[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    inner = {key: item for key, item in table.items() if isinstance(item, dict)}
    for key, item in table.items():
        if key not in inner and item is not None:
            lines.append(f"{key} = {_inline(item)}")
    for key, item in inner.items():
        lines += ["", f"[{'.'.join([*path, key])}]"]
        _write(item, (*path, key), lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{k} = {_inline(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, float) and value == float("inf"):
        return "inf"
    # JSON's strings, numbers and booleans are TOML's.
    return json.dumps(value)


def _fields(kind: Any, value: Any, where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    given = value if isinstance(value, dict) else {}
    unknown = sorted(set(given) - set(fields))
    missing = sorted(name for name, field in fields.items() if _required(field, given))
    if unknown or missing or not isinstance(value, dict):
        raise InstructionError(
            f"The recipe has unknown keys {unknown} and lacks {missing} "
            f"in {where or 'its first table'}.",
            hint=f"Known keys there: {', '.join(fields)}.",
        )
    hints = typing.get_type_hints(kind)
    prefix = f"{where}." if where else ""
    read = {key: _read(hints[key], item, prefix + key) for key, item in given.items()}
    return kind(**read)


def _required(field: dataclasses.Field[Any], given: dict[str, Any]) -> bool:
    has_default = (
        field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    )
    return not has_default and field.name not in given


def _read(kind: Any, value: Any, where: str) -> Any:
    """A plain value as an instance of the annotation `kind`."""
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if dataclasses.is_dataclass(kind):
        return _fields(kind, value, where)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        item = typing.get_args(kind)[0]
        return tuple(_read(item, entry, f"{where}[{i}]") for i, entry in enumerate(value))
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value in choices:
            return value
        kind = f"one of {', '.join(map(repr, choices))}"
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is kind:
        return value
    expected = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    raise InstructionError(
        f"The recipe has {value!r} at {where}, where {expected} is expected.",
        hint="Mind the quotes and the brackets of TOML.",
    )
