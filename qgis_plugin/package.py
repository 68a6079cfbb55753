"""Builds the plugin's zip: `python qgis_plugin/package.py -o DIR`. Standard library only.

The same sources give the same bytes: names are sorted, times and modes fixed. Translations are
compiled with Qt's lrelease on the way and never taken from the working tree, where they may be old.
`--translations` compiles them there, for a QGIS that loads the plugin from the checkout.
"""

from __future__ import annotations

import argparse
import configparser
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PLUGIN = Path(__file__).parent / "geoseg_qgis"
SUFFIXES = {".css", ".html", ".png", ".py", ".svg", ".txt"}
NAMES = {"LICENSE"}
MADE = {".qm", ".ts"}
"""Not taken as they lie there: the one is compiled from the other."""

LRELEASE = ("lrelease", "lrelease-qt5", "lrelease6", "lrelease-qt6")
TIME = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644
REQUIRED = (
    "name",
    "description",
    "about",
    "version",
    "author",
    "email",
    "qgisMinimumVersion",
    "qgisMaximumVersion",
    "homepage",
    "tracker",
    "repository",
    "tags",
    "category",
    "icon",
    "hasProcessingProvider",
    "experimental",
    "deprecated",
    "changelog",
)
"""What the plugins' site of QGIS asks for, or shows."""

FORMS = {
    "version": (r"\d+\.\d+\.\d+", "three numbers, such as 0.1.0"),
    "qgisMinimumVersion": (r"3\.\d+", "a version of QGIS 3, such as 3.22"),
    "qgisMaximumVersion": (r"\d+\.\d+", "a version of QGIS, such as 4.99"),
    "email": (r"\S+@\S+", "an address"),
    "homepage": (r"https://\S+", "an https address"),
    "tracker": (r"https://\S+", "an https address"),
    "repository": (r"https://\S+", "an https address"),
    "category": ("Raster|Vector|Database|Mesh|Web", "a menu of QGIS"),
    "hasProcessingProvider": ("yes|no", "yes or no"),
    "experimental": ("True|False", "True or False"),
    "deprecated": ("True|False", "True or False"),
}


class PackageError(Exception):
    """The plugin cannot be packed as it is; the sentence says why and what to do."""


def metadata(folder: Path) -> dict[str, str]:
    """The fields of metadata.txt, checked. Raises PackageError for the first that is wrong."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # names as they are spelt
    try:
        parser.read_string((folder / "metadata.txt").read_text("utf-8"))
        fields = dict(parser["general"])
    except (OSError, KeyError, configparser.Error) as error:
        raise PackageError(f"metadata.txt cannot be read: {error}") from error
    for name in REQUIRED:
        if not fields.get(name, "").strip():
            raise PackageError(f"metadata.txt has no {name}: add the field.")
    for name, (pattern, wanted) in FORMS.items():
        if not re.fullmatch(pattern, fields[name]):
            raise PackageError(f"{name}={fields[name]} in metadata.txt: it must be {wanted}.")
    if "\n" in fields["description"] or "plugin" in fields["description"].lower():
        raise PackageError("description in metadata.txt: one line, without the word “plugin”.")
    if not fields["changelog"].startswith(fields["version"]):
        raise PackageError(f"changelog in metadata.txt does not begin with {fields['version']}.")
    if not (folder / fields["icon"]).is_file():
        raise PackageError(f"icon={fields['icon']} in metadata.txt: there is no such file.")
    return fields


def sources(folder: Path) -> list[Path]:
    """The files that are packed, sorted; caches, hidden files and translations are left out.

    Raises PackageError for a file of a kind that a plugin should not carry.
    """
    packed = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_dir() or any(part.startswith((".", "__pycache__")) for part in inner.parts):
            continue
        if path.suffix in SUFFIXES or path.name in NAMES:
            packed.append(path)
        elif path.suffix not in MADE:
            raise PackageError(f"{inner} is of a kind that is not packed: move it elsewhere.")
    return packed


def translations(folder: Path) -> dict[str, bytes]:
    """Compiled translations by their path inside the plugin.

    Raises PackageError without lrelease, or when it refuses a file.
    """
    texts = sorted((folder / "resources" / "i18n").glob("*.ts"))
    lrelease = next(filter(None, map(shutil.which, LRELEASE)), None)
    if texts and lrelease is None:
        raise PackageError(
            "Qt's lrelease is not there, so translations cannot be compiled: install it (Debian: "
            "qttools5-dev-tools), or pack with --without-translations."
        )
    compiled = {}
    with tempfile.TemporaryDirectory() as work:
        for text in texts:
            made = Path(work, f"{text.stem}.qm")
            command = [str(lrelease), "-silent", str(text), "-qm", str(made)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode or not made.is_file():
                raise PackageError(f"lrelease refuses {text.name}: {done.stderr.strip()}")
            compiled[f"resources/i18n/{made.name}"] = made.read_bytes()
    return compiled


def build(folder: Path, target: Path, translated: bool = True) -> Path:
    """Write `geoseg_qgis.zip` into the folder `target`, which is made; gives its path.

    Raises PackageError when something is wrong with the plugin.
    """
    metadata(folder)
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sources(folder)}
    contents.update(translations(folder) if translated else {})
    target.mkdir(parents=True, exist_ok=True)
    zipped = target / f"{folder.name}.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, body in sorted(contents.items()):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", TIME)
            entry.create_system = 3  # Unix, whatever packs it: modes are Unix's
            entry.external_attr = MODE << 16
            archive.writestr(entry, body, zipfile.ZIP_DEFLATED, 9)
    return zipped


def main(words: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build geoseg_qgis.zip for QGIS.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder for the zip")
    what.add_argument(
        "--translations", action="store_true", help="only compile translations, in the checkout"
    )
    parser.add_argument("--without-translations", action="store_true", help="English only")
    asked = parser.parse_args(words)
    try:
        if asked.translations:
            for name, body in translations(PLUGIN).items():
                (PLUGIN / name).write_bytes(body)
        else:
            print(build(PLUGIN, asked.output, not asked.without_translations))
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
