"""What became of every tensor of a published checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """Names used, left and missing."""

    source: str
    """What was read."""

    used: Mapping[str, str]
    """Published name → our name (a fused matrix has several, separated by spaces)."""

    unused: Mapping[str, str]
    """Published name → why the model does not need it."""

    missing: Mapping[str, str]
    """Our name → what stands in its place."""

    notes: tuple[str, ...] = field(default=())
    """Decisions that no single name shows."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, every name."""
        return {
            "source": self.source,
            "used": dict(self.used),
            "unused": dict(self.unused),
            "missing": dict(self.missing),
            "notes": list(self.notes),
        }

    def as_text(self) -> str:
        """Counts, the reasons, and the notes, for people."""
        lines = [
            f"{self.source}: {len(self.used)} tensors used, {len(self.unused)} unused, "
            f"{len(self.missing)} missing."
        ]
        for title, names in (("unused", self.unused), ("missing", self.missing)):
            for reason, count in Counter(names.values()).items():
                example = next(name for name, why in names.items() if why == reason)
                lines.append(f"  {title}: {count}, such as {example}: {reason}")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)
