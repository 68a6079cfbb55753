"""Each check sees what is wrong, and leaves alone what is right."""

import pytest

from training.lasers.checks import duplicates, flags_of, look
from training.lasers.english import article, at, before, listed
from training.lasers.facts import Known, extent_of
from training.lasers.rows import QuestionRow

TAGS = ("instance", "general", "single", "explicit", "short")


@pytest.fixture
def flagged(mask_row):
    """The names of the checks that flag a question about ships and a court."""
    boxes = {
        "left": ((2, 4, 12, 10), "ship"),
        "right": ((50, 4, 60, 12), "ship"),
        "big": ((20, 2, 44, 14), "ship"),
        "court": ((24, 24, 40, 40), "tennis court"),
    }
    rows = {name: mask_row(box, category) for name, (box, category) in boxes.items()}
    known = {row.id: Known(row, row.category, extent_of(row)) for row in rows.values()}

    def check(question, answer, *targets, tags=TAGS, categories=None):
        groups = [(target,) if isinstance(target, str) else target for target in targets]
        row = QuestionRow(
            id="q",
            picture="a.png",
            question=question,
            answer=answer,
            targets=tuple(tuple(rows[n].id if n in rows else n for n in g) for g in groups),
            categories=categories or tuple(rows[g[0]].category for g in groups),
            tags=tags,
            prompt="single/1",
            model="m",
        )
        return {flag.partition(":")[0] for flag in flags_of(look(row, known, known.values()))}

    return check


SEMANTIC = ("semantic", "general", "single", "explicit", "short")
MULTIPLE = ("instance", "general", "multiple", "explicit", "short")
IMPLICIT = ("instance", "general", "single", "implicit", "short")
LONG = ("instance", "general", "single", "explicit", "long")
TWO = "<p>ship</p>[SEG] <p>tennis court</p>[SEG]"
THIRTY = " ".join(f"w{number}" for number in range(30))
ALL = ("left", "right", "big")


@pytest.mark.parametrize(
    ("question", "answer", "targets", "tags"),
    [
        ("Find the leftmost ship.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("Find the ship on the right.", "The <p>ship</p>[SEG].", ["right"], TAGS),
        ("The biggest ship.", "It is a <p>ship</p>[SEG].", ["big"], TAGS),
        ("Mark all ships.", "All <p>ships</p>[SEG] here.", [ALL], SEMANTIC),
        ("The court in the center.", "A <p>tennis court</p>[SEG].", ["court"], TAGS),
        ("Ship top left, court.", TWO, ["left", "court"], MULTIPLE),
        ("Where can one play?", "On the <p>tennis court</p>[SEG].", ["court"], IMPLICIT),
        ("To the right of the ship?", "The <p>ship</p>[SEG].", ["left"], TAGS),
        (THIRTY, "The <p>ship</p>[SEG].", ["left"], LONG),
    ],
)  # fmt: skip
def test_what_is_right(flagged, question, answer, targets, tags):
    assert flagged(question, answer, *targets, tags=tags) == set()


@pytest.mark.parametrize(
    ("check", "question", "answer", "targets", "tags"),
    [
        ("markers", "Find it.", "The <p>ship</p>.", ["left"], TAGS),
        ("markers", "Find it.", "The <p>ship</p>[SEG], a ship</p>.", ["left"], TAGS),
        ("tags", "Find it.", "The <p>ship</p>[SEG].", ["left"], TAGS[:4]),
        ("tags", "Find it.", "The <p>ship</p>[SEG].", ["left"], (*TAGS, "long")),
        ("tags", "Find it.", "The <p>ship</p>[SEG].", ["left"], MULTIPLE),
        ("phrase", "Find it.", "The <p>castle</p>[SEG].", ["left"], TAGS),
        ("phrase", "Find it.", "The <p>bridge</p>[SEG].", ["left"], TAGS),
        ("number", "Find it.", "The <p>ships</p>[SEG].", ["left"], TAGS),
        ("number", "Find them.", "The <p>ship</p>[SEG].", [ALL], SEMANTIC),
        ("place", "Find the top-right ship.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("place", "Find it.", "The <p>ship</p>[SEG] at the bottom.", ["left"], TAGS),
        ("place", "The ship in the middle.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("place", "On the left of the picture?", "The <p>ship</p>[SEG].", ["right"], TAGS),
        ("rank", "Find the rightmost ship.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("rank", "Find the smallest one.", "The <p>ship</p>[SEG].", ["big"], TAGS),
        ("area", "Find it.", "The <p>ship</p>[SEG].", [("gone",)], TAGS),
        ("length", THIRTY, "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("length", "Find it.", "The <p>ship</p>[SEG].", ["left"], LONG),
        ("named", "A ship, please?", "The <p>ship</p>[SEG].", ["left"], IMPLICIT),
        ("named", "Where are ships?", "The <p>ship</p>[SEG].", ["left"], IMPLICIT),
        ("grammar", "Find an ship.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("grammar", "Find it.", "It is a <p>airport</p>[SEG].", ["left"], TAGS),
        ("grammar", "Find the the ship.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("grammar", "Mark every ships.", "The <p>ship</p>[SEG].", ["left"], TAGS),
        ("grammar", "Mark all tennis court.", "The <p>ship</p>[SEG].", ["left"], TAGS),
    ],
)  # fmt: skip
def test_what_is_wrong(flagged, check, question, answer, targets, tags):
    categories = ("ship",) if targets == [("gone",)] else None
    assert check in flagged(question, answer, *targets, tags=tags, categories=categories)


def test_the_same_words_twice_in_a_picture():
    def row(name, picture, question):
        return QuestionRow(name, picture, question, "", (), (), (), "single/1", "m")

    rows = [
        row("1", "a.png", "Find the ship."),
        row("2", "a.png", "find the ship"),
        row("3", "b.png", "Find the ship."),
        row("4", "a.png", "Find the boat."),
    ]
    assert duplicates(rows) == {"1", "2"}


def test_english():
    assert [article(w) for w in ("ship", "airport", "A330", "unit", "SUV", "hour glass")] == [
        *("a", "an", "an", "a", "an", "an")
    ]
    assert (at("top left"), at("right"), at("center")) == (
        *("at the top left", "on the right", "in the center"),
    )
    assert (before("top left"), before("center")) == ("top-left", "central")
    assert listed(["a", "b", "c"]) == "a, b and c"
