"""Commands of `python -m training` in the documentation are ones that it understands."""

import re
import shlex
from pathlib import Path

import pytest

from training.__main__ import _parser, _verbs
from training.fit.recipe import read_recipe
from training.verbs.fit import recipe_path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
START = re.compile(r"^(?:python|accelerate launch .*) -m training (?P<rest>.*)$")


def commands() -> list[str]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            found += [match["rest"] for line in lines if (match := START.match(line))]
    return found


@pytest.mark.parametrize("command", commands())
def test_commands_parse(command):
    options = _parser().parse_args(shlex.split(command, comments=True))
    if hasattr(options, "recipe") and isinstance(options.recipe, str):
        read_recipe(recipe_path(options.recipe))


def test_every_verb_of_the_lab_is_explained():
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for name in _verbs():
        assert f"training {name}" in page or f"`{name}`" in page, name
