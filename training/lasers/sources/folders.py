"""Pictures in files and folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from geoseg.errors import InstructionError
from training.data.errors import DataError
from training.lasers.sources.labelled import Found, found_picture

_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def find_pictures(
    places: Sequence[Path], group: str | None, most: int | None, seed: int
) -> list[Found]:
    """Pictures in files and folders, by name; of more than `most`, so many drawn by the seed.

    `group` is a regular expression: what it finds in a name is the group. DataError where a place
    holds no picture or two pictures would have the same name, InstructionError for less than 1.
    """
    if most is not None and most < 1:
        raise InstructionError(f"{most} pictures make no data set. Give 1 or more.")
    found: dict[str, Path] = {}
    for place in places:
        for name, path in _listed(place):
            if found.setdefault(name, path) != path:
                raise DataError(
                    str(path), f"and {found[name]} would both be {name}. Give a folder above both."
                )
    names = sorted(found)
    if most is not None and most < len(names):
        drawn = np.random.default_rng([seed, len(names)]).permutation(len(names))[:most]
        names = sorted(names[place] for place in drawn)
    return [found_picture(name, found[name], _group(name, group)) for name in names]


def _listed(place: Path) -> list[tuple[str, Path]]:
    if place.is_file():
        return [(place.name, place)]
    files = [path for path in sorted(place.rglob("*")) if path.suffix.lower() in _ENDINGS]
    if not files:
        raise DataError(str(place), f"holds no picture ({', '.join(_ENDINGS)}).")
    return [("-".join(path.relative_to(place).parts), path) for path in files]


def _group(name: str, pattern: str | None) -> str:
    try:
        match = re.search(pattern, name) if pattern else None
    except re.error as error:
        raise InstructionError(f"{pattern!r} is no regular expression ({error}).") from error
    return match[match.lastindex or 0] if match else Path(name).stem
