"""How numbers were made: part of every number that is printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.eval.pairing import Pairing
from training.eval.tallies import Rules

Frame = Literal["native", "1024", "480"]
"""The pixels in which masks are compared; `frames` says how."""

FRAMES: tuple[Frame, ...] = ("native", "1024", "480")

Decoding = Literal["generated", "teacher-forced", "given"]
"""Whether masks belong to the model's own answers, to the true answers that it was made to repeat
(their number of masks and their phrases leak), or came from a file."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """How numbers were made; numbers made differently are not to be compared."""

    pairing: Pairing = "ordered"
    rules: Rules = field(default_factory=Rules)
    frame: Frame = "native"
    decoding: Decoding = "given"

    def text(self) -> str:
        """In one line."""
        bound = "≥" if self.rules.bound == "ge" else ">"
        return (
            f"pairing {self.pairing}, empty masks as {self.rules.empty}, Pr@t with {bound} t, "
            f"frame {self.frame}, answers {self.decoding}"
        )

    def to_json(self) -> dict[str, str]:
        """By name."""
        return {
            "pairing": self.pairing,
            "empty": self.rules.empty,
            "pr": self.rules.bound,
            "frame": self.frame,
            "decoding": self.decoding,
        }
