"""Questions about drawn scenes: what they select, and that they can be read again."""

from dataclasses import replace

import numpy as np
import pytest

from training.synth.asking.checking import Checker
from training.synth.asking.facts import look_at
from training.synth.asking.programs import Between, Nearest, Program, Region, Superlative, select
from training.synth.asking.questions import ask
from training.synth.asking.requests import LONG, SHORT, mistyped
from training.synth.asking.vocabulary import mirrored
from training.synth.rendering import Picture
from training.synth.scenes import SceneRequest, draw_scene
from training.synth.world import Item
from training.synth.writing.records import is_exact

LAND = ("residential", "courts", "port", "town", "airport", "tank farm")


def scene_of(*boxes: tuple[str, str, int, int, int, int]) -> tuple[Picture, tuple[Item, ...]]:
    """A picture of 100 pixels with (category, colour, x0, y0, x1, y1) as its things."""
    things = np.zeros((100, 100), np.uint32)
    items = []
    for number, (category, color, x0, y0, x1, y1) in enumerate(boxes, 1):
        things[y0:y1, x0:x1] = number
        items.append(Item(number, category, "thing", color=color))
    empty = np.zeros_like(things)
    return Picture(np.zeros((100, 100, 3), np.uint8), things, empty, empty.copy()), tuple(items)


PICTURE, ITEMS = scene_of(
    ("small car", "red", 5, 5, 15, 10),
    ("small car", "blue", 40, 44, 50, 49),
    ("van", "white", 80, 70, 94, 76),
    ("building", "", 60, 10, 90, 30),
    ("tree", "", 70, 44, 80, 54),
)
VIEW = look_at(PICTURE, ITEMS)


def numbers(program: Program) -> tuple[int, ...]:
    return tuple(each.item.number for each in select(program, VIEW))


@pytest.mark.parametrize(
    ("program", "meant"),
    [
        (Program("small car", single=False), (1, 2)),
        (Program("vehicle", single=False), (1, 2, 3)),
        (Program("building", single=True), (4,)),
        (Program("small car", single=True), ()),
        (Program("small car", single=True, color="red"), (1,)),
        (Program("vehicle", single=True, filter=Superlative("right")), (3,)),
        (Program("vehicle", single=True, filter=Superlative("left", 1)), (2,)),
        (Program("vehicle", single=True, filter=Region(1, 1)), (2,)),
        (Program("vehicle", single=True, filter=Nearest("building")), (2,)),
        # Both cars are of one size.
        (Program("small car", single=True, filter=Superlative("large")), ()),
    ],
)
def test_programs_select(program, meant):
    assert numbers(program) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Segment all small cars.", [(1, 2)]),
        ("The leftmost car.", [(1,)]),
        ("Show me the second vehicle from the left.", [(2,)]),
        ("Find the blue car and the building.", [(2,), (4,)]),
        ("Mark the vehicle in the lower right.", [(3,)]),
        ("Outline the vehicle closest to the building.", [(2,)]),
        ("Mark the car.", None),
        ("Mark the elephant.", None),
    ],
)
def test_texts_are_read_again(text, meant):
    masks = Checker(PICTURE, ITEMS).masks(text)
    if meant is None:
        assert masks is None
    else:
        expected = [np.isin(PICTURE.things, numbers) for numbers in meant]
        assert [mask.sum() for mask in masks] == [mask.sum() for mask in expected]
        assert all((a == b).all() for a, b in zip(masks, expected, strict=True))


def test_absence_is_seen():
    checker = Checker(PICTURE, ITEMS)
    assert checker.finds_nothing("Segment all tennis courts.")
    assert not checker.finds_nothing("Segment all small cars.")


def test_facts_are_counted():
    checker = Checker(PICTURE, ITEMS)
    assert checker.fact_holds("The picture shows three vehicles. Segment all trees.")
    assert not checker.fact_holds("The picture shows two vehicles. Segment all trees.")


def test_what_is_set_aside_must_be_there():
    checker = Checker(PICTURE, ITEMS)
    text = "Find the blue car. Ignore the trees."
    (mask,) = checker.masks(text)
    assert mask.sum() == 50
    assert checker.fact_holds(text)
    assert not checker.fact_holds("Find the blue car. Ignore the tennis courts.")


def test_left_becomes_right_but_not_in_what_things_are_for():
    assert (
        mirrored("The leftmost car in the upper right.") == "The rightmost car in the upper left."
    )
    text = "Mark what separates the left box from the right one for the serve."
    assert mirrored(text) == text


def test_a_slip_keeps_all_letters():
    slipped = mistyped("Please segment the car.", np.random.default_rng(1))
    assert slipped != "Please segment the car."
    assert sorted(slipped) == sorted("Please segment the car.")


@pytest.mark.parametrize(
    ("x", "y", "found"),
    # In the middle, and clearly beside; near one end it is not clear.
    [(50, 50, True), (50, 95, False), (50, 72, False), (12, 50, False)],
)
def test_between_is_clear_or_not_said(x, y, found):
    picture, items = scene_of(
        ("building", "", 0, 40, 20, 60),
        ("lake", "", 80, 40, 100, 60),
        ("small car", "red", x - 3, y - 2, x + 3, y + 2),
        ("small car", "red", 40, 2, 46, 6),
    )
    program = Program("small car", single=True, filter=Between(("building", "lake")))
    chosen = select(program, look_at(picture, items))
    assert [each.item.number for each in chosen] == ([3] if found else [])
    if found:
        text = "Mark the car between the building and the lake."
        (mask,) = Checker(picture, items).masks(text)
        assert mask.sum() == 24
        assert mask[y, x]


@pytest.fixture(scope="module")
def asked():
    """(scene, picture, questions) of some land uses."""
    found = []
    for number, land_use in enumerate(LAND):
        request = SceneRequest(3, number, 192, 192, land_use=land_use, plain=True)
        scene = draw_scene(request)
        view = look_at(scene.picture, scene.world.items)
        questions = ask(view, request.random("questions"), 8, test=number % 2 == 1)
        found.append((scene, questions))
    return found


def test_every_question_selects_exactly_its_masks(asked):
    for scene, questions in asked:
        checker = Checker(scene.picture, scene.world.items)
        assert len(questions) >= 6
        for question in questions:
            assert is_exact(question, checker), question.as_meant


def test_mirrored_text_and_scene_give_mirrored_masks(asked):
    for scene, questions in asked:
        picture = scene.picture
        flipped = Picture(
            *(np.ascontiguousarray(plane[:, ::-1]) for plane in (picture.rgb, picture.things)),
            *(np.ascontiguousarray(plane[:, ::-1]) for plane in (picture.parts, picture.sites)),
        )
        checker = Checker(flipped, scene.world.items)
        for question in questions:
            mirror = replace(
                question,
                as_meant=mirrored(question.as_meant),
                masks=tuple(mask[:, ::-1] for mask in question.masks),
            )
            assert is_exact(mirror, checker), mirror.as_meant


def test_tags_and_lengths_agree(asked):
    for _, questions in asked:
        for question in questions:
            words = len(question.as_meant.split())
            fits = words <= SHORT if "short" in question.tags else LONG[0] <= words <= LONG[1]
            assert fits, question.as_meant
            assert question.answer.count("[SEG]") == len(question.masks)
            assert ("multiple" in question.tags) == (len(question.masks) > 1)
