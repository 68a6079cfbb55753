"""The plugin as a zip: `python qgis_plugin/package.py -o DIR`. Two builds are equal byte for byte.

Translations are compiled with Qt's `lrelease` where it is installed; without it the zip speaks
English, which the last line says.
"""

from __future__ import annotations

import argparse
import configparser
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).parent / "geoseg_qgis"
SUFFIXES = {".py", ".svg", ".html", ".css", ".txt", ".qm"}
FIELDS = (
    "name description about version author email qgisMinimumVersion qgisMaximumVersion homepage "
    "tracker repository tags category icon hasProcessingProvider experimental deprecated changelog"
).split()
MADE = (2020, 1, 1, 0, 0, 0)
"""Time of every file in the zip: what matters is what is in it."""


def metadata() -> dict[str, str]:
    """What metadata.txt says.

    Raises ValueError when a field is missing or names a file that is not there.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # names as they are spelt
    parser.read(PACKAGE / "metadata.txt", encoding="utf-8")
    fields = dict(parser["general"])
    missing = [name for name in FIELDS if not fields.get(name, "").strip()]
    if missing:
        raise ValueError(f"metadata.txt lacks {', '.join(missing)}.")
    if not (PACKAGE / fields["icon"]).is_file():
        raise ValueError(f"metadata.txt names an icon {fields['icon']} that is not there.")
    return fields


def members() -> list[Path]:
    """Files of the package that belong into the zip."""
    kept = (
        path for path in PACKAGE.rglob("*") if path.suffix in SUFFIXES or path.stem == "LICENSE"
    )
    return sorted(path for path in kept if path.is_file() and "__pycache__" not in path.parts)


def compiled(folder: Path) -> dict[str, bytes]:
    """Translations by their names in the zip; none where there is no `lrelease`."""
    tool = shutil.which("lrelease") or shutil.which("lrelease-qt5") or shutil.which("lrelease6")
    made = {}
    for source in sorted((PACKAGE / "resources" / "i18n").glob("*.ts")) if tool else ():
        target = folder / f"{source.stem}.qm"
        subprocess.run([tool, "-silent", str(source), "-qm", str(target)], check=True)
        made[f"resources/i18n/{target.name}"] = target.read_bytes()
    return made


def build(folder: Path) -> Path:
    """Write the zip into the folder and give its path."""
    path = folder / f"{PACKAGE.name}-{metadata()['version']}.zip"
    with tempfile.TemporaryDirectory() as work:
        contents = {str(p.relative_to(PACKAGE).as_posix()): p.read_bytes() for p in members()}
        contents.update(compiled(Path(work)))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(f"{PACKAGE.name}/{name}", MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, contents[name])
    return path


def main() -> None:
    """Build, or compile translations in place for working in the checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, help="folder for the zip")
    parser.add_argument(
        "--translations", action="store_true", help="only compile translations, in the checkout"
    )
    asked = parser.parse_args()
    if asked.translations:
        for name, content in compiled(Path(tempfile.mkdtemp())).items():
            (PACKAGE / name).write_bytes(content)
        return
    if asked.output is None:
        parser.error("-o DIR says where the zip goes.")
    try:
        print(build(asked.output))
    except ValueError as error:
        sys.exit(str(error))
    if not shutil.which("lrelease"):
        print("lrelease is not installed: the zip speaks English only.", file=sys.stderr)


if __name__ == "__main__":
    main()
