import hashlib
from pathlib import Path

import pytest

from training.data.manifest import DataError, check_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["path,bytes,sha256,source,licence"]
    for name in ("a/one.txt", "a/two.txt", "b/three.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        rows.append(f"{name},{len(name)},{hashlib.sha256(name.encode()).hexdigest()},drawn,CC0")
    (tmp_path / "MANIFEST.csv").write_text("\n".join(rows))
    return tmp_path


def test_only_the_folders_asked_for_are_compared(folder: Path):
    (folder / "b" / "three.txt").write_text("changed")
    assert check_manifest(folder, ["a"]) == 2


def test_a_changed_file_is_named(folder: Path):
    (folder / "b" / "three.txt").write_text("changed")
    with pytest.raises(DataError, match=r"three\.txt has SHA-256"):
        check_manifest(folder, ["a", "b"])


def test_a_missing_file_is_named(folder: Path):
    (folder / "a" / "one.txt").unlink()
    with pytest.raises(DataError, match=r"one\.txt is listed"):
        check_manifest(folder, ["a"])


def test_a_folder_without_a_manifest_is_not_the_data(tmp_path: Path):
    with pytest.raises(DataError, match="--data"):
        check_manifest(tmp_path, ["a"])
