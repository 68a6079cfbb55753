"""The ledger round trip, resuming, other runs in the same file, and files that are no ledger."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geoseg.dialogue import UNSEEN, Instance, Instruction, Target, TargetAnswer, TileAnswer
from geoseg.errors import EngineError, OutputError
from geoseg.grid import Grid
from geoseg.ledger import RunKey, open_ledger, open_ledgers
from geoseg.ledger.logits import StoredLogits, pack, unpack
from geoseg.rendering import Rendering
from geoseg.tiling import plan_tiles
from tests.unit.ledger.answers import GRID, KEY, SHIPS, TILES, answer, drawn, expected


def test_answers_come_back_as_they_were_recorded(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[4], "ship", "crane"), answer(TILES[1], "crane")])
        ledger.record(SHIPS, [TileAnswer(TILES[2], "There are none.", "length")])
        ledger.record(SHIPS, [TileAnswer(TILES[3], "out of memory", "failed")])
        ledger.skip(SHIPS, [TILES[0]])
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        assert ledger.targets(SHIPS) == (Target("crane"), Target("ship"))
        states = [ledger.tile_state(SHIPS, tile) for tile in TILES[:6]]
        assert states == ["skipped", "done", "done", "failed", "done", None]
        for place, phrase in enumerate(("ship", "crane")):
            stored = ledger.logits(SHIPS, Target(phrase), TILES[4])
            assert stored is not None
            assert stored.score == 0.25 + place / 8
            np.testing.assert_array_equal(stored.logits, expected(drawn(TILES[4], 4 + place)))
        assert ledger.logits(SHIPS, Target("ship"), TILES[1]) is None
        assert ledger.logits(SHIPS, Target("ship"), TILES[5]) is None
        rows = list(ledger.answers(SHIPS))
    assert [row.tile for row in rows] == list(TILES[:5])
    assert [row.state for row in rows] == ["skipped", "done", "done", "failed", "done"]
    assert [row.finish for row in rows] == ["", "stop", "length", "failed", "stop"]
    assert rows[3].text == "out of memory"
    assert rows[4].targets == ((Target("ship"), 0.25), (Target("crane"), 0.375))


def test_only_open_and_failed_tiles_are_asked_again(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        assert ledger.pending(SHIPS, TILES) == list(TILES)
        ledger.record(SHIPS, [answer(TILES[2], "ship"), TileAnswer(TILES[1], "why", "failed")])
        ledger.skip(SHIPS, [TILES[3]])
        left = [tile for tile in TILES if tile not in (TILES[2], TILES[3])]
        assert ledger.pending(SHIPS, TILES) == left
        ledger.record(SHIPS, [answer(TILES[1], "ship")])
        assert TILES[1] not in ledger.pending(SHIPS, TILES)
        assert ledger.tile_state(SHIPS, TILES[1]) == "done"


def test_a_new_answer_replaces_all_of_the_old_one(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship", "crane")])
        ledger.record(SHIPS, [answer(TILES[0], "pier")])
        assert ledger.targets(SHIPS) == (Target("pier"),)
        assert ledger.logits(SHIPS, Target("ship"), TILES[0]) is None


OTHER_GRID = Grid("EPSG:32632", Affine(2, 0, 0, 0, -2, 0), 150, 230)


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, scene_fingerprint="scene-2"),
        replace(KEY, grid=OTHER_GRID),
        replace(KEY, rendering=Rendering((3, 2, 1))),
        replace(KEY, checkpoint_hash="weights-2"),
        replace(KEY, generation={"max_tokens": 128}),
        replace(KEY, generation={}),
    ],
)
def test_another_run_never_sees_these_answers(tmp_path: Path, other: RunKey) -> None:
    assert other.hash != KEY.hash
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship")])
    with open_ledger(path, other, resume=False) as ledger:
        assert ledger.pending(SHIPS, TILES) == list(TILES)
        assert ledger.targets(SHIPS) == ()
        assert list(ledger.answers(SHIPS)) == []
    with open_ledger(path, KEY) as ledger:
        assert ledger.tile_state(SHIPS, TILES[0]) == "done"


def test_several_runs_share_a_file_and_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    other = replace(KEY, scene_fingerprint="another scene")
    with open_ledgers(path, [KEY, other]) as (one, two):
        one.record(SHIPS, [answer(TILES[0], "ship")])
        two.record(SHIPS, [answer(TILES[1], "ship")])
        assert one.pending(SHIPS, TILES) == [TILES[1], *TILES[2:]]
        assert two.pending(SHIPS, TILES) == [TILES[0], *TILES[2:]]
        one.close()
        two.record(SHIPS, [answer(TILES[2], "ship")])
        with pytest.raises(OutputError, match="use"):
            open_ledger(path, KEY)
    with open_ledgers(path, [other, KEY], resume=False) as runs:
        assert [run.key for run in runs] == [other, KEY]
        assert [len(run.pending(SHIPS, TILES)) for run in runs] == [len(TILES)] * 2


def test_another_instruction_or_overlap_is_asked_afresh(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.record(SHIPS, [answer(tile, "ship") for tile in TILES])
        assert ledger.pending(Instruction("cranes"), TILES) == list(TILES)
        wider = plan_tiles(GRID.height, GRID.width, window=64, overlap=40)
        windows = {tile.window for tile in TILES}
        asked = ledger.pending(SHIPS, wider)
        assert asked == [tile for tile in wider if tile.window not in windows]
        assert asked


def test_starting_afresh_forgets_this_run_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    other = replace(KEY, checkpoint_hash="weights-2")
    for key in (KEY, other):
        with open_ledger(path, key) as ledger:
            ledger.record(SHIPS, [answer(TILES[0], "ship")])
    with open_ledger(path, KEY, resume=False) as ledger:
        assert ledger.tile_state(SHIPS, TILES[0]) is None
        assert ledger.logits(SHIPS, Target("ship"), TILES[0]) is None
    with open_ledger(path, other) as ledger:
        assert ledger.logits(SHIPS, Target("ship"), TILES[0]) is not None


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.floats(0, 30))
def test_logits_survive_packing_within_half_a_step(
    seed: int, height: int, width: int, spread: float
) -> None:
    logits = np.random.default_rng(seed).normal(size=(height, width)) * spread
    back = _read_back(logits.astype(np.float16))
    held = np.clip(logits.astype(np.float16).astype(np.float32), -127 / 16, 127 / 16)
    clear = held > -6 + 1 / 32
    assert np.abs(back - held)[clear].max(initial=0) <= 1 / 32 + 1e-6
    assert back.shape == logits.shape
    assert (back[held < -6 - 1 / 32] == np.float32(-127 / 16)).all()


def test_logits_outside_the_box_are_absent_and_infinities_cut() -> None:
    logits = np.full((20, 30), -np.inf, np.float32)
    logits[3:5, 7:9] = np.inf
    packed = pack(logits)
    assert (packed.top, packed.left, packed.box_height, packed.box_width) == (3, 7, 2, 2)
    assert _read_back(logits)[4, 8] == np.float32(127 / 16)
    nothing = pack(np.full((20, 30), -8, np.float32))
    assert nothing.deflated == b""
    assert (unpack(nothing) == -127).all()


def test_cells_next_to_the_foreground_that_nobody_saw_are_kept() -> None:
    logits = np.full((20, 30), -3, np.float16)
    logits[:, 10:] = UNSEEN
    logits[5:9, 4:10] = 3
    logits[15:] = -16
    back = _read_back(logits)
    assert (back[4:10, 10] == UNSEEN).all()
    assert (back[:, 13:] == np.float32(-127 / 16)).all()
    assert (back[:15, :10] == logits[:15, :10]).all()
    assert (unpack(pack(np.full((8, 8), UNSEEN, np.float16))) == -127).all()


def _read_back(logits: NDArray[Any]) -> NDArray[np.float32]:
    return StoredLogits(unpack(pack(logits)), 1.0).logits


def test_halves_are_packed_as_other_floats_are() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[~np.isnan(halves)].reshape(2, -1)
    assert pack(halves) == pack(halves.astype(np.float32))


def test_a_typical_answer_takes_kilobytes() -> None:
    rows, cols = np.mgrid[0:256, 0:256]
    field = 8 * np.cos(rows / 17) * np.cos(cols / 23) - 3
    assert len(pack(field.astype(np.float16)).deflated) < 16_000


@pytest.mark.parametrize("score", [0.5, float("nan")])
def test_an_answer_that_is_not_a_number_is_a_failure(tmp_path: Path, score: float) -> None:
    logits = drawn(TILES[0])
    logits[2, 3] = np.nan if score == 0.5 else 0
    broken = TileAnswer(TILES[0], "ships", "stop", (TargetAnswer(Target("ship"), score, logits),))
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        ledger.record(SHIPS, [broken])
        assert ledger.tile_state(SHIPS, TILES[0]) == "failed"
        assert "not numbers" in next(ledger.answers(SHIPS)).text
        assert ledger.targets(SHIPS) == ()


def test_an_answer_that_breaks_the_engines_promises_writes_nothing(tmp_path: Path) -> None:
    flat = TargetAnswer(Target("ship"), 0.5, np.zeros((3, 3), np.float16))
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        for wrong, words in (
            (TileAnswer(TILES[1], "", "stop", (flat,)), r"shape \(3, 3\), not \(16, 16\)"),
            (answer(TILES[1], "ship", "ship"), "names a target twice"),
        ):
            with pytest.raises(EngineError, match=words):
                ledger.record(SHIPS, [answer(TILES[0], "ship"), wrong])
            assert ledger.pending(SHIPS, TILES) == list(TILES)


def test_a_second_run_is_told_who_holds_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    program = f"""
        import sys
        from tests.unit.ledger.answers import KEY
        from geoseg.ledger import open_ledger
        from pathlib import Path
        with open_ledger(Path({str(path)!r}), KEY):
            print("held", flush=True)
            sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=f"in use by process {other.pid} on") as caught:
            open_ledger(path, KEY)
        assert caught.value.exit_status == 6
        other.kill()
    # The operating system frees the lock of a killed process.
    with open_ledger(path, KEY) as ledger:
        assert ledger.pending(SHIPS, TILES) == list(TILES)
    assert [file.name for file in tmp_path.iterdir()] == ["out.ledger"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
def test_a_killed_run_keeps_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    program = f"""
        import os, signal
        from tests.unit.ledger.answers import KEY, SHIPS, TILES, answer
        from geoseg.ledger import open_ledger, store
        ledger = open_ledger({str(path)!r}, KEY)
        ledger.record(SHIPS, [answer(tile, "ship") for tile in TILES[:3]])
        write = store.write_answer
        def write_one_and_die(*given):
            write(*given)
            os.kill(os.getpid(), signal.SIGKILL)
        store.write_answer = write_one_and_die
        ledger.record(SHIPS, [answer(tile, "ship") for tile in TILES[3:6]])
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    with open_ledger(path, KEY) as ledger:
        assert ledger.pending(SHIPS, TILES) == list(TILES[3:])
        assert ledger.logits(SHIPS, Target("ship"), TILES[2]) is not None


def test_a_full_disk_is_reported_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship")])
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OutputError, match="no space left") as caught:
            ledger.record(SHIPS, [answer(tile, "ship", "crane", "pier") for tile in TILES])
        assert (caught.value.code, caught.value.exit_status) == ("disk_full", 6)
        assert ledger.pending(SHIPS, TILES) == list(TILES[1:])


def test_files_that_are_no_ledger_stay_as_they_are(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, and they are longer than a hundred bytes " * 9)
    database = tmp_path / "other.gpkg"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    for path, words in ((text, "is not a ledger"), (database, "is not a ledger of geoseg")):
        before = path.read_bytes()
        with pytest.raises(OutputError, match=words) as caught:
            open_ledger(path, KEY)
        assert "another file as the ledger" in str(caught.value)
        assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.txt", "other.gpkg"]


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    open_ledger(path, KEY).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OutputError, match="has format 99, and this geoseg reads 2"):
        open_ledger(path, KEY)


def test_damaged_logits_are_named(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship")])
        ledger._connection.execute("UPDATE found SET deflated = x'00'")
        with pytest.raises(OutputError, match="is damaged at Window"):
            ledger.logits(SHIPS, Target("ship"), TILES[0])


def test_things_told_apart_come_back_in_order(tmp_path: Path) -> None:
    one, two = (Instance(0.5 + place / 4, drawn(TILES[1], place)) for place in (1, 2))
    whole = TargetAnswer(Target("ship"), 0.75, np.maximum(one.logits, two.logits), (one, two))
    alone = TargetAnswer(Target("pier"), 0.5, drawn(TILES[1], 3))
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [TileAnswer(TILES[1], "", "stop", (whole, alone))])
        kept = ledger.instances(SHIPS, Target("ship"), TILES[1])
        assert [instance.score for instance in kept] == [0.75, 1.0]
        for instance, given_one in zip(kept, (one, two), strict=True):
            np.testing.assert_array_equal(instance.logits, expected(given_one.logits))
        assert ledger.instances(SHIPS, Target("pier"), TILES[1]) == ()
        ledger.record(SHIPS, [answer(TILES[1], "ship")])
        assert ledger.instances(SHIPS, Target("ship"), TILES[1]) == ()
        broken = replace(whole, instances=(one, replace(two, logits=np.zeros((2, 2), np.float16))))
        with pytest.raises(EngineError, match="have shape"):
            ledger.record(SHIPS, [TileAnswer(TILES[2], "", "stop", (broken,))])


def test_a_ledger_that_vanished_is_missed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(SHIPS, [answer(TILES[0], "ship")])
        path.unlink()
        with pytest.raises(OutputError, match="deleted or moved while the run"):
            ledger.record(SHIPS, [answer(TILES[1], "ship")])


def test_ten_thousand_targets_in_one_ledger(tmp_path: Path) -> None:
    shape = drawn(TILES[0]).shape
    faint = np.full(shape, -8, np.float16)
    faint[:2, :2] = 4
    phrases = [f"thing {number}" for number in range(10_000)]
    with open_ledger(tmp_path / "out.ledger", KEY) as ledger:
        for tile, part in zip(TILES, np.array_split(phrases, len(TILES)), strict=True):
            found = tuple(TargetAnswer(Target(str(phrase)), 0.5, faint) for phrase in part)
            ledger.record(SHIPS, [TileAnswer(tile, " ".join(part), "length", found)])
        assert ledger.targets(SHIPS) == tuple(map(Target, phrases))
        assert ledger.logits(SHIPS, Target("thing 9999"), TILES[0]) is None
        stored = ledger.logits(SHIPS, Target("thing 9999"), TILES[-1])
        assert stored is not None
        assert stored.logits.max() == 4


def test_an_instruction_of_two_thousand_characters(tmp_path: Path) -> None:
    long = Instruction("the ships, " * 200)
    path = tmp_path / "out.ledger"
    with open_ledger(path, KEY) as ledger:
        ledger.record(long, [answer(TILES[0], "ship")])
    with open_ledger(path, KEY) as ledger:
        assert ledger.instructions() == (long,)
        assert ledger.pending(long, TILES) == list(TILES[1:])


def test_places_where_no_ledger_can_be(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a directory"):
        open_ledger(tmp_path, KEY)
    with pytest.raises(OutputError, match="does not exist"):
        open_ledger(tmp_path / "nowhere" / "out.ledger", KEY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be locked"):
        open_ledger(tmp_path / "out.ledger", KEY)


def test_closing_twice_is_allowed(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "out.ledger", KEY)
    ledger.close()
    ledger.close()
    open_ledger(tmp_path / "out.ledger", KEY).close()
