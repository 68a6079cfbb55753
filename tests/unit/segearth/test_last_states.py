"""States where they are wanted against the states of a whole pass."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache

from tests.unit.segearth.loudtalk import KINDS, talker


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [0, 4])
def test_wanted_states_and_the_cache_are_those_of_a_whole_pass(kind: str, before: int) -> None:
    language = talker(kind, 0).model.language
    torch.manual_seed(0)
    embeds = torch.randn(2, 9, 32)
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 6:8] = False  # padding between a prompt and a draft
    whole, part = DynamicCache(), DynamicCache()
    wanted = torch.tensor([[4, 0, 3], [1, 4, 1]])
    with torch.inference_mode():
        for cache in (whole, part):
            if before:
                language.extend(embeds[:, :before], mask[:, :before], cache)
        expected = language.extend(embeds[:, before:], mask, whole)
        got = language.extend(embeds[:, before:], mask, part, wanted)
    expected = expected[torch.arange(2)[:, None], wanted]
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
    for mine, theirs in zip(part.layers, whole.layers, strict=True):
        assert mine.keys is not None
        assert theirs.keys is not None
        torch.testing.assert_close(mine.keys, theirs.keys, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(mine.values, theirs.values, atol=1e-5, rtol=1e-5)


def test_nothing_wanted_fills_the_cache() -> None:
    language = talker("r2", 0).model.language
    embeds, mask = torch.randn(3, 5, 32), torch.ones(3, 5, dtype=torch.bool)
    cache = DynamicCache()
    with torch.inference_mode():
        states = language.extend(embeds, mask, cache, torch.zeros(3, 0, dtype=torch.long))
    assert states.shape == (3, 0, 32)
    assert [layer.get_seq_length() for layer in cache.layers] == [5, 5]
