"""A command's arguments in a JSON file: for programs, and for command lines that grow too long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource


def merge_request(ctx: click.Context, file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a command line with those of its request file filled in.

    Keys are the long names of the options and arguments, with `_` for `-`. Raises UsageError when
    the file cannot be read, holds a key that no option has, or contradicts the command line.
    """
    return given if file is None else merge_body(ctx, file, _read(file), given)


def merge_body(
    ctx: click.Context, file: str, body: dict[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    """As `merge_request`, with the object that stands in `file`, or wherever that names."""
    merged = dict(given)
    params = {param.name: param for param in ctx.command.params if param.name != "request"}
    for key, value in body.items():
        param = params.get(key)
        if param is None:
            known = ", ".join(sorted(name for name in params if name))
            raise click.UsageError(f"{file}: unknown key {key!r}. Known keys: {known}.", ctx)
        merged_value = _merged_value(ctx, param, given.get(key), value, file)
        if key in given:
            merged[key] = merged_value
            # What a file says is said: no preset may change it.
            ctx.set_parameter_source(key, ParameterSource.COMMANDLINE)
    return merged


def _merged_value(
    ctx: click.Context, param: click.Parameter, on_line: Any, in_file: Any, file: str
) -> Any:
    """One argument's value; the file's when the command line leaves it open."""
    try:
        value = _converted(ctx, param, in_file)
    except click.BadParameter as error:
        raise click.UsageError(f"{file}: {param.name}: {error.message}", ctx) from error
    source = ctx.get_parameter_source(param.name or "")
    on_line_empty = param.nargs == -1 and not on_line
    if source is ParameterSource.COMMANDLINE and not on_line_empty and on_line != value:
        raise click.UsageError(
            f"{param.name} is {on_line!r} on the command line and {value!r} in {file}; "
            "say it in one place.",
            ctx,
        )
    return value


def _converted(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """A JSON value as the option would read it from a command line."""
    if value is None:
        return param.get_default(ctx)
    is_flag = isinstance(param, click.Option) and param.is_flag
    if is_flag != isinstance(value, bool):
        raise click.BadParameter(f"{value!r} is not {'true or false' if is_flag else 'a value'}.")
    many = param.multiple or param.nargs != 1 if isinstance(param, click.Option) else False
    if many or param.nargs == -1:
        value = value if isinstance(value, list) else [value]
    elif isinstance(value, list | dict):
        raise click.BadParameter(f"{value!r} is not a single value.")
    return param.process_value(ctx, value)


def _read(file: str) -> dict[str, Any]:
    try:
        body = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"Cannot read the request {file}: {error.strerror}.") from error
    except ValueError as error:
        raise click.UsageError(f"The request {file} is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise click.UsageError(f"The request {file} must hold one JSON object.")
    return body
