"""The plugin as a zip, equal byte for byte each time: `python qgis_plugin/package.py -o DIR`."""

from __future__ import annotations

import argparse
import configparser
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

PLUGIN = Path(__file__).parent / "geoseg_qgis"
LRELEASE = ("lrelease", "lrelease-qt5", "lrelease6", "pyside6-lrelease")
"""Names of Qt's compiler of translations."""

KEPT = {".py", ".svg", ".html", ".css", ".txt"}
LEFT = {".ts", ".qm", ".pyc"}
"""Sources of translations, and what is made again."""

FIELDS = (
    *("name", "description", "about", "version", "author", "email", "icon", "category", "tags"),
    *("qgisMinimumVersion", "qgisMaximumVersion", "homepage", "tracker", "repository"),
    *("hasProcessingProvider", "experimental", "deprecated", "changelog"),
)
MADE = (2020, 1, 1, 0, 0, 0)
"""Time of every file in the zip: what matters is what is in it."""


class PackageError(Exception):
    """The plugin is not fit to be packed; the message says what to change."""


def metadata(plugin: Path) -> dict[str, str]:
    """What metadata.txt says.

    Raises PackageError naming the field that is missing or wrong.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]  # names as they are spelt
    try:
        parser.read(plugin / "metadata.txt", encoding="utf-8")
        fields = dict(parser["general"])
    except (configparser.Error, KeyError) as error:
        raise PackageError(f"metadata.txt has no section [general]: {error}") from error
    for name in FIELDS:
        if not fields.get(name, "").strip():
            raise PackageError(f"metadata.txt lacks {name}.")
    version = fields["version"]
    wrong = {
        "version": not all(part.isdigit() for part in version.split(".")) or version.count(".") < 2,
        "description": "plugin" in fields["description"].lower()
        or len(fields["description"]) > 100,
        "qgisMinimumVersion": not fields["qgisMinimumVersion"].startswith("3."),
        "changelog": not fields["changelog"].startswith(version),
        "icon": not (plugin / fields["icon"]).is_file(),
        **{
            name: not fields[name].startswith("https://")
            for name in ("homepage", "tracker", "repository")
        },
    }
    for name in filter(wrong.get, wrong):
        raise PackageError(f"metadata.txt has an unfit {name}: {fields[name]!r}.")
    return fields


def members(plugin: Path) -> dict[str, bytes]:
    """Files for the zip, by their names in it.

    Raises PackageError for a file of a kind that a plugin has no business with.
    """
    found = {}
    for path in sorted(path for path in plugin.rglob("*") if path.is_file()):
        name = path.relative_to(plugin)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if hidden or path.suffix in LEFT:
            continue
        if path.suffix not in KEPT and path.name != "LICENSE":
            raise PackageError(f"{name.as_posix()} is of no kind that belongs into the zip.")
        found[name.as_posix()] = path.read_bytes()
    return found


def translations(plugin: Path) -> dict[str, bytes]:
    """Compiled translations by their names in the zip.

    Raises PackageError without Qt's compiler.
    """
    sources = sorted((plugin / "resources" / "i18n").glob("*.ts"))
    tool = next(filter(None, map(shutil.which, LRELEASE)), None)
    if sources and tool is None:
        raise PackageError(
            "lrelease is not installed, which compiles translations: install Qt's tools "
            "(Debian: qttools5-dev-tools), or build with --without-translations."
        )
    made = {}
    with tempfile.TemporaryDirectory() as work:
        for source in sources:
            target = Path(work, f"{source.stem}.qm")
            command = [str(tool), "-silent", str(source), "-qm", str(target)]
            subprocess.run(command, check=True)
            made[f"resources/i18n/{target.name}"] = target.read_bytes()
    return made


def build(plugin: Path, folder: Path, *, translated: bool = True) -> Path:
    """Write the zip into the folder and give its path.

    Raises PackageError when the plugin is not fit for it.
    """
    metadata(plugin)
    contents = members(plugin)
    if translated:
        contents.update(translations(plugin))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{PLUGIN.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(f"{PLUGIN.name}/{name}", MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the permissions below are Unix's
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, contents[name])
    return path


def main(words: Sequence[str] | None = None) -> int:
    """Build the zip, or only compile translations in place; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder for the zip")
    what.add_argument(
        "--translations", action="store_true", help="only compile translations, in the checkout"
    )
    parser.add_argument("--without-translations", action="store_true", help="a zip in English")
    asked = parser.parse_args(words)
    try:
        if asked.translations:
            for name, content in translations(PLUGIN).items():
                (PLUGIN / name).write_bytes(content)
        else:
            print(build(PLUGIN, asked.output, translated=not asked.without_translations))
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
