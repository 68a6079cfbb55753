"""Options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from geoseg.cli.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])


def _bands(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[int, ...] | None:
    """`-b 4,3,2` and `-b 4 -b 3 -b 2` say the same; None when not given."""
    words = [word for value in values for word in str(value).split(",") if word.strip()]
    try:
        bands = tuple(int(word) for word in words)
    except ValueError:
        raise click.BadParameter(f"{','.join(words)!r} is not a list of band numbers.") from None
    if any(band < 1 for band in bands):
        raise click.BadParameter(f"Band numbers start at 1, got {','.join(words)}.")
    return bands or None


def _shard(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """`2/8` as (2, 8); None when not given."""
    if value is None:
        return None
    part, slash, parts = value.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise click.BadParameter(f"{value!r} is no part of a whole: with N parts, 1/N to N/N.")
    return int(part), int(parts)


def _verbosity(ctx: click.Context, param: click.Parameter, verbose: bool) -> None:
    """The console must know before the command runs: errors may come before that."""
    if verbose:
        ctx.ensure_object(Console).verbosity = 1


_CHECKPOINT = click.option(
    "--checkpoint",
    default="nano",
    show_default=True,
    metavar="nano|color|FOLDER",
    help="The model: nano comes with geoseg; color has no weights and finds what the words red, "
    "green and blue name; a folder holds another checkpoint, ours or a published one; "
    "hf:OWNER/NAME[@REVISION] is one on the Hugging Face hub.",
)
_DEVICE = click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda[:N]",
    help="Where the model runs.",
)
_QUANTIZE = click.option(
    "--quantize",
    type=click.Choice(["none", "int8", "int4"]),
    default="none",
    show_default=True,
    help="Weights of the language model in 8 or 4 bits, for devices with less memory; answers "
    "are then slightly others.",
)
_OVERLAP = click.option(
    "--overlap",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    metavar="PX",
    help="Least pixels that neighbouring windows share.",
)
_BOUNDS = click.option(
    "--bounds",
    type=float,
    nargs=4,
    metavar="XMIN YMIN XMAX YMAX",
    help="Look only at this rectangle, and clip the polygons to it.",
)
_BOUNDS_CRS = click.option(
    "--bounds-crs",
    metavar="CRS",
    help="Of --bounds. [default: the scene's own, or the first one's]",
)
_AOI = click.option(
    "--aoi",
    metavar="FILE[:LAYER]",
    help="Look only inside the polygons of this vector file, and clip to them.",
)
_BIDX = click.option(
    "-b",
    "--bidx",
    multiple=True,
    callback=_bands,
    metavar="N,N,N",
    help="Bands to show the model as red, green, blue; one band is shown as grey. "
    "[default: as the file says, else 1,2,3]",
)
_STRETCH = click.option(
    "--stretch",
    default="auto",
    show_default=True,
    metavar="auto|none|MIN,MAX|pLO-HI",
    help="How values become 8 bits, one way for the whole scene: auto leaves 8-bit data alone "
    "and stretches other data between percentiles 2 and 98.",
)
_ASSUME_CRS = click.option(
    "--assume-crs", metavar="CRS", help="Of a scene that does not say it, for example EPSG:32645."
)
_NODATA = click.option(
    "--nodata",
    type=float,
    metavar="V",
    help="Pixels of this value hold no data. [default: as the scene says]",
)
_GSD = click.option(
    "--gsd",
    type=float,
    metavar="METRES",
    help="Work with pixels of this size on the ground: coarser ones are means, from overviews "
    "where there are some; finer ones, up to 4 times, are interpolated. "
    "[default: the scene's own]",
)
_SHARD = click.option(
    "--shard",
    callback=_shard,
    metavar="I/N",
    help="Ask only the I-th of N parts of the tiles, 1/N to N/N, for example one on each of N "
    "machines; `geoseg merge` unites their ledgers.",
)
_VERBOSE = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_verbosity,
    help="Say more; show tracebacks.",
)

SCENE_OPTIONS = (
    _CHECKPOINT,
    _DEVICE,
    _QUANTIZE,
    _OVERLAP,
    _BOUNDS,
    _BOUNDS_CRS,
    _AOI,
    _BIDX,
    _STRETCH,
    _ASSUME_CRS,
    _NODATA,
    _GSD,
    _SHARD,
)
"""What decides which tiles are asked, what they show, and who answers."""


def scene_options(command: Command) -> Command:
    """Give a command the options that decide which tiles are asked, and who answers."""
    for option in reversed(SCENE_OPTIONS):
        command = option(command)
    return command


PICTURE_OPTIONS = (_BOUNDS, _BOUNDS_CRS, _AOI, _BIDX, _STRETCH, _ASSUME_CRS, _NODATA, _GSD)
"""What decides which part of a scene is looked at, and what it shows."""


def picture_options(command: Command) -> Command:
    """Give a command the options that decide what of a scene is looked at, and how it looks."""
    for option in reversed(PICTURE_OPTIONS):
        command = option(command)
    return command


def device_option(command: Command) -> Command:
    """Give a command `--device`."""
    return _DEVICE(command)


def engine_options(command: Command) -> Command:
    """Give a command the options that say who answers: checkpoint, device and weights."""
    return _CHECKPOINT(_DEVICE(_QUANTIZE(command)))


def verbose_option(command: Command) -> Command:
    """Give a command `-v`."""
    return _VERBOSE(command)
