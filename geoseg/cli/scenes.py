"""Options that name scenes: further ones for a run, and those of a ledger."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., Any])

_STDIN = "-"


def more_scenes_options(command: Command) -> Command:
    """Give a command `--scene` and `--scenes-from`; `sorted_words` and `listed_scenes` read them.

    The command has the arguments `scene` and `instructions`.
    """
    command = click.option(
        "--scenes-from",
        metavar="FILE",
        help="Look at the scenes that this file names, one a line; - reads standard input. SCENE "
        "is left out then: every word is an instruction.",
    )(command)
    return click.option(
        "--scene",
        "scenes",
        multiple=True,
        metavar="SCENE",
        help="Look at this scene too; may be repeated. The polygons of all scenes share OUT and "
        "are told apart by the column `source`.",
    )(command)


def chosen_scenes_option(command: Command) -> Command:
    """Give a command `--scene`, for choosing among those of a ledger."""
    return click.option(
        "--scene",
        "scenes",
        multiple=True,
        metavar="NAME",
        help="Only this scene, as the column `source` calls it; may be repeated. [default: those "
        "of the latest run]",
    )(command)


def sorted_words(ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a command line; with `--scenes-from` its first word is no scene."""
    if given["scenes_from"] is None or given["scene"] is None:
        return given
    ctx.set_parameter_source("scene", ParameterSource.DEFAULT)
    ctx.set_parameter_source("instructions", ParameterSource.COMMANDLINE)
    return {**given, "scene": None, "instructions": (given["scene"], *given["instructions"])}


def listed_scenes(ctx: click.Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the scenes of `scenes_from` in their place.

    Raises UsageError when the list cannot be read, is empty, or contradicts other arguments.
    """
    left = dict(arguments)
    source = left.pop("scenes_from")
    if source is None:
        return left
    if left["scene"] is not None:
        raise click.UsageError(
            f"The scenes come from {source}, and {left['scene']} is named as SCENE; say it in one "
            "place.",
            ctx,
        )
    if source == _STDIN and left.get("progress") == "jsonl":
        raise click.UsageError(
            "--scenes-from - and --progress jsonl both want standard input; name a file.", ctx
        )
    first, *others = _read(ctx, source)
    return {**left, "scene": first, "scenes": (*others, *left["scenes"])}


def _read(ctx: click.Context, source: str) -> list[str]:
    name = "Standard input" if source == _STDIN else source
    try:
        content = sys.stdin.buffer.read() if source == _STDIN else Path(source).read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise click.UsageError(f"Cannot read the list {source}: {error.strerror}.", ctx) from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{name} is not text in UTF-8: {error}.", ctx) from error
    named = [line for line in lines if line.strip()]
    if not named:
        raise click.UsageError(f"{name} names no scene; write one a line.", ctx)
    return named
