"""One answer, finished and while it grows.

Letters: S [SEG] tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One generated answer."""

    ids: tuple[int, ...]
    """Answer rows, without the end token."""

    finish: Finish
    """stop: the end token came; length: the answer was cut."""

    seg_hidden: Tensor
    """(S, D) state at each [SEG], after the final norm."""

    seg_probability: Tensor
    """(S,) float32 probability with which each [SEG] was chosen."""

    drafted: int = 0
    """How many of the answer rows a draft had right, one after the other from the first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What ends an answer, and what is kept of it."""

    seg: int
    """Answer row whose state is kept."""

    end: int
    """Answer row that ends."""

    limit: int
    """Most tokens, the end token not counted."""


@dataclass(slots=True, eq=False)
class Answer:
    """An answer while it grows: tokens are chosen, then felt, in turn.

    A token is chosen with a probability; feeding it to the model gives the state at it, and the
    choice of the next one.
    """

    rules: Rules
    ids: list[int] = field(default_factory=list)
    finish: Finish | None = None
    """None while the model is to be fed the last token."""

    drafted: int = 0
    _states: list[Tensor] = field(default_factory=list)
    _shares: list[Tensor] = field(default_factory=list)

    def choose(self, token: int, share: Tensor) -> None:
        """The model's next token, and its probability as a scalar."""
        if token == self.rules.end:
            self.finish = "stop"
            return
        self.ids.append(token)
        if token == self.rules.seg:
            self._shares.append(share)
        elif len(self.ids) >= self.rules.limit:
            self.finish = "length"

    def feel(self, state: Tensor) -> None:
        """The (D,) state at the last token."""
        if self.ids[-1] == self.rules.seg:
            # A view would keep the whole batch in memory for as long as the answer lives.
            self._states.append(state.clone())
        if len(self.ids) >= self.rules.limit:
            self.finish = "length"

    def check(
        self, draft: Sequence[int], choices: Sequence[int], shares: Tensor, states: Tensor
    ) -> None:
        """Grow by what a pass over `draft` (k tokens) says.

        `choices` and `shares` (k + 1,) are the model's in front of each draft token and behind the
        last, `states` (k, D) those at the draft tokens. They are what token by token decoding
        gives for as long as the draft is what the model chooses.
        """
        self.choose(choices[0], shares[0])
        for i, token in enumerate(draft):
            if len(self.ids) <= i or self.ids[i] != token:
                return
            self.drafted += 1
            if self.finish is not None:
                return
            self.feel(states[i])
            if self.finish is None:
                self.choose(choices[i + 1], shares[i + 1])

    def done(self, like: Tensor) -> Generation:
        """The finished answer; `like` (…, D) gives width, number format and device of no states."""
        assert self.finish is not None
        states = torch.stack(self._states) if self._states else like.new_zeros(0, like.shape[-1])
        shares = torch.stack(self._shares) if self._shares else states.new_zeros(0).float()
        return Generation(tuple(self.ids), self.finish, states, shares, self.drafted)
