"""GeoPackage: a layer per instruction or target, styles, and how it all came about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyogrio

from geoseg.events import Layer
from geoseg.export.drafts import write_failure
from geoseg.export.formats import GEOPACKAGE, short_name
from geoseg.export.streams import stream
from geoseg.export.styles import write_styles
from geoseg.export.tables import (
    ANSWERS,
    FEATURES,
    LayerContent,
    Origin,
    Tally,
    answer_batches,
    feature_batches,
    layer_name,
    unique,
)

_GEOMETRY = "geom"

_HASTY = {"OGR_SQLITE_SYNCHRONOUS": "OFF"}
"""A draft is brought to disk once, when it is whole; a torn one is thrown away."""


def write_geopackage(
    draft: Path, path: Path, layers: Iterable[LayerContent], crs: str, origin: Origin
) -> tuple[Layer, ...]:
    """Write `draft`, which is to become `path`: layers, `answers`, `runs`, `layer_styles`."""
    with _configured(_HASTY):
        return _write(draft, path, layers, crs, origin)


def _write(
    draft: Path, path: Path, layers: Iterable[LayerContent], crs: str, origin: Origin
) -> tuple[Layer, ...]:
    written: list[Layer] = []
    tables: set[str] = set()
    identifiers: set[str] = set()
    driver = GEOPACKAGE.driver
    put = partial(pyogrio.write_arrow, path=draft, driver=driver, **GEOPACKAGE.options)
    place = {"geometry_name": "geometry", "geometry_type": "Polygon", "crs": crs}
    for content in layers:
        tally = Tally(content)
        table = unique(layer_name(content.index, content.instruction, content.target), tables)
        title = " – ".join(filter(None, (content.instruction, content.target)))
        named = {"layer": table, "IDENTIFIER": unique(title, identifiers), "DESCRIPTION": title}
        batches = feature_batches([tally])
        stream(batches, FEATURES, partial(put, **named, **place, GEOMETRY_NAME=_GEOMETRY), path)
        written.append(tally.layer(str(path), table, short_name(crs)))
    named = {"layer": "answers", "IDENTIFIER": unique("geoseg answers", identifiers)}
    stream(answer_batches(origin.answers), ANSWERS, partial(put, **named, **place), path)
    runs = origin.record().table()
    named = {"layer": "runs", "IDENTIFIER": unique("geoseg runs", identifiers)}
    stream(runs.to_batches(), runs.schema, partial(put, **named), path)
    with write_failure(path):
        write_styles(draft, written, _GEOMETRY)
    return tuple(written)


@contextmanager
def _configured(options: dict[str, str]) -> Iterator[None]:
    """Give GDAL options that the user gave no value, as long as the block lasts."""
    ours = {name: value for name, value in options.items() if not _given(name)}
    pyogrio.set_gdal_config_options(ours)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(ours))


def _given(name: str) -> bool:
    return pyogrio.get_gdal_config_option(name) is not None
