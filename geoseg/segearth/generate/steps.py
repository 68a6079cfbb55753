"""Tokens one at a time, for all rows of a batch at once.

Letters: Q rows, S tokens so far, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from geoseg.segearth.generate.answers import Answer
from geoseg.segearth.generate.cache import RoomyCache
from geoseg.segearth.language import CausalLanguage


class Steps(Protocol):
    """A way to feed a batch one token per row."""

    def keep(self, needed: Sequence[bool]) -> list[int]:
        """Stop computing rows that are not needed, where that is cheap; gives the rows kept."""
        ...

    def step(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Feed (Q,) tokens: (Q, D) states at them, (Q,) next tokens and their probabilities.

        The results stay as they are when the next token is fed.
        """
        ...


class OpenSteps:
    """Steps on a cache that grows; finished rows leave it when they are half of it."""

    def __init__(self, language: CausalLanguage, mask: Tensor, cache: RoomyCache) -> None:
        self._language = language
        self._mask = mask  # (Q, S) bool
        self._cache = cache

    def keep(self, needed: Sequence[bool]) -> list[int]:
        """Rows that are kept. Halving copies less than one cache in all."""
        rows = list(range(len(needed)))
        if 2 * sum(needed) > len(needed):
            return rows
        kept = [row for row in rows if needed[row]]
        index = torch.tensor(kept, device=self._mask.device)
        self._mask = self._mask[index]
        self._cache.keep(index, self._mask.shape[1])
        return kept

    def step(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """States at the tokens, next tokens, probabilities."""
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], dim=1)
        embeds = self._language.embed(tokens[:, None])
        states = self._language.extend(embeds, self._mask, self._cache)[:, 0]
        return states, *self._language.choose(states)


def speak(steps: Steps, answers: Sequence[Answer], device: torch.device) -> None:
    """Go on with open answers, one per row of `steps`, until all are finished."""
    rows = list(answers)
    while any(answer.finish is None for answer in rows):
        rows = [rows[i] for i in steps.keep([answer.finish is None for answer in rows])]
        # A finished row that is still computed is fed whatever it said last.
        last = torch.tensor([answer.ids[-1] for answer in rows], device=device)
        states, tokens, shares = steps.step(last)
        for i, (answer, token) in enumerate(zip(rows, tokens.tolist(), strict=True)):
            if answer.finish is None:
                answer.feel(states[i])
            if answer.finish is None:
                answer.choose(token, shares[i])
