"""The layers of an output: what of which scenes is drawn in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from geoseg.dialogue import Instruction, Target
from geoseg.pipeline.drawing import Drawing
from geoseg.pipeline.kept import Kept, spoken


@dataclass(frozen=True, slots=True)
class Sheet:
    """One layer to be drawn: what of which scenes."""

    index: int
    """Index of the instruction, from 0."""

    instruction: Instruction
    found: tuple[tuple[Kept, Target], ...]
    """In the order in which they are drawn."""

    target: str = ""
    """Not empty when each target has a layer of its own."""

    def of(self, scene: Kept) -> tuple[Target, ...]:
        """What of one scene is drawn."""
        return tuple(target for one, target in self.found if one is scene)


def sheets_of(drawing: Drawing, kept: Sequence[Kept]) -> list[Sheet]:
    """One per instruction, or per target where they are asked apart; empty ones too."""
    sheets = []
    for index, instruction in enumerate(spoken(kept)):
        asked = [one for one in kept if instruction in one.plan.instructions]
        found = [(one, target) for one in asked for target in one.ledger.targets(instruction)]
        if not drawing.layer_per_target or not found:
            sheets.append(Sheet(index, instruction, tuple(found)))
            continue
        order = {target: place for place, target in enumerate(dict.fromkeys(t for _, t in found))}
        found.sort(key=lambda pair: order[pair[1]])
        for target, group in groupby(found, key=lambda pair: pair[1]):
            sheets.append(Sheet(index, instruction, tuple(group), target.phrase))
    return sheets
