"""The README's first commands are the main job and the tests; CI runs the latter as they stand."""

import ast
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from geoseg.cli.main import commands

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOT_CONTEXT = click.Context(commands, info_name="geoseg", **commands.context_settings)
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def parsed(words: list[str]) -> dict[str, object]:
    """The parameters of a command line after `geoseg`; UsageError if it is none."""
    name, *rest = words
    command = commands.get_command(ROOT_CONTEXT, name)
    assert command is not None
    return command.make_context(name, rest, parent=ROOT_CONTEXT).params


def test_first_block_is_the_main_job():
    words = shlex.split(BLOCKS[0].replace("&&", " && "))
    assert words[:5] == ["python", "-m", "pip", "install", "."]
    run = words[words.index("geoseg") :]
    arguments = parsed(run[1:])
    assert (ROOT / arguments["scene"]).is_file()
    assert arguments["instructions"]
    assert arguments["output"]


def test_second_block_is_what_ci_runs():
    printed = subprocess.run(
        [ROOT / ".ci" / "readme_block", "2"], capture_output=True, text=True, check=True
    ).stdout
    assert printed == BLOCKS[1]
    assert "pytest" in printed
    assert "readme_block 2" in (ROOT / ".ci" / "run").read_text()


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def blocks(language: str) -> list[str]:
    """Every block of a language, of the README and the pages of docs/."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    fence = rf"^```{language}\n(.*?)^```$"
    found = [re.findall(fence, page.read_text("utf-8"), re.MULTILINE | re.DOTALL) for page in pages]
    return [block for of_page in found for block in of_page]


@pytest.mark.parametrize("block", [block for block in blocks("bash") if "geoseg " in block])
def test_commands_parse(block):
    for line in block.replace("\\\n", " ").splitlines():
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if "geoseg" in words:
                parsed(words[words.index("geoseg") + 1 :])


@pytest.mark.parametrize("block", blocks("python"))
def test_python_parses(block):
    ast.parse(block)
