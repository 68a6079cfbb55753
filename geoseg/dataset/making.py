"""A scene and vector layers become a folder of examples in the format of LaSeRS.

::

    dataset.json                          how it was made, and what is in it
    train/images/*.png                    windows of the scene
    train/annotations/train_data.json     questions, answers and masks
    test/images/*.png
    test/annotations/test_{subset}.json   the same in the nine subsets of LaSeRS; one may be empty
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geoseg.areas import bounds_area, read_area, tiles_touching, turned
from geoseg.dataset.questions import Asking, Question, questions
from geoseg.dataset.subjects import Columns, Subject, drawn_mask, read_subjects
from geoseg.dataset.windows import cut_windows, held_out
from geoseg.dataset.wording import checked
from geoseg.dataset.writing import Writer
from geoseg.errors import InstructionError, OutputError, SceneError
from geoseg.grid import Grid, Window
from geoseg.scene import Chip, Scene, Unreadable, choose_rendering, open_scene, read_chips


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """Everything that making a data set is told."""

    scene: str
    layers: tuple[str, ...]
    """FILE, FILE:LAYER or PHRASE=FILE[:LAYER]."""

    output: str
    by: str | None = None
    """Column that names what a polygon is."""

    sentences_from: str | None = None
    """Column with the sentence that asks for a polygon."""

    sentences: tuple[str, ...] = ()
    """With {phrase} in them; empty: a few plain ones."""

    window: int = 1024
    """Most pixels a side of a picture."""

    min_pixels: int = 16
    """What covers fewer pixels of a picture is not asked for there."""

    negatives: float = 0.0
    """Of the things that a picture does not show, the share that is asked for all the same."""

    together: bool = False
    """Ask for several things at once too."""

    test: float = 0.1
    """Share of the pictures kept for testing."""

    seed: int = 0
    bounds: tuple[float, float, float, float] | None = None
    bounds_crs: str | None = None
    aoi: str | None = None
    bidx: tuple[int, ...] | None = None
    stretch: str = "auto"
    assume_crs: str | None = None
    nodata: float | None = None
    gsd: float | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a data set holds."""

    output: str
    train_images: int
    train_questions: int
    test_images: int
    test_questions: int
    masks: int
    phrases: tuple[str, ...]
    unreadable: int
    """Windows that could not be decoded and are left out."""


def make_dataset(request: DatasetRequest) -> DatasetReport:
    """Write the data set; the folder appears when it is whole.

    Raises SceneError for a scene or layers that cannot be read or do not meet, InstructionError
    for options that ask for nothing, OutputError where the folder cannot be written.
    """
    if not 0 <= request.negatives <= 1:
        raise InstructionError(
            f"The share of negatives is {request.negatives}; it must lie between 0 and 1."
        )
    asking = Asking(
        checked(request.sentences),
        request.min_pixels,
        request.negatives,
        request.together,
        request.seed,
    )
    out = Path(request.output)
    _refuse_existing(out, request.overwrite)
    scene = open_scene(
        request.scene, assume_crs=request.assume_crs, nodata=request.nodata, gsd=request.gsd
    )
    columns = Columns(request.by, request.sentences_from)
    subjects = read_subjects(request.layers, columns, scene.grid)
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        report = _write(request, scene, subjects, asking, part)
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)
    except OSError as error:
        if isinstance(error, SceneError | OutputError):
            raise
        raise OutputError(f"The folder {out} cannot be written: {error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return report


def _write(
    request: DatasetRequest,
    scene: Scene,
    subjects: Sequence[Subject],
    asking: Asking,
    folder: Path,
) -> DatasetReport:
    area = _area(request, scene.grid)
    tiles = cut_windows(scene.grid, request.window)
    if area is not None:
        tiles = tiles_touching(tiles, scene.grid, area)
    rendering = choose_rendering(scene, request.bidx, request.stretch)
    test = held_out(tiles, request.test, request.seed)
    writer = Writer(folder, Path(request.scene).stem)
    unreadable = 0
    for chip in read_chips(scene, tiles, rendering):
        if isinstance(chip, Unreadable):
            unreadable += 1
            continue
        chip = _clipped(chip, area, scene.grid)
        if found := tuple(_questions(chip, subjects, asking)):
            writer.put(chip, found, "test" if chip.tile.index in test else "train")
    if not writer.questions:
        raise SceneError(
            f"No picture of {request.scene} shows anything of {', '.join(request.layers)} on at "
            f"least {request.min_pixels} pixels.",
            hint="Check where the layers lie, or lower --min-pixels.",
            code="no_overlap",
        )
    report = DatasetReport(
        request.output,
        train_images=writer.images["train"],
        train_questions=writer.count("train"),
        test_images=writer.images["test"],
        test_questions=writer.count("test"),
        masks=writer.masks,
        phrases=tuple(sorted({subject.phrase for subject in subjects})),
        unreadable=unreadable,
    )
    writer.finish(_resolved(request, scene.grid), report)
    return report


def _questions(chip: Chip, subjects: Sequence[Subject], asking: Asking) -> Iterator[Question]:
    window = chip.tile.window
    shown = []
    for subject in subjects:
        shapes = subject.within(window)
        mask = drawn_mask(shapes, window.height, window.width) & chip.valid
        shown.append((subject, len(shapes), mask))
    return questions(shown, chip.tile.index, asking)


def _clipped(chip: Chip, area: Polygon | MultiPolygon | None, grid: Grid) -> Chip:
    """Outside the area nothing is known to be there or not: it is grey, as nodata is."""
    if area is None:
        return chip
    valid = chip.valid & _inside(area, chip.tile.window, grid)
    return replace(chip, rgb=np.where(valid, chip.rgb, np.uint8(128)), valid=valid)


def _inside(area: Polygon | MultiPolygon, window: Window, grid: Grid) -> NDArray[np.bool_]:
    a, b, c, d, e, f = tuple(~grid.crop(window).transform)[:6]
    local = shapely.transform(
        area,
        lambda p: np.column_stack([a * p[:, 0] + b * p[:, 1] + c, d * p[:, 0] + e * p[:, 1] + f]),
    )
    return drawn_mask(np.array([local], dtype=object), window.height, window.width)


def _area(request: DatasetRequest, grid: Grid) -> Polygon | MultiPolygon | None:
    if request.bounds is not None and request.aoi is not None:
        raise InstructionError("--bounds and --aoi both say where to look; give one of them.")
    if request.bounds is not None:
        return turned(bounds_area(request.bounds, request.bounds_crs, grid.crs), grid)
    if request.aoi is not None:
        return turned(read_area(request.aoi, crs=grid.crs), grid)
    return None


def _refuse_existing(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "dataset.json").is_file():
        raise OutputError(
            f"{out} exists already and is no data set that geoseg made.",
            code="bad_request",
            hint="Name a new folder.",
        )
    if not overwrite:
        raise OutputError(
            f"{out} holds a data set already.",
            code="bad_request",
            hint="Name a new folder, or give --overwrite.",
        )


def _resolved(request: DatasetRequest, grid: Grid) -> Mapping[str, Any]:
    told = {name: value for name, value in asdict(request).items() if name != "overwrite"}
    return {
        "made_with": told,
        "crs": grid.crs,
        "transform": list(grid.transform)[:6],
        "height": grid.height,
        "width": grid.width,
    }
