"""What happens in a run, as values, and their form as JSON lines (the process protocol, version 1).

A run tells its listener what it does. The command line turns these values into a progress bar or,
with `--progress jsonl`, into one JSON object per line; docs/protocol.md is the specification.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from geoseg.errors import GeosegError

PROTOCOL = 1
"""Version of the line format, sent as `v` in every object."""

StageName = Literal["read", "load_model", "download", "segment", "vectorize", "write"]
Level = Literal["debug", "info", "warning"]


@dataclass(frozen=True, slots=True)
class Hello:
    """The process is alive; sent before anything heavy is imported."""

    geoseg: str
    """Version of the library."""

    protocol: int
    python: str
    pid: int
    device: str
    """As asked for: `auto`, `cpu`, `cuda:0`, …"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the run begins."""

    name: StageName
    label: str
    """For people, in a few words."""

    index: int
    """Which of the run's parts this is, from 0."""

    count: int
    """How many parts there are."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one instruction is in the present part; for tiles it follows the commits.

    Instructions advance together: the whole is the sum over the newest of each.
    """

    done: int
    total: int | None
    """None when it cannot be known: a busy bar."""

    unit: str = "tiles"
    instruction: int = 0
    """Index of the instruction that `done` and `total` belong to, from 0."""

    eta_s: float | None = None
    """Seconds until this part is over for all instructions, if that can be said."""


@dataclass(frozen=True, slots=True)
class Log:
    """A sentence for people."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Category:
    """One class of a layer and how it is drawn."""

    value: str
    """As it stands in the category field."""

    label: str
    color: str
    """`#rrggbb`."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One instruction's polygons."""

    path: str
    table: str
    """Layer name inside the file."""

    instruction: str
    index: int
    """Index of the instruction, from 0."""

    features: int
    """Number of polygons; 0 is a good result."""

    category_field: str
    categories: tuple[Category, ...]
    crs: str
    """As an authority code such as `EPSG:32645` where there is one, else WKT."""

    bounds: tuple[float, float, float, float] | None
    """(left, bottom, right, top) in CRS units; None when the layer is empty."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Polygons of one instruction that nothing still to come will change, while a run goes on."""

    path: str
    """A GeoPackage of its own, written anew each time; the output appears at the end alone."""

    table: str
    instruction: str
    index: int
    """Index of the instruction, from 0."""

    features: int
    category_field: str
    categories: tuple[Category, ...]
    crs: str

    @classmethod
    def of(cls, layer: Layer) -> Partial:
        """A layer of the side file."""
        return cls(
            layer.path,
            layer.table,
            layer.instruction,
            layer.index,
            layer.features,
            layer.category_field,
            layer.categories,
            layer.crs,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A target in one window, and how it is drawn."""

    value: str
    label: str
    color: str
    """`#rrggbb`."""

    share: float
    """Of the window's pixels that hold data, the share that it covers, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the model says about one window."""

    picture: str
    """PNG of the window as the model saw it, with what it found drawn over it."""

    answer: str
    """The model's sentence."""

    targets: tuple[Sighting, ...]
    window: tuple[int, int, int, int]
    """(col_off, row_off, width, height) in scene pixels."""

    crs: str
    bounds: tuple[float, float, float, float]
    """(left, bottom, right, top) of the window in CRS units."""


@dataclass(frozen=True, slots=True)
class Bye:
    """A server ends by itself."""

    reason: Literal["idle", "quit"]


@dataclass(frozen=True, slots=True)
class FailedTile:
    """A tile that could not be answered: a hole in the result, not an absence."""

    instruction: int
    """Index of the instruction, from 0."""

    tile: int
    """Position in the plan, row by row from the top left."""

    window: tuple[int, int, int, int]
    """(col_off, row_off, width, height) in scene pixels."""

    reason: str
    source: str = ""
    """What the scene is called, as in the columns of that name."""


@dataclass(frozen=True, slots=True)
class Result:
    """The run is over and its output stands."""

    output: str
    layers: tuple[Layer, ...]
    seconds: float
    tiles: int
    """Tiles looked at, of all instructions together, failed ones not counted."""

    failed: tuple[FailedTile, ...] = ()
    warnings: tuple[str, ...] = ()
    status: Literal["ok"] = "ok"


@dataclass(frozen=True, slots=True)
class Failure:
    """The run ended without a result."""

    code: str
    """One of the codes of docs/protocol.md."""

    message: str
    """For people: what is wrong, with the value."""

    hint: str = ""
    """What to do about it."""

    detail: str = ""
    """For the log: where it happened."""

    @classmethod
    def of(cls, error: BaseException, detail: str = "") -> Failure:
        """Describe an error; what geoseg did not raise on purpose is `internal`."""
        if isinstance(error, GeosegError):
            return cls(error.code, error.message, error.hint, detail)
        if isinstance(error, KeyboardInterrupt):
            return cls("cancelled", "Stopped.", "", detail)
        return cls(GeosegError.code, f"{type(error).__name__}: {error}", "", detail)


Event = Hello | Stage | Progress | Log | Layer | Partial | Preview | Result | Failure | Bye
Listener = Callable[[Event], None]
"""Called in the thread of the run. One that raises cancels the run; the ledger is kept."""

_NAMES: dict[str, type[Any]] = {
    "hello": Hello,
    "stage": Stage,
    "progress": Progress,
    "log": Log,
    "layer": Layer,
    "partial": Partial,
    "preview": Preview,
    "result": Result,
    "error": Failure,
    "bye": Bye,
}
_NAME_OF = {kind: name for name, kind in _NAMES.items()}


def to_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object: `v`, `event`, then its fields; `eta_s` only when it is known.

    Numbers that JSON cannot say (NaN, infinities) become null.
    """
    body: dict[str, Any] = _plain(event)
    if isinstance(event, Progress) and body["eta_s"] is None:
        del body["eta_s"]
    return {"v": PROTOCOL, "event": _NAME_OF[type(event)], **body}


def to_line(event: Event, job: str | None = None) -> str:
    """The event as one line, without its line feed; of a server's job, with its `id`."""
    body = to_json(event) if job is None else {**to_json(event), "id": job}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_line(line: str) -> Event | None:
    """Read a line back; None for an event this version does not know.

    Fields that are not known are ignored. Raises ValueError for a line that is not an event.
    """
    body = json.loads(line)
    if not isinstance(body, dict) or "event" not in body:
        raise ValueError(f"Not an event of the progress protocol: {line[:200]!r}.")
    kind = _NAMES.get(body["event"])
    return None if kind is None else _built(kind, body)


def _plain(value: Any) -> Any:
    """Dataclasses to objects and tuples to lists, all the way down."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_MEMBERS: dict[str, type[Any]] = {
    "categories": Category,
    "layers": Layer,
    "failed": FailedTile,
    "targets": Sighting,
}


def _built(kind: type[Any], body: Mapping[str, Any]) -> Any:
    """The dataclass whose fields a JSON object holds."""
    known = {field.name for field in fields(kind)}
    return kind(**{key: _member(key, value) for key, value in body.items() if key in known})


def _member(key: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind = _MEMBERS.get(key)
    return tuple(value) if kind is None else tuple(_built(kind, item) for item in value)
