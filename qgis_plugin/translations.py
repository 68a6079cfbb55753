"""Texts of the plugin into its `.ts` files: `python translations.py` after a text has changed.

Tools that read Python for Qt miss the sentences of `core`, which knows no Qt. Translations that are
there stay; texts that are gone go. English is what the sources say.
"""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PACKAGE = Path(__file__).parent / "geoseg_qgis"
FOLDER = PACKAGE / "resources" / "i18n"
CORE = "Words"
"""Context of what `gui.words.tr` translates."""

TABLES = {"core/faults.py": "FAULTS", "gui/words.py": "STAGES"}
"""Sentences that are values of a dict, translated where they are shown."""

Texts = dict[str, list[str]]
"""By context, in the order of the sources."""


def texts() -> Texts:
    """Everything that users read."""
    found: Texts = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for context, text in _calls(tree, CORE):
            found.setdefault(context, []).append(text)
        table = TABLES.get(path.relative_to(PACKAGE).as_posix())
        if table:
            found.setdefault(CORE, []).extend(_values(tree, table))
    return {context: list(dict.fromkeys(found[context])) for context in sorted(found)}


def _calls(node: ast.AST, context: str):
    """Context and text of each `tr("…")`, `self.tr("…")` and `translate("Context", "…")`."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.ClassDef) else context
        if isinstance(child, ast.Call):
            words = [arg.value for arg in child.args if isinstance(arg, ast.Constant)]
            if isinstance(child.func, ast.Name) and child.func.id == "tr" and words:
                yield CORE, words[0]
            elif isinstance(child.func, ast.Attribute):
                if child.func.attr == "tr" and words:
                    whose = child.func.value
                    own = isinstance(whose, ast.Name) and whose.id == "self"
                    yield (inside if own else CORE), words[0]
                elif child.func.attr == "translate" and len(words) == 2:
                    yield words[0], words[1]
        yield from _calls(child, inside)


def _values(tree: ast.Module, table: str):
    """Sentences within a dict at the top of a module: short words without a blank are codes."""
    for node in tree.body:
        names = [target.id for target in getattr(node, "targets", []) if hasattr(target, "id")]
        if table in names:
            for value in node.value.values:
                for part in ast.walk(value):
                    text = getattr(part, "value", None)
                    if isinstance(text, str) and (" " in text or text[-1:] in ".…"):
                        yield text


def translated(path: Path) -> dict[tuple[str, str], str]:
    """What a `.ts` file holds, by context and text."""
    if not path.is_file():
        return {}
    root = ElementTree.parse(path).getroot()
    return {
        (context.findtext("name", ""), message.findtext("source", "")): message.findtext(
            "translation", ""
        )
        for context in root.iter("context")
        for message in context.iter("message")
    }


def document(language: str, known: dict[tuple[str, str], str]) -> str:
    """A `.ts` file of all texts; those without a translation are marked unfinished.

    A text that moved to another class keeps the translation that it had.
    """
    elsewhere = {text: translation for (_, text), translation in known.items()}
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    for name, messages in texts().items():
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for text in messages:
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = text
            translation = ElementTree.SubElement(message, "translation")
            translation.text = known.get((name, text)) or elsewhere.get(text, "")
            if not translation.text:
                translation.set("type", "unfinished")
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n'


if __name__ == "__main__":
    for file in FOLDER.glob("geoseg_*.ts"):
        language = file.stem.partition("_")[2]
        file.write_text(document(language, translated(file)), encoding="utf-8")
