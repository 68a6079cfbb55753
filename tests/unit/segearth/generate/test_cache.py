"""Roomy buffers against concatenation."""

from __future__ import annotations

import torch

from geoseg.segearth.generate.cache import RoomyCache


def _some(rows: int, tokens: int) -> torch.Tensor:
    return torch.randn(rows, 2, tokens, 4)


def test_tokens_are_written_into_their_places() -> None:
    torch.manual_seed(0)
    cache, seen = RoomyCache(1, room=6), _some(3, 0)
    memory = set()
    for tokens in (3, 2, 1):
        new = _some(3, tokens)
        seen = torch.cat([seen, new], dim=2)
        keys, values = cache.update(new, -new, 0)
        assert torch.equal(keys, seen)
        assert torch.equal(values, -seen)
        memory.add(keys.data_ptr())
        assert cache.get_seq_length() == seen.shape[2]
    assert len(memory) == 1


def test_kept_rows_go_on() -> None:
    torch.manual_seed(1)
    cache, first, new = RoomyCache(1, room=5), _some(3, 4), _some(2, 1)
    cache.update(first, -first, 0)
    cache.keep(torch.tensor([2, 0]), length=3)
    keys, values = cache.update(new, -new, 0)
    expected = torch.cat([first[[2, 0], :, :3], new], dim=2)
    assert torch.equal(keys, expected)
    assert torch.equal(values, -expected)
