"""What is known of targets, and what is asked about them."""

from collections import Counter

import pytest

from geoseg.errors import InstructionError
from training.lasers.facts import Known, extent_of, place_of, rank_of, subject_of, union_of
from training.lasers.planning import Plan, plan_questions
from training.lasers.prompts import Knobs, category_prompt, question_prompt

LEFT, RIGHT, BIG = (2, 4, 12, 10), (50, 4, 60, 12), (24, 2, 44, 20)


def known(rows):
    return [Known(row, row.category, extent_of(row)) for row in rows]


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((2, 2, 9, 9), "top left"),
        ((28, 2, 36, 9), "top"),
        ((50, 28, 60, 36), "right"),
        ((24, 24, 40, 40), "center"),
        ((50, 50, 60, 60), "bottom right"),
    ],
)
def test_nine_places(mask_row, box, place):
    assert place_of(extent_of(mask_row(box))) == place


def test_ranks_need_a_clear_lead(mask_row):
    left, right, big = (extent_of(mask_row(box)) for box in (LEFT, RIGHT, BIG))
    assert rank_of(left, [right, big]) == "leftmost"
    assert rank_of(right, [left, big]) == "rightmost"
    assert rank_of(big, [left, right]) == "largest"
    assert rank_of(left, []) == ""
    near = extent_of(mask_row((4, 4, 14, 10)))
    assert rank_of(left, [near]) == ""


def test_superlatives_only_where_everything_is_known(mask_row):
    group = known([mask_row(LEFT), mask_row(RIGHT)])
    assert subject_of(group[0], group).rank == "leftmost"
    group = known([mask_row(LEFT, exhaustive=False), mask_row(RIGHT)])
    subject = subject_of(group[0], group)
    assert (subject.rank, subject.every, subject.place) == ("", False, "top left")
    assert subject.told_apart
    assert subject_of(group[0], group[:1]).every is False


def test_things_at_one_place_are_not_told_apart(mask_row):
    rows = [mask_row((2, 2, 9, 9), exhaustive=False), mask_row((4, 4, 11, 11), exhaustive=False)]
    asks, skipped = plan_questions(rows, Plan(), 0)
    assert (asks, skipped) == ([], 2)


def test_all_of_a_category_is_a_target_of_its_own(mask_row):
    subject = union_of(known([mask_row(LEFT), mask_row(RIGHT)]))
    assert (subject.name, subject.every, subject.place) == ("ships", True, "")
    asks, _ = plan_questions([mask_row(LEFT), mask_row(RIGHT)], Plan(together=0), 0)
    assert Counter(ask.tags[0] for ask in asks) == {"instance": 2, "semantic": 1}


def test_all_manners_are_asked_and_nothing_is_asked_with_its_own_mask(mask_row):
    rows = [
        mask_row(box, category, f"{n}.png")
        for n in range(40)
        for box, category in ((LEFT, "ship"), (RIGHT, "ship"), (BIG, "bridge"))
    ]
    asks, skipped = plan_questions(rows, Plan(together=1.0), 5)
    assert skipped == 0
    tags = Counter(tag for ask in asks for tag in ask.tags)
    for one, other in (("explicit", "implicit"), ("short", "long"), ("single", "multiple")):
        assert min(tags[one], tags[other]) > 0.25 * len(asks)
    for ask in asks:
        masks = [name for subject in ask.subjects for name in subject.masks]
        assert len(masks) == len(set(masks))
        if ask.knobs.length == "short":
            assert len(ask.subjects) <= 2
        assert not {subject.plural for subject in ask.subjects} & set(ask.others)
    one_picture, _ = plan_questions(rows[:3], Plan(together=1.0), 5)
    assert one_picture == [ask for ask in asks if ask.picture == "0.png"]
    assert plan_questions(rows, Plan(together=1.0), 6) != (asks, 0)


def test_no_more_questions_than_planned(mask_row):
    rows = [mask_row(LEFT), mask_row(RIGHT), mask_row(BIG, "bridge")]
    assert len(plan_questions(rows, Plan(per_target=3, per_picture=5), 0)[0]) == 5
    with pytest.raises(InstructionError, match="asks nothing"):
        Plan(per_picture=0)


def test_parts_and_fine_kinds_have_their_tags(mask_row):
    asks, _ = plan_questions([mask_row(LEFT, "wing"), mask_row(RIGHT, "tugboat")], Plan(1, 0), 0)
    assert {ask.tags[:2] for ask in asks} == {("part", "general"), ("instance", "fine")}


def test_prompts_say_what_is_known_and_wanted(mask_row):
    group = known([mask_row(LEFT), mask_row(RIGHT)])
    single = question_prompt([subject_of(group[0], group)], Knobs("explicit", "short"))
    assert '"category": "ship", "place": "top left"' in single
    assert "at most 8 words" in single
    assert "blue" not in single
    both = question_prompt(
        [union_of(group), subject_of(group[0], group)], Knobs("implicit", "long")
    )
    assert '1. outlined in red: {"category": "ships", "number": 2' in both
    assert "2. outlined in blue" in both
    assert "Do not name the targets" in both
    assert "no man's land of tennis court" in category_prompt()
