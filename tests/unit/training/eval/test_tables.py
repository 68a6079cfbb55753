"""Tables of the paper: the arithmetic of its averages, and rows of our own."""

import pytest

from training.eval.conventions import Conventions
from training.eval.outcomes import Outcome
from training.eval.pairing import Pair
from training.eval.tables import NUMBERS, measured_row, paper_table, table_json, table_text
from training.eval.tallies import Rules


@pytest.mark.parametrize("number", ["2", "4"])
def test_averages_follow_from_the_papers_own_values(number):
    table = paper_table(number)
    for row in table.rows:
        assert row.printed is not None
        assert table.average(row) == pytest.approx(row.printed, abs=0.06), row.name


def test_the_papers_rows():
    assert [len(paper_table(n).rows) for n in NUMBERS] == [8, 11, 6]
    ours = paper_table("2").rows[-1]
    assert ours.name == "SegEarth-R2-3B"
    assert paper_table("2").average(ours) == pytest.approx((57.26, 67.94), abs=0.01)
    assert paper_table("3").average(paper_table("3").rows[-1]) is None


def test_a_row_of_the_nine_subsets():
    """Twelve samples; one stands in several subsets and counts in each."""
    subsets = paper_table("2").cells
    outcomes = [
        Outcome(
            str(number), "a", (Pair(shared, 10, 10),), 100, "lasers", "test", frozenset({subset})
        )
        for number, (subset, shared) in enumerate(zip(subsets, range(1, 10), strict=True))
    ]
    both = frozenset({"semantic", "short"})
    outcomes += [
        Outcome("x", "b", (Pair(10, 10, 10),), 100, "lasers", "test", both),
        Outcome("y", "b", (Pair(0, 10, 10),), 100, "lasers", "train", both),
        Outcome("z", "b", (Pair(0, 10, 10),), 100, "rrsisd", "test", both),
    ]
    row = measured_row("2", "mine", outcomes, Rules())
    iou = [100 * s / (20 - s) for s in range(1, 10)]
    semantic = (iou[0] + 100) / 2
    short = (iou[7] + 100) / 2
    giou = [semantic, *iou[1:7], short, iou[8]]
    assert [cell[0] for cell in row.cells] == pytest.approx(giou)
    assert row.cells[0][1] == pytest.approx(100 * 11 / 29)
    assert paper_table("2").average(row)[0] == pytest.approx(sum(giou) / 9)


def test_rows_with_empty_cells_have_no_average():
    outcomes = [Outcome("1", "a", (Pair(1, 1, 1),), 9, "earthreason", "val")]
    row = measured_row("4", "mine", outcomes, Rules())
    assert row.cells == ((100.0, 100.0), None)
    assert paper_table("4").average(row) is None
    row = measured_row("3", "mine", [Outcome("1", "a", (), 9, "risbench", "test")], Rules())
    assert row.cells[-1] == (0.0,)


def test_text_and_json():
    table = paper_table("4")
    mine = measured_row("4", "mine", [], Rules())
    said = table_text(table, Conventions("strict"), [mine])
    assert "70.85  (70.9)" in said
    assert "pairing strict" in said
    body = table_json(table, Conventions("strict"), [mine])
    assert body["paper"][-1]["average"] == pytest.approx([70.85])
    assert body["measured"][0]["pairing"] == "strict"
