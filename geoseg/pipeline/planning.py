"""What a run would cost, without running it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyproj import CRS

from geoseg.engines import EngineSpec
from geoseg.pipeline.request import Request
from geoseg.pipeline.survey import survey
from geoseg.scene import Scene
from geoseg.scene.cells import HELD_BYTES
from geoseg.tiling import WINDOW

_SECONDS_PER_TILE = {"color": (0.05, 0.02), "nano": (0.5, 0.05)}
"""For one instruction and for each further one, on two cores of a 2020s server, reading and fusing
included; a machine may take half or twice as long."""

_BASE_BYTES = 420 << 20
"""Python, the libraries, and the reader's cache of blocks, as benchmarks/memory.py finds them."""

_BYTES_PER_COLUMN_AND_BAND = 768
"""The rows that wait for the next row of windows; other types than 8 bits take their multiple."""

_MODEL_BYTES = {"color": 0, "nano": 1100 << 20}
"""Weights, PyTorch, and what one window takes."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A run foreseen."""

    scene: str
    width: int
    """Pixels."""

    height: int
    """Pixels."""

    bands: int
    dtype: str
    crs: str
    """The CRS's name."""

    window: int
    """Pixels a side that the model sees at once."""

    overlap: int
    """Least pixels that neighbouring windows share."""

    tiles: int
    """Windows to be asked, per instruction."""

    tiles_of_scene: int
    """Windows the whole scene would take."""

    memory_bytes: int | None
    """Most memory, about; None for a checkpoint whose size is not known."""

    seconds: float | None
    """Time for one instruction on this machine's CPU, about; None if it cannot be said."""


def plan(request: Request) -> PlanReport:
    """Say what a request would cost. Reads the scene's header, writes nothing.

    Output and instructions are not needed. Raises InstructionError, TilingError and SceneError as
    a run would.
    """
    request.check_options()
    ground = survey(request)
    scene = ground.scene
    return PlanReport(
        scene=scene.path,
        width=scene.grid.width,
        height=scene.grid.height,
        bands=scene.band_count,
        dtype=scene.dtype,
        crs=CRS.from_wkt(scene.grid.crs).name,
        window=WINDOW,
        overlap=request.overlap,
        tiles=len(ground.tiles),
        tiles_of_scene=ground.tiles_of_scene,
        memory_bytes=_memory(request.engine, scene),
        seconds=_seconds(request.engine, len(ground.tiles), 1),
    )


def _memory(engine: EngineSpec, scene: Scene) -> int | None:
    model = _MODEL_BYTES.get(engine.checkpoint)
    if model is None:
        return None
    column = min(scene.band_count, 3) * np.dtype(scene.dtype).itemsize * _BYTES_PER_COLUMN_AND_BAND
    return _BASE_BYTES + model + min(scene.grid.width * column, HELD_BYTES)


def _seconds(engine: EngineSpec, tiles: int, instructions: int) -> float | None:
    pace = _SECONDS_PER_TILE.get(engine.checkpoint)
    if pace is None:
        return None
    first, further = pace
    return tiles * (first + further * (instructions - 1))


def outlook(request: Request, device: str, tiles: int) -> str:
    """What a run is about to do, in a sentence for people: where, how much, how long."""
    instructions = len(request.instructions)
    asked = "1 tile" if tiles == 1 else f"{tiles} tiles"
    if instructions > 1:
        asked += f" for {instructions} instructions"
    seconds = _seconds(request.engine, tiles, instructions) if device == "cpu" else None
    if seconds is None:
        return f"Asking about {asked} on {device}."
    time = f"{round(seconds / 60)} min" if seconds >= 90 else f"{max(round(seconds), 1)} s"
    return f"Asking about {asked} on {device}, which takes about {time} if none is done yet."
