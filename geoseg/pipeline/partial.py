"""Polygons on the way: those that no tile still to come will change, in a file of their own.

A polygon is final when it touches the window of no tile that is still to be asked: everything that
sees it has answered. Drawing takes the run's own time, so it is done only so often that it costs a
tenth of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import shapely

from geoseg.contours import Shape
from geoseg.dialogue import Instruction
from geoseg.errors import OutputError, SceneError
from geoseg.events import Log, Partial
from geoseg.pipeline.kept import Kept
from geoseg.pipeline.record import Account
from geoseg.pipeline.request import Request
from geoseg.pipeline.telling import Teller
from geoseg.pipeline.writing import draw

SHARE = 0.1
"""Of a run's time, the most that drawing on the way takes."""

SOONEST_S = 2.0
"""Seconds before the first drawing: short runs need none."""


class PartialWriter:
    """Draws what is final so far whenever enough time has passed since it last did."""

    def __init__(self, request: Request, kept: Sequence[Kept], tell: Teller) -> None:
        """Writes to the request's `partial`; tells an event `partial` for each layer."""
        self._kept, self._tell = tuple(kept), tell
        self._path = Path(request.partial or "")
        self._request = replace(
            request, driver="GPKG", overwrite=True, scores=None, masks=None, dst_crs=None
        )
        self._next = time.monotonic() + SOONEST_S
        self._warned = False

    def __call__(self) -> None:
        """After a commit: draw, if it is time."""
        if time.monotonic() < self._next:
            return
        began = time.monotonic()
        self.draw()
        now = time.monotonic()
        self._next = now + max(SOONEST_S, (now - began) / SHARE)

    def draw(self) -> None:
        """Write the file and tell of its layers; nothing while nobody has looked at any tile.

        A file that cannot be written costs a warning, not the run: somebody may have it open.
        """
        aside = self._tell.aside("Drawing what is final so far.")
        account = Account(self._request.to_settings())
        try:
            result = draw(
                self._request, self._path, self._kept, account, aside, chosen=Final(self._kept)
            )
        except SceneError:
            return
        except OutputError as error:
            self._tell(Log("debug" if self._warned else "warning", str(error)))
            self._warned = True
            return
        for layer in result.layers:
            self._tell(Partial.of(layer))


class Final:
    """Which shapes nothing that is still to come can change."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self._open = {
            (one, instruction): shapely.STRtree(open_windows(one, instruction))
            for one in kept
            for instruction in one.plan.instructions
        }

    def __call__(self, one: Kept, instruction: Instruction, shape: Shape) -> bool:
        """Whether a shape of this scene touches no window that is still to be asked."""
        tree = self._open[one, instruction]
        return not len(tree.query(shape.polygon, predicate="intersects"))


def open_windows(one: Kept, instruction: Instruction) -> list[shapely.Polygon]:
    """Windows of tiles that were neither answered nor skipped, in scene pixels."""
    decided = one.ledger.states(instruction)
    windows = (tile.window for tile in one.plan.tiles)
    return [
        shapely.box(w.col_off, w.row_off, w.col_end, w.row_end) for w in windows if w not in decided
    ]
