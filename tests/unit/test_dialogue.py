import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoseg.dialogue import Instruction, Target, TargetAnswer, TileAnswer, normalize_phrase
from geoseg.errors import InstructionError
from geoseg.tiling import plan_tiles


@pytest.mark.parametrize("text", ["", " ", "\n\t  "])
def test_a_blank_instruction_is_refused(text: str) -> None:
    with pytest.raises(InstructionError, match="is empty"):
        Instruction(text)


@pytest.mark.parametrize(
    ("phrase", "normal"),
    [
        ("The Tennis Courts.", "tennis court"),
        ("tennis court", "tennis court"),
        ("all of the  small\nvehicles", "small vehicle"),
        ('"Buildings"', "building"),
        ("houses", "house"),
        ("golf courses", "golf course"),
        ("buses", "bus"),
        ("glasses", "glass"),
        ("grass", "grass"),
        ("benches", "bench"),
        ("cities", "city"),
        ("bus", "bus"),
        ("the", "the"),
        ("Gebäude", "gebäude"),
        ("建筑物", "建筑物"),
        ("ﬁelds", "field"),
        ("boats at the pier", "boats at the pier"),
    ],
)
def test_words_of_different_tiles_come_to_one_form(phrase: str, normal: str) -> None:
    assert normalize_phrase(phrase) == normal
    assert Target.named(phrase) == Target(normal)


@given(st.text(max_size=40))
def test_blanks_around_a_phrase_do_not_matter(phrase: str) -> None:
    assert normalize_phrase(f"  {phrase}\n") == normalize_phrase(phrase)


def test_only_a_failed_answer_counts_as_not_looked_at() -> None:
    (tile,) = plan_tiles(64, 64)
    assert TileAnswer(tile, "out of memory", "failed").failed
    assert not TileAnswer(tile, "There are none.", "stop").failed
    found = TargetAnswer(Target("red"), 0.5, np.zeros((16, 16), np.float16))
    assert not TileAnswer(tile, "cut off", "length", (found,)).failed
