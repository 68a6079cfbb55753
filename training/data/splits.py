"""Which real images are held out: fixed before any training, in `training/splits/heldout.json`."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

HELD_OUT_DUBAI_TILES: Final = ("2",)
HELD_OUT_BANEPA_ROWS: Final = (3072, 4096)
"""First row, and the row after the last."""

_FILE: Final = Path(__file__).parents[1] / "splits" / "heldout.json"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The images, tiles and rows that training may not touch."""

    dubai_tiles: frozenset[str]
    """The `tile` numbers of the Dubai index: whole scenes."""

    banepa_rows: tuple[int, int]
    """Rows of the Banepa image: first, and the one after the last."""

    ucm_images: frozenset[str]
    """Paths inside the UC Merced folder."""


def make_splits(data_dir: Path) -> dict[str, Any]:
    """The list from the data alone: of the outlined UC Merced images every third by name."""
    labels = json.loads((data_dir / "ucm" / "objects_coco.json").read_text("utf-8"))
    images = sorted((image["scene_class"], image["file_name"]) for image in labels["images"])
    ucm = [
        name
        for _, group in groupby(images, key=lambda pair: pair[0])
        for name in [name for _, name in group][2::3]
    ]
    return {
        "format": 1,
        "dubai": {"tiles": list(HELD_OUT_DUBAI_TILES)},
        "banepa": {"rows": list(HELD_OUT_BANEPA_ROWS)},
        "ucm": {"images": ucm},
    }


@cache
def held_out() -> HeldOut:
    """The fixed list, as the repository keeps it."""
    stored = json.loads(_FILE.read_text("utf-8"))
    first, after = stored["banepa"]["rows"]
    return HeldOut(
        dubai_tiles=frozenset(stored["dubai"]["tiles"]),
        banepa_rows=(first, after),
        ucm_images=frozenset(stored["ucm"]["images"]),
    )
