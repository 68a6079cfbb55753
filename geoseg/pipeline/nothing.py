"""The field of a thing that nobody found: it tells who looked where."""

from __future__ import annotations

from dataclasses import dataclass

from geoseg.dialogue import Instruction, Target
from geoseg.fuse import Field, TileLogits, fuse
from geoseg.ledger import Ledger, Plan
from geoseg.tiling import Tile


def nothing_found(ledger: Ledger, plan: Plan) -> Field:
    """A field that is absent wherever a tile was looked at for the first instruction."""
    silent = _Silent(ledger)
    (field,) = fuse(silent, plan.instructions[0], plan.tiles, plan.grid, stride=ledger.key.stride)
    return field


@dataclass(frozen=True, slots=True)
class _Silent:
    """The answers of a ledger, as if they named one thing and none showed it."""

    ledger: Ledger

    def targets(self, *_: object) -> tuple[Target, ...]:
        return (Target(""),)

    def tile_state(self, instruction: Instruction, tile: Tile) -> str | None:
        return self.ledger.tile_state(instruction, tile)

    def logits(self, *_: object) -> TileLogits | None:
        return None

    def instances(self, *_: object) -> tuple[TileLogits, ...]:
        return ()
