"""Scenes in any number, by as many processes as there are; the same bytes by however many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geoseg.errors import InstructionError, OutputError
from training.data.errors import DataError
from training.data.pictures import picture_size
from training.synth.layouts import LAYOUTS
from training.synth.mosaic import GroundRequest
from training.synth.scenes import SceneRequest
from training.synth.tally import Tally
from training.synth.writing import lasers, referring, samrs
from training.synth.writing.geotiff import GroundTally, write_scene
from training.synth.writing.records import RecordRequest, SceneRecord, make_record


@dataclass(frozen=True, slots=True)
class _Form:
    write: Callable[[Path, Iterable[SceneRecord]], None]
    instances: bool = False


FORMS: Final[Mapping[str, _Form]] = {
    "lasers": _Form(lasers.write),
    "rrsisd": _Form(referring.write_rrsisd),
    "refsegrs": _Form(referring.write_refsegrs),
    "risbench": _Form(referring.write_risbench),
    "earthreason": _Form(referring.write_earthreason),
    "samrs_sota": _Form(samrs.write_sota, instances=True),
    "samrs_sior": _Form(samrs.write_sior, instances=True),
    "samrs_fast": _Form(samrs.write_fast, instances=True),
}
"""Formats of data sets."""

GEOTIFF: Final = "geotiff"
"""Format of scenes on the ground."""

_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})

_TEST_EVERY: Final = 5
"""One scene in so many is kept for tests."""


@dataclass(frozen=True, slots=True)
class SynthRequest:
    """A data set of drawn scenes."""

    n: int
    seed: int
    form: str
    out: Path
    side: int = 512
    questions: int = 6
    land_use: str = ""
    processes: int = 1
    plain: bool = False
    backgrounds: Path | None = None
    """Folder of real pictures to draw on."""

    gsd: float = 0.3
    """Metres per pixel of georeferenced scenes and of `backgrounds`; other scenes have what suits
    their land use."""


def make(request: SynthRequest) -> Tally:
    """Draw the scenes and write them; what there is of each kind.

    InstructionError for a format or land use that there is not, fewer than 1 scene, or pictures
    below 64 pixels; OutputError where the folder has something in it already; DataError where no
    background is large enough.
    """
    _check(request)
    form = FORMS[request.form]
    tally = Tally()
    form.write(request.out, tally.counted(_records(request, form)))
    return tally


def make_ground(request: SynthRequest) -> list[GroundTally]:
    """Draw georeferenced scenes of `side` pixels and write each with its truth.

    Errors as those of `make`.
    """
    _check(request)
    return [
        write_scene(
            request.out,
            GroundRequest(request.seed, number, request.side, request.side, request.gsd),
            request.processes,
        )
        for number in range(request.n)
    ]


def _check(request: SynthRequest) -> None:
    forms = (*FORMS, GEOTIFF)
    if request.form not in forms or request.n < 1 or request.side < 64 or request.questions < 1:
        raise InstructionError(
            f"Cannot draw {request.n} scenes of {request.side} pixels with {request.questions} "
            f"questions each as {request.form!r}. Formats are {', '.join(forms)}; ask for 1 scene "
            "or more, of 64 pixels or more, with 1 question or more."
        )
    if request.backgrounds is not None and (request.form == GEOTIFF or request.land_use):
        raise InstructionError(
            "Scenes on real pictures have neither a land use nor a place on the ground. Leave out "
            f"--land-use, and choose another format than {GEOTIFF}."
        )
    if request.land_use and request.land_use not in LAYOUTS:
        raise InstructionError(
            f"There is no land use {request.land_use!r}. Land uses are {', '.join(LAYOUTS)}."
        )
    if request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise OutputError(f"{request.out} has something in it already. Name a new folder.")


def _backgrounds(request: SynthRequest) -> tuple[Path, ...]:
    """The pictures that are large enough, by name; DataError where there is none."""
    if request.backgrounds is None:
        return ()
    found = sorted(
        path for path in request.backgrounds.rglob("*") if path.suffix.lower() in _PICTURES
    )
    enough = tuple(path for path in found if min(picture_size(path, str(path))) >= request.side)
    if not enough:
        raise DataError(
            str(request.backgrounds),
            f"holds {len(found)} pictures, none of {request.side} x {request.side} pixels or more.",
            hint="Give a folder of larger pictures, or draw smaller scenes with --side.",
        )
    return enough


def _records(request: SynthRequest, form: _Form) -> Iterator[SceneRecord]:
    """In the order of their numbers, whoever draws them."""
    backgrounds = _backgrounds(request)
    wanted = [
        RecordRequest(
            SceneRequest(
                request.seed,
                number,
                request.side,
                request.side,
                land_use=request.land_use,
                plain=request.plain,
                backgrounds=backgrounds,
                gsd=request.gsd,
            ),
            "test" if number % _TEST_EVERY == _TEST_EVERY - 1 else "train",
            request.questions,
            instances=form.instances,
        )
        for number in range(request.n)
    ]
    if request.processes <= 1:
        yield from map(make_record, wanted)
        return
    with ProcessPoolExecutor(request.processes) as pool:
        yield from pool.map(make_record, wanted, chunksize=4)
