"""From kept answers to outlines, one thing of one scene after the other.

What is found under different names may touch. Where outlines are simplified, all of a scene are
traced before the first is shaped, so that each is shaped beside its neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from geoseg.contours import Shape, polygonize
from geoseg.dialogue import Instruction, Target
from geoseg.events import Progress
from geoseg.export.rasters import Recorder
from geoseg.features import Outlines, Traced
from geoseg.fuse import AnswerSource, Field, fuse
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.kept import Kept
from geoseg.pipeline.sheets import Sheet
from geoseg.pipeline.telling import Teller

Chosen = Callable[[Kept, Instruction, Shape], bool]
"""Whether a shape of a scene is drawn."""

_TOLD_EVERY = 500
"""Outlines between two signs of life."""


class Outliner:
    """Traces what sheets show, each thing when it is drawn or, of several, all with the first."""

    def __init__(
        self,
        drawing: Drawing,
        sheets: Sequence[Sheet],
        recorders: Mapping[Kept, Recorder],
        outlines: Outlines,
        tell: Teller,
        *,
        chosen: Chosen | None = None,
    ) -> None:
        """`recorders` write each scene's rasters on the way, and `outlines` holds what waits.

        Only what is `chosen` is drawn; None is all.
        """
        self._drawing, self._sheets, self._recorders = drawing, sheets, recorders
        self._outlines, self._tell, self._chosen = outlines, tell, chosen
        self._told: Counter[int] = Counter()
        self._traced: dict[tuple[int, Kept, Target], Traced] = {}
        found = Counter(one for sheet in sheets for one, _ in sheet.found)
        shaped = drawing.simplify > 0 and not drawing.pixel_edges
        self._may_touch = {one for one, count in found.items() if count > 1 and shaped}

    def shapes(self, sheet: Sheet, one: Kept, target: Target) -> Iterable[Shape] | Traced:
        """The outlines of one thing in one scene, to be asked for once, in the sheets' order."""
        if one not in self._may_touch:
            return self._trace(sheet, one, target)
        if (sheet.index, one, target) not in self._traced:
            self._trace_all(one)
        return self._traced.pop((sheet.index, one, target))

    def _trace_all(self, one: Kept) -> None:
        scene = list(self._recorders).index(one)
        for sheet in self._sheets:
            for target in sheet.of(one):
                traced = self._outlines.keep(scene, self._trace(sheet, one, target))
                self._traced[sheet.index, one, target] = traced

    def _trace(self, sheet: Sheet, one: Kept, target: Target) -> Iterator[Shape]:
        field = _field(self._drawing, one, sheet.instruction, target)
        recorded = self._recorders[one].recorded(field)
        shapes = polygonize(recorded, pixel_edges=self._drawing.pixel_edges)
        for shape in shapes:
            if self._told[sheet.index] % _TOLD_EVERY == 0:
                self._tell(Progress(self._told[sheet.index], None, "polygons", sheet.index))
            self._told[sheet.index] += 1
            if self._chosen is None or self._chosen(one, sheet.instruction, shape):
                yield shape


def _field(drawing: Drawing, one: Kept, instruction: Instruction, target: Target) -> Field:
    (field,) = fuse(
        _Only(one.ledger, target),
        instruction,
        one.plan.tiles,
        one.plan.grid,
        rule=drawing.fuse,
        threshold=drawing.threshold,
        min_agreement=drawing.min_agreement,
    )
    return field


class _Only:
    """Answers about one target alone."""

    def __init__(self, source: AnswerSource, target: Target) -> None:
        self._target = target
        self.tile_state = source.tile_state
        self.logits = source.logits
        self.instances = source.instances

    def targets(self, instruction: Instruction) -> tuple[Target, ...]:  # noqa: ARG002
        """The one."""
        return (self._target,)
