"""What an answer depends on beside its window and its instruction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from affine import Affine

from geoseg.grid import Grid
from geoseg.rendering import Rendering
from geoseg.tiling import STRIDE


@dataclass(frozen=True, slots=True)
class RunKey:
    """Two runs with equal keys get equal answers for equal windows and instructions."""

    scene_fingerprint: str

    grid: Grid
    """The working grid: the same window means other pixels on another one."""

    rendering: Rendering

    checkpoint_hash: str

    generation: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """Settings that change what the model says, such as its token limit."""

    stride: int = STRIDE
    """Pixels a side per mask logit."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, complete and in a fixed form."""
        return {
            "scene": self.scene_fingerprint,
            "grid": {
                "crs": self.grid.crs,
                "transform": list(self.grid.transform)[:6],
                "height": self.grid.height,
                "width": self.grid.width,
            },
            "rendering": self.rendering.to_json(),
            "checkpoint": self.checkpoint_hash,
            "generation": dict(self.generation),
            "stride": self.stride,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read `to_json` back: the same key, with the same hash."""
        grid, rendering = body["grid"], body["rendering"]
        return cls(
            scene_fingerprint=body["scene"],
            grid=Grid(grid["crs"], Affine(*grid["transform"]), grid["height"], grid["width"]),
            rendering=Rendering(**{name: _frozen(value) for name, value in rendering.items()}),
            checkpoint_hash=body["checkpoint"],
            generation=dict(body["generation"]),
            stride=body["stride"],
        )

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON: the same on every machine."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _frozen(value: Any) -> Any:
    """Lists to tuples, all the way down: what JSON cannot say."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
