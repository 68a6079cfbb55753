"""Options of how answers become polygons, for all commands that write some."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., Any])

_SQUARE_METRES = {"": 1.0, "m2": 1.0, "m²": 1.0, "ha": 1e4, "km2": 1e6, "km²": 1e6}
_AMOUNT = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z²]*2?)", re.IGNORECASE)


def square_metres(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An area in m², or with its unit: `30`, `4m2`, `0.5ha`, `1km2`; None when not given."""
    if value is None:
        return None
    match = _AMOUNT.fullmatch(value.strip())
    if match is not None and match[2].lower() in _SQUARE_METRES:
        with suppress(ValueError):
            return float(match[1]) * _SQUARE_METRES[match[2].lower()]
    raise click.BadParameter(f"{value!r} is no area. Write 30 (m²), 4m2, 0.5ha or 1km2.")


_FUSE = click.option(
    "--fuse",
    type=click.Choice(["found", "blend", "core", "instances"]),
    default="found",
    show_default=True,
    help="How the answers of overlapping windows become one: the mean of those that found the "
    "thing, of all that looked, or the answer of the window that owns the place; `instances` keeps "
    "things that touch apart where the model drew each by itself, and is `found` elsewhere.",
)
_THRESHOLD = click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    metavar="P",
    help="Probability from which a place belongs to a polygon.",
)
_MIN_AGREEMENT = click.option(
    "--min-agreement",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Leave out what less than this share of the windows found that saw it; only where three "
    "or more saw it.",
)
_MIN_AREA = click.option(
    "--min-area",
    callback=square_metres,
    default="0",
    show_default=True,
    metavar="AREA",
    help="Leave out polygons smaller than this: in m², or with a unit as in 4m2, 0.5ha, 1km2.",
)
_MAX_AREA = click.option(
    "--max-area",
    callback=square_metres,
    metavar="AREA",
    help="Leave out polygons larger than this.",
)
_SIMPLIFY = click.option(
    "--simplify",
    type=click.FloatRange(min=0),
    default=0.25,
    show_default=True,
    metavar="PX",
    help="Most that a vertex may move for fewer of them, in pixels of the scene; edges that "
    "polygons have in common stay in common, whatever they are of. 0 keeps every vertex.",
)
_REGULARIZE = click.option(
    "--regularize",
    multiple=True,
    metavar="TARGET",
    help="Give the outlines of this target straight edges in few directions, as buildings have "
    "them; may be repeated, `all` is every target. A polygon that this would change much stays as "
    "it was.",
)
_FILL_HOLES = click.option(
    "--fill-holes",
    callback=square_metres,
    default="0",
    show_default=True,
    metavar="AREA",
    help="Fill holes smaller than this.",
)
_PIXEL_EDGES = click.option(
    "--pixel-edges",
    is_flag=True,
    help="Let outlines follow the edges of the model's mask cells, neither simplified nor "
    "straightened.",
)
_DST_CRS = click.option(
    "--dst-crs",
    metavar="CRS",
    help="Write polygons in this CRS. [default: the scene's own, or the first one's]",
)
_LAYER_PER_TARGET = click.option(
    "--layer-per-target", is_flag=True, help="One layer per thing found."
)
_DRIVER = click.option(
    "-f",
    "--driver",
    type=click.Choice(
        ["GPKG", "FlatGeobuf", "Parquet", "GeoJSON", "GeoJSONSeq", "ESRI Shapefile"],
        case_sensitive=False,
    ),
    help="Format of OUT, where its extension does not say it.",
)
_SCORES = click.option(
    "--scores",
    metavar="FILE.tif",
    help="Also write how probable each thing is everywhere: a band per target, on the grid of the "
    "model's answers. Of one scene; of several, draw each with refine.",
)
_MASKS = click.option(
    "--masks",
    metavar="DIR",
    help="Also write a raster mask per target on the scene's grid into this folder: 1 where it is, "
    "0 where not, 255 where nobody looked; before polygons are left out, simplified or clipped. "
    "Each of several scenes gets a folder of its own in it.",
)

OUTPUT_OPTION = click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="Vector file to write: .gpkg, .fgb, .parquet, .geojson, .geojsonl or .shp; - writes "
    "GeoJSON features, one a line, to standard output.",
)
"""Where polygons go; checked by hand where a request file may say it."""

DRAWING_OPTIONS = (
    *(_FUSE, _THRESHOLD, _MIN_AGREEMENT, _MIN_AREA, _MAX_AREA),
    *(_SIMPLIFY, _REGULARIZE, _FILL_HOLES, _PIXEL_EDGES, _DST_CRS, _LAYER_PER_TARGET),
    *(_DRIVER, _SCORES, _MASKS),
)
"""What can be chosen anew, for the same answers."""


def drawing_options(command: Command) -> Command:
    """Give a command the options of how answers become polygons."""
    for option in reversed(DRAWING_OPTIONS):
        command = option(command)
    return command


PRESETS: dict[str, dict[str, Any]] = {
    "careful": {"overlap": 512, "min_agreement": 0.5},
    "fast": {"overlap": 128, "fuse": "core"},
}
"""What each of the two sets, where the command has such an option and it is not given."""


_PRESET_MEANS = {
    "careful": {"overlap": "twice the looks", "min_agreement": "most must agree"},
    "fast": {"overlap": "fewer windows", "fuse": "each for itself"},
}


def preset_options(*settable: str) -> Callable[[Command], Command]:
    """Give a command, which has the options `settable`, `--careful` and `--fast`.

    `apply_preset` reads them; their help names what they set in this command.
    """

    def decorate(command: Command) -> Command:
        for name in reversed(PRESETS):
            values = {
                option: PRESETS[name][option] for option in PRESETS[name] if option in settable
            }
            means = ", ".join(_PRESET_MEANS[name][option] for option in values).capitalize()
            flags = (f"--{option.replace('_', '-')} {value}" for option, value in values.items())
            text = f"{means}: {' and '.join(flags)}, where not given."
            command = click.option(f"--{name}", is_flag=True, help=text)(command)
        return command

    return decorate


def apply_preset(ctx: click.Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments without `careful` and `fast`; these decided what was left open."""
    left = {name: value for name, value in arguments.items() if name not in PRESETS}
    asked = [name for name in PRESETS if arguments.get(name)]
    if len(asked) > 1:
        raise click.UsageError("--careful and --fast contradict each other; give one.", ctx)
    for name in asked:
        for option, value in PRESETS[name].items():
            given = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
            if option in left and not given:
                left[option] = value
    return left
