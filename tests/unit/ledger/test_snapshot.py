"""A ledger tells what its runs were about, as it stands, to readers who may not write."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from geoseg.dialogue import Instruction, Target
from geoseg.errors import OutputError
from geoseg.ledger import Plan, open_ledger, read_ledger
from tests.unit.ledger.answers import GRID, KEY, PLAN, SHIPS, TILES, answer


def same(one: Plan | None, other: Plan) -> bool:
    assert one is not None
    area = one.area is other.area or shapely.equals_exact(one.area, other.area, 0)
    return bool(area) and all(
        getattr(one, name) == getattr(other, name)
        for name in ("scene", "grid", "tiles", "tiles_of_scene", "instructions", "settings")
    )


def test_a_plan_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    area = shapely.MultiPolygon([shapely.box(0, 0, 1 / 3, 1), shapely.box(2, 2, 3, 3)])
    part = replace(PLAN, tiles=TILES[2:5], area=area, scene="Länd ☀.tif")
    with open_ledger(path, KEY) as ledger:
        assert ledger.plan is None
        ledger.keep(PLAN)
        assert same(ledger.plan, PLAN)
        ledger.keep(part)
    with read_ledger(path) as (ledger,):
        assert ledger.key == KEY
        assert same(ledger.plan, part)


def test_the_latest_run_comes_last(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    keys = [replace(KEY, scene_fingerprint=f"scene-{number}") for number in range(3)]
    for key in (*keys, keys[1]):
        with open_ledger(path, key) as ledger:
            ledger.keep(replace(PLAN, scene=key.scene_fingerprint))
    open_ledger(path, replace(KEY, checkpoint_hash="no plan")).close()
    with read_ledger(path) as runs:
        assert [run.key for run in runs] == [keys[0], keys[2], keys[1]]
        assert [run.plan.scene for run in runs if run.plan] == ["scene-0", "scene-2", "scene-1"]


def test_a_reader_sees_one_moment_while_a_run_writes(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as writer:
        writer.keep(PLAN)
        writer.record(SHIPS, [answer(TILES[0], "ship")])
        with read_ledger(path) as (reader,):
            writer.record(SHIPS, [answer(tile, "ship", "crane") for tile in TILES[1:]])
            assert reader.targets(SHIPS) == (Target("ship"),)
            assert reader.pending(SHIPS, TILES) == list(TILES[1:])
        with read_ledger(path) as (reader,):
            assert reader.pending(SHIPS, TILES) == []
            with pytest.raises(OutputError, match="readonly"):
                reader.record(SHIPS, [answer(TILES[0], "ship")])
    assert [file.name for file in tmp_path.iterdir()] == ["out.ledger"]


def test_what_is_no_ledger_or_has_no_plans(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="There is no ledger"), read_ledger(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, and they are longer than a hundred bytes " * 9)
    with pytest.raises(OutputError, match="is not a ledger"), read_ledger(text):
        pass


def test_a_ledger_of_the_first_format_is_brought_up_to_date_by_a_run(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship")])
    with sqlite3.connect(path) as old:
        old.executescript("DROP TABLE plans; DROP TABLE instances; PRAGMA user_version = 1;")
    old.close()
    with pytest.raises(OutputError, match=r"format 1.*asks no tile again"), read_ledger(path):
        pass
    with open_ledger(path, KEY) as ledger:
        assert ledger.pending(SHIPS, TILES) == list(TILES[1:])
        ledger.keep(PLAN)
    with read_ledger(path) as (ledger,):
        assert ledger.instructions() == (SHIPS,)


def test_a_damaged_plan_is_named(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.keep(PLAN)
        ledger._connection.execute("UPDATE plans SET tiles = x'00'")
        with pytest.raises(OutputError, match=r"plan in the ledger .* is damaged"):
            assert ledger.plan


def as_nobody(task: Callable[[], None]) -> None:
    """Run a task in a process that may not write what belongs to root."""
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            task()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to give up root")
def test_a_ledger_that_may_only_be_read() -> None:
    folder = Path(tempfile.mkdtemp(prefix="geoseg-"))
    path = folder / "out.ledger"
    try:
        with open_ledger(path, KEY) as ledger:
            ledger.keep(PLAN)
            ledger.record(SHIPS, [answer(TILES[0], "ship")])
        folder.chmod(0o755)
        path.chmod(0o444)

        def look() -> None:
            with read_ledger(path) as (reader,):
                assert reader.targets(SHIPS) == (Target("ship"),)
                assert reader.plan is not None
                assert reader.plan.grid == GRID
                assert reader.plan.instructions == (Instruction(SHIPS.text),)
            with pytest.raises(OutputError, match="cannot be locked"):
                open_ledger(path, KEY)

        as_nobody(look)
        path.with_name("out.ledger-wal").touch()

        def look_past_a_writer() -> None:
            with pytest.raises(OutputError, match=r"Copy out\.ledger and"), read_ledger(path):
                pass

        as_nobody(look_past_a_writer)
        assert sorted(file.name for file in folder.iterdir()) == ["out.ledger", "out.ledger-wal"]
    finally:
        shutil.rmtree(folder)
