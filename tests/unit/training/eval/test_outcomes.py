"""Each sample counts once, whoever evaluated it and however often."""

import pytest

from training.data.errors import DataError
from training.eval.outcomes import Outcome, merged, read_outcomes
from training.eval.pairing import Pair


def outcome(name: str, shared: int = 3, *tags: str) -> Outcome:
    return Outcome(
        name, "a.png", (Pair(shared, 4, 5, "pond"),), 100, "lasers", "test", set_of(tags)
    )


def set_of(tags):
    return frozenset(tags)


def test_the_padded_last_batch_counts_once():
    first, second = [outcome("1"), outcome("3")], [outcome("2"), outcome("1")]
    assert [one.id for one in merged([*first, *second])] == ["1", "2", "3"]


def test_a_question_in_two_subset_files_counts_once_and_in_both_subsets():
    (one,) = merged([outcome("1", 3, "short"), outcome("1", 3, "explicit")])
    assert one.tags == {"short", "explicit"}


def test_two_different_outcomes_are_an_error():
    with pytest.raises(DataError, match="two different outcomes"):
        merged([outcome("1"), outcome("1", 2)])


def test_lines_round_trip(tmp_path):
    path = tmp_path / "outcomes.jsonl"
    written = [outcome("1", 3, "short", "part"), outcome("é", 0)]
    path.write_text("".join(f"{one.line()}\n" for one in written), "utf-8")
    assert list(read_outcomes(path)) == written


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"pairs": [[1]], "tags": []}'])
def test_what_is_no_outcome(tmp_path, line):
    path = tmp_path / "outcomes.jsonl"
    path.write_text(f"{outcome('1').line()}\n{line}\n", "utf-8")
    with pytest.raises(DataError, match="line 2"):
        list(read_outcomes(path))
