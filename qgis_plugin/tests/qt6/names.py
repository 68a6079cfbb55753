"""What a plugin module takes from Qt, and what of it PyQt6 lacks."""

import ast
import importlib
import inspect

QT6_HOMES = {"QAction": "QtGui", "QActionGroup": "QtGui", "QShortcut": "QtGui"}
"""Classes that QGIS offers in QtWidgets also where Qt 6 has moved them."""


def qt_class(module: str, name: str):
    """The PyQt6 object that `from qgis.PyQt.MODULE import NAME` gives under Qt 6."""
    return getattr(importlib.import_module(f"PyQt6.{QT6_HOMES.get(name, module)}"), name, None)


def imported(tree: ast.AST) -> dict[str, object]:
    """Local name to PyQt6 object, for every name imported from qgis.PyQt."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt."):
            module = node.module.rpartition(".")[2]
            if module == "sip":
                continue
            for alias in node.names:
                found[alias.asname or alias.name] = qt_class(module, alias.name)
    return found


def chain(node: ast.Attribute) -> list[str] | None:
    """`A.b.c` as its names, or None when it does not start at a name."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else None


def unknown_to_qt6(source: str) -> list[str]:
    """Imports and attribute chains of `source` that do not exist in PyQt6, as `line: text`."""
    tree = ast.parse(source)
    classes = imported(tree)
    wrong = [f"import: {name}" for name, found in classes.items() if found is None]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            if any(name.partition(".")[0] in ("PyQt5", "PyQt6") for name in names):
                wrong.append(f"{node.lineno}: a fixed binding instead of qgis.PyQt")
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr == "exec_":
            wrong.append(f"{node.lineno}: exec_")
        names = chain(node)
        if names and classes.get(names[0]) is not None and not resolves(classes[names[0]], names):
            wrong.append(f"{node.lineno}: {'.'.join(names)}")
    return sorted(set(wrong))


def resolves(found: object, names: list[str]) -> bool:
    """Whether the attributes after the first name exist, as far as they belong to classes."""
    for name in names[1:]:
        if not inspect.isclass(found):
            return True
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True
