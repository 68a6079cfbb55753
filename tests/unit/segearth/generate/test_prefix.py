from __future__ import annotations

import torch

from geoseg.segearth.generate import Prefix


def _prefix() -> Prefix:
    keys = torch.arange(24.0).view(2, 1, 3, 4)
    return Prefix(((keys, -keys),), torch.arange(2))


def test_selection_shares_memory_and_composes() -> None:
    prefix = _prefix()
    chosen = prefix.select(torch.tensor([1, 1, 0])).select(torch.tensor([2, 0]))
    assert chosen.layers is prefix.layers
    assert chosen.rows.tolist() == [0, 1]
    assert chosen.length == 3


def test_a_cache_begins_with_the_selected_rows_and_leaves_them_alone() -> None:
    prefix = _prefix()
    before = prefix.layers[0][0].clone()
    cache = prefix.select(torch.tensor([1, 0, 1])).opened(room=2)
    ((keys, values),) = cache.held()
    assert torch.equal(keys, before[[1, 0, 1]])
    assert torch.equal(values, -keys)
    new = torch.full((3, 1, 2, 4), 7.0)
    keys, _ = cache.update(new, new, 0)
    assert torch.equal(keys[:, :, 3:], new)
    keys.fill_(9)
    assert torch.equal(prefix.layers[0][0], before)
