"""Drafts that a killed process left are removed by the next; those of a living one are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoseg.errors import OutputError
from geoseg.export.drafts import appearing, check_place
from geoseg.export.rasters import Rasters
from geoseg.export.unfinished import draft_beside, locked, remove_stale
from geoseg.ledger.lock import FileLock


def abandoned(path: Path) -> Path:
    """A draft, with a journal and a lock that nobody holds, as SIGKILL leaves them."""
    draft = draft_beside(path)
    path.parent.mkdir(exist_ok=True)
    for end in ("", "-journal", ".lock"):
        draft.with_name(draft.name + end).write_text("half")
    return draft


def lock_of(draft: Path) -> Path:
    return draft.with_name(draft.name + ".lock")


def names(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*"))


def test_a_draft_of_a_dead_process_goes_before_anything_is_asked(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    abandoned(out)
    check_place(out, overwrite=False)
    assert names(tmp_path) == []


def test_and_when_the_file_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    abandoned(out)
    with appearing(out, overwrite=False) as draft:
        assert names(tmp_path) == [draft.name + ".lock"]
        draft.write_text("whole")
    assert names(tmp_path) == ["out.gpkg"]


def test_what_another_process_writes_stays(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    draft = abandoned(out)
    with FileLock(draft):
        with appearing(out, overwrite=False) as second:
            second.write_text("whole")
        assert draft.read_text() == "half"
    lock_of(draft).touch()  # and then it is killed
    remove_stale(out)
    assert names(tmp_path) == ["out.gpkg"]


def test_drafts_of_other_files_stay(tmp_path: Path) -> None:
    draft = abandoned(tmp_path / "other.gpkg")
    check_place(tmp_path / "out.gpkg", overwrite=False)
    assert draft.exists()


def test_where_nothing_can_be_locked_files_are_written_and_no_draft_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(f"no locks on {handle}")

    out = tmp_path / "out.gpkg"
    draft = abandoned(out)
    monkeypatch.setattr("geoseg.ledger.lock._take", refuse)
    with appearing(out, overwrite=False) as second:
        second.write_text("whole")
    assert draft.exists()
    assert [name for name in names(tmp_path) if not name.startswith(draft.stem)] == ["out.gpkg"]


def test_a_folder_of_masks_that_holds_only_stale_drafts_is_empty(tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    draft = abandoned(masks / "masks")
    (masks / "a").mkdir()
    inner = masks / "a" / f"{draft.name}-0.tif"
    inner.write_text("half")
    with FileLock(draft), pytest.raises(OutputError, match="not empty"):
        Rasters(masks=masks).check()
    assert inner.exists()
    lock_of(draft).touch()
    Rasters(masks=masks).check()
    assert names(masks) == ["a"]


def test_one_lock_holds_all_masks(tmp_path: Path) -> None:
    with Rasters(masks=tmp_path / "masks").held() as rasters, rasters.held() as again:
        assert again == rasters
        (lock,) = names(tmp_path / "masks")
        assert lock == f"{rasters.draft}.lock"
    assert names(tmp_path / "masks") == []


def test_what_is_held_leaves_nothing_behind(tmp_path: Path) -> None:
    draft = tmp_path / ".geoseg-x"
    inner = tmp_path / "a" / ".geoseg-x-1.tif"
    inner.parent.mkdir()
    with locked(draft, deep=True):
        inner.write_text("half")
    assert names(tmp_path) == ["a"]
