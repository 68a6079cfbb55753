"""What a run would cost, without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyproj import CRS

from geoseg.engines import EngineSpec
from geoseg.pipeline.request import Request
from geoseg.pipeline.survey import Survey, survey
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
class ScenePlan:
    """One scene of a run foreseen."""

    scene: str
    width: int
    """Pixels."""

    height: int
    """Pixels."""

    bands: int
    dtype: str
    crs: str
    """The CRS's name."""

    tiles: int
    """Windows to be asked, per instruction."""

    tiles_of_scene: int
    """Windows the whole scene would take."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A run foreseen."""

    scenes: tuple[ScenePlan, ...]

    window: int
    """Pixels a side that the model sees at once."""

    overlap: int
    """Least pixels that neighbouring windows share."""

    tiles: int
    """Windows to be asked in all scenes, per instruction."""

    tiles_of_scenes: int
    """Windows the whole scenes would take."""

    memory_bytes: int | None
    """Most memory, about; None for a checkpoint whose size is not known."""

    seconds: float | None
    """Time for one instruction on this machine's CPU, about; None if it cannot be said."""


def plan(request: Request) -> PlanReport:
    """Say what a request would cost. Reads the headers of the scenes, writes nothing.

    Output and instructions are not needed. Raises InstructionError, TilingError and SceneError as
    a run would.
    """
    request.check_options()
    grounds = survey(request)
    tiles = sum(len(ground.tiles) for ground in grounds)
    return PlanReport(
        scenes=tuple(map(_scene_plan, grounds)),
        window=WINDOW,
        overlap=request.overlap,
        tiles=tiles,
        tiles_of_scenes=sum(ground.tiles_of_scene for ground in grounds),
        memory_bytes=_memory(request.engine, [ground.scene for ground in grounds]),
        seconds=_seconds(request.engine, tiles, 1),
    )


def _scene_plan(ground: Survey) -> ScenePlan:
    scene = ground.scene
    return ScenePlan(
        scene=scene.path,
        width=scene.grid.width,
        height=scene.grid.height,
        bands=scene.band_count,
        dtype=scene.dtype,
        crs=CRS.from_wkt(scene.grid.crs).name,
        tiles=len(ground.tiles),
        tiles_of_scene=ground.tiles_of_scene,
    )


def _memory(engine: EngineSpec, scenes: Sequence[Scene]) -> int | None:
    """They are read one after the other, so the largest counts."""
    model = _MODEL_BYTES.get(engine.checkpoint)
    if model is None:
        return None
    return _BASE_BYTES + model + max(map(_waiting_bytes, scenes))


def _waiting_bytes(scene: Scene) -> int:
    column = min(scene.band_count, 3) * np.dtype(scene.dtype).itemsize * _BYTES_PER_COLUMN_AND_BAND
    return min(scene.grid.width * column, HELD_BYTES)


def _seconds(engine: EngineSpec, tiles: int, instructions: int) -> float | None:
    pace = _SECONDS_PER_TILE.get(engine.checkpoint)
    if pace is None:
        return None
    first, further = pace
    return tiles * (first + further * (instructions - 1))


def outlook(request: Request, device: str, tiles: int, *, scenes: int = 1) -> str:
    """What a run is about to do, in a sentence for people: where, how much, how long."""
    instructions = len(request.instructions)
    asked = "1 tile" if tiles == 1 else f"{tiles} tiles"
    if scenes > 1:
        asked += f" of {scenes} scenes"
    if instructions > 1:
        asked += f" for {instructions} instructions"
    seconds = _seconds(request.engine, tiles, instructions) if device == "cpu" else None
    if seconds is None:
        return f"Asking about {asked} on {device}."
    time = f"{round(seconds / 60)} min" if seconds >= 90 else f"{max(round(seconds), 1)} s"
    return f"Asking about {asked} on {device}, which takes about {time} if none is done yet."
