import re

import numpy as np
import pytest

from training.nano import language
from training.nano.language import (
    CATEGORIES,
    HELD_OUT,
    answer,
    ask,
    ask_several,
    normalized,
    requests,
)


def test_no_held_out_request_can_be_produced():
    produced = {normalized(text) for name in CATEGORIES for text in requests(name)}
    leaked = [text for _, text in HELD_OUT if normalized(text) in produced]
    assert leaked == []


def test_held_out_requests_are_enough_and_each_is_its_own():
    sentences = [normalized(text) for _, text in HELD_OUT]
    assert len(sentences) >= 30
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("name", [c.name for c in CATEGORIES.values() if len(c.held_out) >= 2])
def test_a_category_with_held_out_requests_has_many_of_its_own(name: str):
    assert len({normalized(text) for text in requests(name)}) >= 200


def test_a_request_means_one_category():
    meaning: dict[str, str] = {}
    for name in CATEGORIES:
        for text in requests(name):
            assert meaning.setdefault(normalized(text), name) == name, text


def test_forms_are_filled_and_read_as_text():
    for name in CATEGORIES:
        for text in requests(name):
            assert "{" not in text
            assert "None" not in text
            assert text == text.strip()


def test_asking_twice_with_one_seed_asks_the_same():
    said = [[ask("road", rng) for _ in range(50)] for rng in map(np.random.default_rng, (3, 3, 4))]
    assert said[0] == said[1] != said[2]
    assert len(set(said[0])) > 30


def test_most_requests_are_spelled_as_the_grammar_has_them():
    rng = np.random.default_rng(0)
    produced = {normalized(text) for text in requests("building")}
    right = [normalized(ask("building", rng)) in produced for _ in range(1000)]
    assert 0.95 < np.mean(right) < 1.0


def test_pairs_keep_their_order():
    rng = np.random.default_rng(1)
    for _ in range(40):
        text = ask_several(["airplane", "tennis court"], rng).lower()
        if "tennis" in text and "plane" in text:
            assert text.index("plane") < text.index("tennis")


@pytest.mark.parametrize(
    ("present", "absent", "expected"),
    [
        (["building"], [], "<p>buildings</p>[SEG]"),
        (["road", "tree"], [], "<p>roads</p>[SEG] and <p>trees</p>[SEG]"),
        (["road"], ["ship"], "<p>roads</p>[SEG]"),
        ([], ["building"], "There are no buildings here."),
        ([], ["water"], "There is no water here."),
        ([], ["water", "ship"], "There is no water and no ships here."),
    ],
)
def test_answers(present: list[str], absent: list[str], expected: str):
    assert answer(present, absent) == expected
    assert expected in language.answer_sentences()


def test_every_answer_is_well_formed():
    for text in language.answer_sentences():
        phrases = re.findall(r"<p>([a-z ]+)</p>\[SEG\]", text)
        assert len(phrases) == text.count("[SEG]") == text.count("<p>")
        assert bool(phrases) != text.startswith("There")


def test_three_things_in_one_request():
    rng = np.random.default_rng(2)
    said = [ask_several(["sea", "ground", "farmland"], rng).lower() for _ in range(60)]
    assert any(
        "sea, ground" in text and text.index("farmland") > 10 for text in said if "farmland" in text
    )
    assert answer(["sea", "ship", "tree"]).count("[SEG]") == 3
