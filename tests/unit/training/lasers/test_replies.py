"""What is a reply, and what is none."""

import pytest

from training.lasers.replies import ReplyError, parse_category, parse_question

GOOD = '{"question": "Where is it?", "answer": "The <p>ship</p>[SEG] is there."}'


@pytest.mark.parametrize(
    "reply", [GOOD, f"  {GOOD}\n", f"```json\n{GOOD}\n```", f"<think>\nHm.\n</think>\n\n{GOOD}"]
)
def test_replies(reply):
    assert parse_question(reply, 1) == ("Where is it?", "The <p>ship</p>[SEG] is there.")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "no JSON"),
        ("Sure! " + GOOD, "no JSON"),
        ("[]", "no object"),
        ('{"question": "Where?"}', "no object of answer and question alone"),
        (GOOD[:-1] + ', "note": "x"}', "no object"),
        ('{"question": " ", "answer": "<p>ship</p>[SEG]"}', "its question is no text"),
        ('{"question": "Where?", "answer": 3}', "its answer is no text"),
        ('{"question": "The [SEG]?", "answer": "<p>ship</p>[SEG]"}', "markers of an answer"),
        ('{"question": "Where?", "answer": "There."}', r"0 \[SEG\] for 1"),
        ('{"question": "Where?", "answer": "<p>a</p>[SEG] <p>b</p>[SEG]"}', r"2 \[SEG\] for 1"),
        ('{"question": "Where?", "answer": "The ship [SEG]."}', "not every"),
        ('{"question": "Where?", "answer": "<p>a</p> and <p>b</p>[SEG]"}', "not every"),
        ('{"question": "Where?", "answer": "<p> </p>[SEG]"}', "blank"),
    ],
)
def test_what_is_no_reply(reply, why):
    with pytest.raises(ReplyError, match=why):
        parse_question(reply, 1)


def test_categories():
    assert parse_category('{"category": "Tennis Courts"}') == "tennis court"
    assert parse_category('{"category": "other"}') is None
    with pytest.raises(ReplyError, match="'castle' is no category"):
        parse_category('{"category": "castle"}')
    with pytest.raises(ReplyError, match="no object of category alone"):
        parse_category(GOOD)
