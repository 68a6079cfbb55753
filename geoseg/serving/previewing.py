"""What the model says about one window, before a whole scene is asked."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geoseg.dialogue import Instruction, TargetAnswer, TileAnswer
from geoseg.engines import Engine, Question
from geoseg.errors import EngineError, InstructionError, OutputError, SceneError
from geoseg.events import Listener, Preview, Sighting, Stage, StageName
from geoseg.export import target_color
from geoseg.grid import Grid, Window
from geoseg.pipeline import Request
from geoseg.pipeline.running import Engines
from geoseg.scene import Chip, Unreadable, choose_rendering, open_scene, read_chips
from geoseg.tiling import STRIDE, WINDOW, Tile

SIDE = 768
"""Most pixels a side of the picture."""

_SHADE = 0.45
"""How much of a target's colour lies over the picture."""

_MARKS = re.compile(r"</?\w+>|\[SEG\]")

_STAGES: dict[StageName, str] = {
    "read": "Reading the window",
    "load_model": "Loading the model",
    "segment": "Asking about the window",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the ground, around which the model looks."""

    x: float
    y: float
    crs: str | None = None
    """Of the point; None is the scene's."""


def preview(
    request: Request, place: Place, folder: Path, listener: Listener, engines: Engines
) -> Preview:
    """Ask the first instruction about the window around a place, and draw the answer over it.

    Scene, instruction, model, bands and stretch are the request's; nothing of it is written but a
    picture in `folder`. The listener hears the stages, then the Preview. Raises SceneError for a
    place outside the scene or without a valid pixel, EngineError when the model cannot answer, and
    what opening scene and model raise.
    """
    instruction = request.spoken()[0]

    def enter(name: StageName) -> None:
        listener(Stage(name, _STAGES[name], list(_STAGES).index(name), len(_STAGES)))

    enter("read")
    scene = open_scene(
        str(request.scene), assume_crs=request.assume_crs, nodata=request.nodata, gsd=request.gsd
    )
    rendering = choose_rendering(scene, request.bidx, request.stretch)
    window = window_around(place, scene.grid)
    with closing(read_chips(scene, [Tile(0, window, window)], rendering)) as chips:
        chip = next(chips)
    if isinstance(chip, Unreadable):
        raise SceneError(f"The window cannot be read: {chip.reason}")
    if not chip.valid.any():
        raise SceneError(
            "There is no valid pixel in this window.", hint="Move to where the scene shows ground."
        )
    enter("load_model")
    with engines(request.engine) as engine:
        enter("segment")
        answer = _answer(engine, chip, instruction)
    told = Preview(
        str(draw(chip, answer, folder)),
        readable(answer.text),
        tuple(_sighting(target, chip) for target in answer.targets),
        (window.col_off, window.row_off, window.width, window.height),
        _crs_name(scene.grid.crs),
        scene.grid.crop(window).bounds,
    )
    listener(told)
    return told


def readable(text: str) -> str:
    """The model's sentence without its marks: `<p> roofs </p> [SEG]` is `roofs`."""
    return " ".join(_MARKS.sub(" ", text).split())


def window_around(place: Place, grid: Grid) -> Window:
    """The 1024-px window with the place in its middle, moved inside the scene; (col, row) starts
    are multiples of the stride.

    Raises SceneError for a place outside the scene, InstructionError for a CRS that is not known.
    """
    x, y = place.x, place.y
    if place.crs is not None:
        try:
            x, y = Transformer.from_crs(place.crs, grid.crs, always_xy=True).transform(x, y)
        except CRSError as error:
            raise InstructionError(
                f"The CRS {place.crs!r} is not known.", hint="Use an authority code: EPSG:32645."
            ) from error
    col, row = ~grid.transform @ (x, y)
    if not (0 <= col < grid.width and 0 <= row < grid.height):
        raise SceneError(
            f"The place ({place.x:g}, {place.y:g}) lies outside the scene.",
            hint="Move the map to where the scene is.",
            code="no_overlap",
        )
    starts = [
        min(max(int(middle) - WINDOW // 2, 0) // STRIDE * STRIDE, _last(length))
        for middle, length in ((col, grid.width), (row, grid.height))
    ]
    return Window(
        starts[0],
        starts[1],
        min(WINDOW, grid.width - starts[0]),
        min(WINDOW, grid.height - starts[1]),
    )


def _last(length: int) -> int:
    """The last start on the stride from which a window reaches the end."""
    return max(0, -(-(length - WINDOW) // STRIDE) * STRIDE)


def draw(chip: Chip, answer: TileAnswer, folder: Path) -> Path:
    """A picture of the chip with each target in its colour over it, at most `SIDE` px a side.

    Raises OutputError when it cannot be written.
    """
    rgb = np.moveaxis(chip.rgb, 0, -1).astype(np.float32)
    for target in answer.targets:
        inside = _mask(target, chip)
        color = np.array(_channels(target_color(target.target.phrase)), np.float32)
        rgb[inside] = (1 - _SHADE) * rgb[inside] + _SHADE * color
        rgb[inside & ~_eroded(inside)] = color
    picture = Image.fromarray(rgb.astype(np.uint8))
    picture.thumbnail((SIDE, SIDE))
    path = folder / f"preview-{uuid.uuid4().hex[:12]}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    except OSError as error:
        raise OutputError(f"The picture {path} cannot be written: {error.strerror}.") from error
    return path


def _answer(engine: Engine, chip: Chip, instruction: Instruction) -> TileAnswer:
    """The one answer. Raises EngineError when the model failed."""
    ((_, answer),) = engine.answer([Question(chip, (instruction,))])
    if answer.failed:
        raise EngineError(f"The model could not answer {instruction.text!r}: {answer.text}")
    return answer


def _mask(target: TargetAnswer, chip: Chip) -> NDArray[np.bool_]:
    """(H, W) where the target is, at the chip's pixels, with edges between the mask's cells."""
    height, width = chip.valid.shape
    cells = Image.fromarray(np.clip(target.logits.astype(np.float32), -20, 20))
    size = (cells.width * STRIDE, cells.height * STRIDE)
    full = np.asarray(cells.resize(size, Image.Resampling.BILINEAR))[:height, :width]
    return (full > 0) & chip.valid


def _eroded(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same less two pixels at its edge."""
    kept = inside.copy()
    for axis in (0, 1):
        for step in (-2, 2):
            kept &= np.roll(inside, step, axis)
    return kept


def _sighting(target: TargetAnswer, chip: Chip) -> Sighting:
    phrase = target.target.phrase
    share = float(_mask(target, chip).sum() / chip.valid.sum())
    return Sighting(phrase, phrase, target_color(phrase), share)


def _channels(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def _crs_name(wkt: str) -> str:
    authority = CRS.from_wkt(wkt).to_authority()
    return ":".join(authority) if authority else wkt
