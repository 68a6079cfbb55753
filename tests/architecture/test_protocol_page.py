"""docs/protocol.md says what geoseg/errors.py and geoseg/events.py do."""

import ast
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from geoseg import errors, events

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first column is so called."""
    start = PAGE.index(f"| {head} |")
    lines = PAGE[start:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def documented_codes() -> dict[str, tuple[list[str], int]]:
    return {name: (codes.split(", "), int(status)) for name, codes, status in table("class")}


def test_every_class_stands_in_the_table():
    documented = documented_codes()
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in classes if issubclass(kind, errors.GeosegError)]
    assert sorted(documented) == sorted(kind.__name__ for kind in kinds)
    for kind in kinds:
        codes, status = documented[kind.__name__]
        assert (codes[0], status) == (kind.code, kind.exit_status)


def test_every_code_in_the_library_stands_in_the_table():
    documented = documented_codes()
    for file in (ROOT / "geoseg").rglob("*.py"):
        for kind, code in codes_given(file.read_text(encoding="utf-8")):
            assert code in documented[kind][0], f"{file.name}: {kind} with code {code}"


def codes_given(source: str) -> set[tuple[str, str]]:
    """(class, code) of every error built with a code of its own."""
    return {
        (node.func.id, keyword.value.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
        if hasattr(errors, node.func.id) and keyword.value.value is not None
    }


def test_a_planted_code_is_found():
    assert codes_given('raise SceneError("m", code="new")') == {("SceneError", "new")}


def test_every_code_has_its_sentence():
    told = {row[0] for row in table("code")}
    assert told == {code for codes, _ in documented_codes().values() for code in codes}


def test_events_and_fields():
    documented = {name: re.findall(r"\w+", names) for name, names, _ in table("event")}
    kinds = {events.to_json(sample)["event"]: type(sample) for sample in samples()}
    assert set(documented) == set(kinds)
    for name, kind in kinds.items():
        assert documented[name] == [field.name for field in fields(kind)]


def samples() -> list[events.Event]:
    return [
        events.Hello("", 1, "", 1, ""),
        events.Stage("read", "", 0, 1),
        events.Progress(0, 1),
        events.Log("info", ""),
        events.Layer("", "", "", 0, 0, "", (), "", None),
        events.Partial("", "", "", 0, 0, "", (), ""),
        events.Preview("", "", (), (0, 0, 1, 1), "", (0, 0, 1, 1)),
        events.Bye("idle"),
        events.Result("", (), 0.0, 0),
        events.Failure("", ""),
    ]


def test_stages_and_levels():
    cells = {row[0]: row[2] for row in table("event")}
    for name in get_args(events.StageName):
        assert f"`{name}`" in cells["stage"]
    for level in get_args(events.Level):
        assert f"`{level}`" in cells["log"]


def test_the_example_is_made_of_events():
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    read = [events.from_line(line) for line in block.group(1).splitlines()]
    assert isinstance(read[0], events.Hello)
    assert isinstance(read[-1], events.Result)
    assert None not in read
