"""An engine that fails on one tile after the other is not asked on: its device is most likely lost.

One tile that fails costs that tile. A device that is lost fails at every tile, each in no time, and
a night's scene would be done in minutes with nothing but holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geoseg.dialogue import Instruction, TileAnswer
from geoseg.errors import EngineError
from geoseg.tiling import Tile

GIVE_UP_AFTER = 16
"""Tiles in a row: no scene makes an engine that is well fail so often."""


class Patience:
    """Counts the tiles on which an engine failed since it last answered.

    Tiles whose pixels could not be read were not asked, and do not count.
    """

    def __init__(self, most: int) -> None:
        """`most` tiles in a row are too many; 0 is never too many."""
        self._most = most
        self._failed: set[tuple[str, Tile]] = set()
        self._last = ""

    def heard(
        self, scene: str, answers: Iterable[tuple[Instruction, TileAnswer]]
    ) -> Iterator[tuple[Instruction, TileAnswer]]:
        """The same answers, counted."""
        for instruction, answer in answers:
            if answer.failed:
                self._failed.add((scene, answer.tile))
                self._last = answer.text
            else:
                self._failed.clear()
            yield instruction, answer

    def check(self) -> None:
        """Raise EngineError when too many tiles in a row have failed."""
        if not 0 < self._most <= len(self._failed):
            return
        raise EngineError(
            f"The model failed on {len(self._failed)} windows in a row, so it is not asked about "
            f"the others. The last time: {self._last.rstrip('.')}.",
            hint="What is done is kept; when the device works again, the same command goes on "
            "from there, and asks about these windows anew.",
        )
