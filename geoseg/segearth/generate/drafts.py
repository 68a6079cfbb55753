"""Expected answers as a batch, to be read together with the prompts.

Letters: Q questions, K tokens of the longest draft.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from geoseg.segearth.generate.answers import Rules


def possible(draft: Sequence[int] | None, rules: Rules) -> tuple[int, ...]:
    """What of a draft an answer can hold: neither the end token and beyond, nor too many tokens."""
    rows = tuple(draft or ())[: rules.limit]
    return rows[: rows.index(rules.end)] if rules.end in rows else rows


def batched(drafts: Sequence[tuple[int, ...]], device: torch.device) -> tuple[Tensor, Tensor]:
    """(Q, K) tokens, padded on the right with 0, and their (Q, K) bool mask."""
    width = max(map(len, drafts))
    padded = [[*draft, *[0] * (width - len(draft))] for draft in drafts]
    ids = torch.tensor(padded, dtype=torch.long, device=device).view(len(drafts), width)
    return ids, up_to([len(draft) for draft in drafts], width, device)


def up_to(lengths: Sequence[int], width: int, device: torch.device) -> Tensor:
    """(Q, width) bool, True on the first `lengths` of each row."""
    ends = torch.tensor(lengths, device=device)
    return torch.arange(width, device=device)[None] < ends[:, None]
