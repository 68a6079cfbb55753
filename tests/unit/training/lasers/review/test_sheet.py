"""The page: what is in it, and that a person can work with it."""

import json
import re
import shutil

import pytest

from geoseg.errors import InstructionError
from training.__main__ import main
from training.data.loaders import LOADERS
from training.lasers.review.decisions import add_decisions, read_export
from training.lasers.review.items import list_items
from training.lasers.review.sheet import SheetSettings, write_sheets
from training.lasers.stages import Workplace


def data_of(path):
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture
def pages(made, tmp_path):
    folder, _ = made

    def write(kind="question", **settings):
        items = list_items(Workplace(folder), kind)
        return write_sheets(
            items, kind, folder / "pictures", tmp_path / "pages", SheetSettings(**settings)
        )

    return write


def test_a_page_stands_alone_and_shows_what_is_to_be_judged(made, pages):
    (path,) = pages(reviewer="Ann")
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!#)|https?://', text)
    data = data_of(path)
    questions = (made[0] / "stage4.jsonl").read_text().splitlines()
    assert [item["id"] for item in data["items"]] == [json.loads(line)["id"] for line in questions]
    assert [point["name"] for point in data["points"]] == ["object", "logic", "mask", "grammar"]
    assert set(data["pictures"]) == {item["picture"] for item in data["items"]}
    assert all(item["answer"].count("[SEG]") == len(item["targets"]) for item in data["items"])
    assert data["reviewer"] == "Ann"


def test_text_cannot_end_the_script_that_holds_it(made, tmp_path):
    folder, _ = made
    (item, *_) = list_items(Workplace(folder), "question")
    item["question"] = "</script><b>Where?</b>"
    (path,) = write_sheets([item], "question", folder / "pictures", tmp_path, SheetSettings())
    assert "<b>Where" not in path.read_text(encoding="utf-8")
    assert data_of(path)["items"][0]["question"] == "</script><b>Where?</b>"


def test_pages_share_the_items(pages):
    whole = len(data_of(pages()[0])["items"])
    parts = pages(size=7)
    assert [path.name for path in parts[:2]] == ["question-001.html", "question-002.html"]
    assert [len(data_of(path)["items"]) for path in parts] == [7] * (whole // 7) + [whole % 7]
    assert len({data_of(path)["sheet"] for path in parts}) == len(parts)
    with pytest.raises(InstructionError, match="0 items"):
        SheetSettings(size=0)


def test_masks_have_points_of_their_own(made, pages):
    data = data_of(pages("mask")[0])
    assert [point["name"] for point in data["points"]] == ["coherence", "boundary"]
    assert {item["tags"][0] for item in data["items"]} <= {"global", "local"}
    gold = list_items(Workplace(made[0]), "gold", category="ship")
    assert {item["about"] for item in gold} == {"ship"}


def test_five_are_judged_by_keyboard_in_a_browser(made, pages, tmp_path, capsys):
    folder, _ = made
    api = pytest.importorskip("playwright.sync_api")
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    (path,) = pages()
    ids = [item["id"] for item in data_of(path)["items"]]
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(path.as_uri())
        page.keyboard.type("Ann")
        # Name; good; bad grammar; good; bad place and mask, with a note; good; undone, then bad.
        for key in ("Enter", "Enter", "4", "Enter", "Enter", "2", "3", "n"):
            page.keyboard.press(key)
        page.keyboard.type("too wide")
        for key in ("Enter", "Enter", "1", "u", "Enter"):
            page.keyboard.press(key)
        assert page.inner_text("#count") == f"5 of {len(ids)} judged, 2 rejected"
        page.reload()  # what was judged is still there
        assert page.inner_text("#count") == f"5 of {len(ids)} judged, 2 rejected"
        for key in ("o", "z", "ArrowLeft", "ArrowRight"):
            page.keyboard.press(key)
        with page.expect_download() as saved:
            page.keyboard.press("s")
        saved.value.save_as(tmp_path / saved.value.suggested_filename)
        chromium.close()
    assert wrong == []
    export = tmp_path / "question-001-Ann.json"
    decisions = {one.id: one for one in read_export(export)}
    assert list(decisions) == ids[:5]
    bad = {name: [p for p, ok in one.points.items() if not ok] for name, one in decisions.items()}
    assert list(bad.values()) == [[], ["grammar"], [], ["logic", "mask"], []]
    assert decisions[ids[3]].note == "too wide"
    assert main(["lasers", "review", "apply", str(folder), str(export)]) == 0
    assert "5 of 5 decisions are new." in capsys.readouterr().out
    assert main(["lasers", "finish", str(folder)]) == 0
    kept = {
        sample.extra["question_id"]: sample.extra["reviewed"]
        for split in ("train", "test")
        for sample in LOADERS["lasers"](folder / "dataset", split)
    }
    assert set(kept) == set(ids) - {ids[1], ids[3]}
    assert [name for name, reviewed in kept.items() if reviewed] == [ids[0], ids[2], ids[4]]


def test_what_was_judged_is_not_shown_again(made, pages, tmp_path):
    folder, _ = made
    points = {"object": True, "logic": True, "mask": True, "grammar": True}
    first, *others = (item["id"] for item in data_of(pages()[0])["items"])
    (tmp_path / "saved.json").write_text(
        json.dumps(
            {
                "kind": "question",
                "reviewer": "Ann",
                "decisions": [{"id": first, "points": points}],
            }
        )
    )
    add_decisions(folder, read_export(tmp_path / "saved.json"))
    assert [item["id"] for item in list_items(Workplace(folder), "question")] == others
    assert len(list_items(Workplace(folder), "question", everything=True)) == len(others) + 1
