"""From a scene, or from its kept answers, to a GeoDataFrame."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from geoseg.errors import Cancelled, InstructionError
from geoseg.events import Listener
from geoseg.pipeline.refining import Revision, revise
from geoseg.pipeline.request import Request
from geoseg.pipeline.running import run

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def segment(
    scene: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *instructions: str,
    listener: Listener | None = None,
    **options: Any,
) -> GeoDataFrame:
    """Find in a scene, or in several, what the instructions describe.

    `options` are the fields of `Request` that say how to look: checkpoint, device, quantize,
    overlap, fuse, bounds, bounds_crs, aoi, bidx, stretch, threshold, min_agreement, min_area,
    max_area, simplify, regularize, fill_holes, pixel_edges, dst_crs, assume_crs, nodata, gsd; and
    `ledger`, a path: with it a call that was stopped can go on, and a repeated one asks no tile
    twice.

    The columns are those of the command's output, several instructions told apart by the column
    `instruction`, several scenes by `source`; the CRS is the first scene's unless `dst_crs` is
    given. `attrs["run"]` holds settings,
    versions, seconds, and how many tiles were asked and how many failed. Raises GeosegError.
    """
    with TemporaryDirectory(prefix="geoseg-") as folder:
        path = Path(folder) / "polygons.parquet"
        first, *others = _listed(scene)
        try:
            request = Request(first, instructions, path, scenes=tuple(others), **options)
        except TypeError as error:
            raise InstructionError(f"An option is not known: {error}.") from error
        try:
            run(request, listener)
        except Cancelled as stopped:
            if request.ledger is not None:
                raise
            raise Cancelled(
                "Stopped; no answer is kept, because no ledger was named.",
                hint="Give ledger=PATH to be able to go on.",
            ) from stopped
        return _read(path)


def _listed(
    scene: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> list[str | os.PathLike[str]]:
    if isinstance(scene, str | os.PathLike):
        return [scene]
    if not scene:
        raise InstructionError("There is no scene.", hint="Name at least one.")
    return list(scene)


def refine(
    ledger: str | os.PathLike[str],
    *instructions: str,
    listener: Listener | None = None,
    **options: Any,
) -> GeoDataFrame:
    """Draw the answers that a ledger keeps once more: in seconds, without scene or model.

    Without instructions the latest run's are drawn. `options` are the fields of `Revision`: scenes,
    fuse, threshold, min_agreement, min_area, max_area, simplify, regularize, fill_holes,
    pixel_edges, dst_crs. Columns, CRS and `attrs` are those of
    `segment`, and equal settings give equal polygons. Raises GeosegError.
    """
    with TemporaryDirectory(prefix="geoseg-") as folder:
        path = Path(folder) / "polygons.parquet"
        try:
            revision = Revision(ledger, path, instructions, **options)
        except TypeError as error:
            raise InstructionError(f"An option is not known: {error}.") from error
        revise(revision, listener)
        return _read(path)


def _read(path: Path) -> GeoDataFrame:
    import geopandas as gpd
    import pyarrow.parquet as pq

    frame = gpd.read_parquet(path)
    frame.attrs["run"] = json.loads(pq.read_metadata(path).metadata[b"geoseg"])
    return frame
