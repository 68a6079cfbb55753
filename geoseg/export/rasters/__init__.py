"""Fields to raster files, while their polygons are drawn: nothing is fused twice.

A recorder passes a field's strips on and writes them on the way, so that no more of a field is in
memory than without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from geoseg.errors import OutputError
from geoseg.export.drafts import check_place, output_error
from geoseg.export.rasters.masks import MaskWriter
from geoseg.export.rasters.places import Place, band_titles, file_names
from geoseg.export.rasters.scores import score_writer
from geoseg.export.unfinished import draft_beside, locked, remove_all_stale
from geoseg.fuse import Field, Strip
from geoseg.grid import Grid

__all__ = ["Place", "Rasters", "Recorder", "recording"]


@dataclass(frozen=True, slots=True)
class Rasters:
    """The raster files that are asked for."""

    scores: Path | None = None
    """A band per target: how probable it is, on the grid of the model's answers."""

    masks: Path | None = None
    """A folder: a file per target, on the scene's grid."""

    overwrite: bool = False

    draft: str = ""
    """What the names of unfinished masks begin with, once it is held."""

    @contextmanager
    def held(self) -> Iterator[Rasters]:
        """The same with a name for drafts, in the folder and those inside it, that nobody takes."""
        if self.masks is None or self.draft:
            yield self
            return
        _make(self.masks)
        draft = draft_beside(self.masks / "masks")
        with locked(draft, deep=True):
            yield replace(self, draft=draft.name)

    def check(self) -> None:
        """Refuse, before any work is done, places that cannot be written. Raises OutputError."""
        if self.scores is not None:
            if self.scores.suffix.lower() not in (".tif", ".tiff"):
                raise OutputError(
                    f"Scores are a GeoTIFF, and the name is {self.scores.name!r}.",
                    hint="Name a .tif file.",
                    code="bad_request",
                )
            check_place(self.scores, overwrite=self.overwrite)
        if self.masks is not None:
            self._check_folder(self.masks)

    def _check_folder(self, folder: Path) -> None:
        if folder.is_dir():
            remove_all_stale(folder)
            if any(not one.is_dir() for one in folder.rglob("*")) and not self.overwrite:
                # Its files are named by what is found, so none can be looked for beforehand.
                raise OutputError(
                    f"The folder {folder} for masks is not empty.",
                    hint="Name another one, or --overwrite to replace masks of the same names.",
                    code="bad_request",
                )
            check_place(folder / "mask.tif", overwrite=True)
        else:
            check_place(folder, overwrite=False)


class _Writer(Protocol):
    def begin(self, number: int, field: Field) -> None: ...

    def push(self, strip: Strip) -> None: ...

    def end(self) -> None: ...


class Recorder:
    """Fields in the order of their places, written as they are told."""

    def __init__(self, writers: Sequence[_Writer]) -> None:
        self._writers = writers
        self.count = 0
        """Fields so far."""

    def recorded(self, field: Field) -> Field:
        """The next place's field; telling it for the first time writes it too."""
        number, self.count = self.count, self.count + 1
        if not self._writers:
            return field
        waiting = [number]

        def strips() -> Iterator[Strip]:
            if not waiting:
                yield from field.strips()
                return
            waiting.clear()
            for writer in self._writers:
                writer.begin(number, field)
            for strip in field.strips():
                for writer in self._writers:
                    writer.push(strip)
                yield strip
            for writer in self._writers:
                writer.end()

        return replace(field, strips=strips)

    def record(self, field: Field) -> None:
        """Write a field that nothing else is drawn from."""
        for _ in self.recorded(field).strips():
            pass


@contextmanager
def recording(
    rasters: Rasters, places: Sequence[Place], grid: Grid, stride: int
) -> Iterator[Recorder]:
    """A recorder for one field per place; the files appear together, when all went well.

    Without places one field may be recorded, for the scores alone: where nobody found anything.
    `grid` is the scene's, and a cell of the fields is `stride` of its pixels wide. Raises
    OutputError when a file cannot be written.
    """
    with ExitStack() as held:
        rasters = held.enter_context(rasters.held())
        writers: list[_Writer] = []
        if rasters.masks is not None:
            _make(rasters.masks)
        if rasters.masks is not None and places:
            paths = [rasters.masks / f"{name}.tif" for name in file_names(places)]
            writers.append(MaskWriter(held, paths, rasters.draft, rasters.overwrite))
        if rasters.scores is not None:
            titles = band_titles(places) or [""]
            scores = score_writer(rasters.scores, titles, grid.scaled(stride), rasters.overwrite)
            writers.append(held.enter_context(scores))
        yield Recorder(writers)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
