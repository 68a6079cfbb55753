"""Parts of a run become the whole, and parts of different runs do not."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from geoseg.dialogue import Instance, Instruction, Target, TargetAnswer, TileAnswer
from geoseg.errors import InstructionError, OutputError
from geoseg.ledger import Merged, Plan, RunKey, merge_ledgers, open_ledger, read_ledger
from geoseg.tiling import Tile
from tests.unit.ledger.answers import GRID, KEY, PLAN, SHIPS, TILES, answer, drawn

CRANES = Instruction("the cranes")
HALVES = (TILES[:8], TILES[8:])


def part(
    path: Path,
    answers: Sequence[TileAnswer],
    *,
    key: RunKey = KEY,
    plan: Plan = PLAN,
    skipped: Sequence[Tile] = (),
) -> Path:
    with open_ledger(path, key) as ledger:
        ledger.keep(plan)
        for instruction in plan.instructions:
            ledger.record(instruction, answers)
            ledger.skip(instruction, skipped)
    return path


def half(path: Path, place: int, **more) -> Path:
    tiles = HALVES[place]
    plan = replace(PLAN, tiles=tiles, settings={"overlap": 16, "shard": [place + 1, 2]})
    return part(path, [answer(tile, "ship", "crane") for tile in tiles], plan=plan, **more)


def failed(tile: Tile, reason: str) -> TileAnswer:
    return TileAnswer(tile, reason, "failed")


def content(path: Path) -> list[list[tuple]]:
    """Every row without its number."""
    connection = sqlite3.connect(path)
    joined = "SELECT m.*, t.row_off, t.col_off FROM {} m JOIN tiles t ON t.id = m.tile ORDER BY 1"
    tiles = sorted(row[2:] for row in connection.execute("SELECT * FROM tiles"))
    masks = [
        sorted(row[1:] for row in connection.execute(joined.format(table)))
        for table in ("found", "instances")
    ]
    connection.close()
    return [tiles, *masks]


def test_two_halves_are_the_whole(tmp_path: Path) -> None:
    whole = part(tmp_path / "whole.ledger", [answer(tile, "ship", "crane") for tile in TILES])
    halves = [half(tmp_path / f"{place}.ledger", place) for place in (0, 1)]
    (tmp_path / ".geoseg-out.ledger").write_text("left by one that was killed")
    merged = merge_ledgers(halves, tmp_path / "out.ledger")
    assert merged == Merged(len(TILES), 0, 0, 0, equal=0, differing=0)
    assert content(tmp_path / "out.ledger") == content(whole)
    with read_ledger(tmp_path / "out.ledger") as (ledger,):
        assert ledger.plan is not None
        assert ledger.plan.tiles == TILES
        whole = {"overlap": 16, "scene": "scenes/harbour.tif", "scenes": []}
        assert ledger.plan.settings == whole
        assert ledger.key == KEY
    left = sorted(file.name for file in tmp_path.iterdir())
    assert left == ["0.ledger", "1.ledger", "out.ledger", "whole.ledger"]


def test_what_is_kept_where_parts_overlap(tmp_path: Path) -> None:
    one = part(
        tmp_path / "1.ledger",
        [
            *(answer(TILES[0], "ship"), failed(TILES[1], "luck"), answer(TILES[2])),
            *(failed(TILES[3], "luck"), answer(TILES[4], "ship")),
        ],
        skipped=[TILES[5]],
    )
    two = part(
        tmp_path / "2.ledger",
        [
            *(answer(TILES[0], "ship"), answer(TILES[1], "ship"), answer(TILES[2], "pier")),
            *(failed(TILES[3], "memory"), failed(TILES[4], "luck")),
        ],
        skipped=[TILES[5]],
    )
    merged = merge_ledgers([one, two], tmp_path / "out.ledger")
    assert merged == Merged(
        done=4, failed=1, skipped=1, queued=len(TILES) - 6, equal=2, differing=1
    )
    with read_ledger(tmp_path / "out.ledger") as (ledger,):
        rows = list(ledger.answers(SHIPS))
        assert [row.state for row in rows] == ["done"] * 3 + ["failed", "done", "skipped"]
        assert [row.targets for row in rows[:3]] == [((Target("ship"), 0.25),)] * 2 + [()]
        assert rows[3].text == "luck"


def test_things_told_apart_travel_along(tmp_path: Path) -> None:
    logits = drawn(TILES[0])
    things = (Instance(0.5, logits), Instance(0.75, drawn(TILES[0], 1)))
    found = (TargetAnswer(Target("ship"), 0.75, logits, things),)
    one = part(tmp_path / "1.ledger", [TileAnswer(TILES[0], "", "stop", found)])
    two = part(tmp_path / "2.ledger", [answer(TILES[1], "ship")])
    merge_ledgers([two, one], tmp_path / "out.ledger")
    with read_ledger(tmp_path / "out.ledger") as (ledger,):
        kept = ledger.instances(SHIPS, Target("ship"), TILES[0])
        assert [instance.score for instance in kept] == [0.5, 0.75]


def test_scenes_instructions_and_areas_are_united(tmp_path: Path) -> None:
    west, east = shapely.box(0, -150, 100, 0), shapely.box(100, -150, 230, 0)
    plans = [
        replace(PLAN, tiles=HALVES[0], area=west),
        replace(PLAN, tiles=HALVES[1], area=east, instructions=(SHIPS, CRANES)),
    ]
    paths = [
        part(tmp_path / f"{place}.ledger", [answer(plan.tiles[0], "ship")], plan=plan)
        for place, plan in enumerate(plans)
    ]
    other = replace(KEY, scene_fingerprint="scene-2", grid=replace(GRID, height=140))
    paths.append(part(tmp_path / "2.ledger", [], key=other, plan=replace(PLAN, scene="other.tif")))
    merge_ledgers(paths, tmp_path / "out.ledger")
    with read_ledger(tmp_path / "out.ledger") as runs:
        first, second = (run.plan for run in runs)
        assert first is not None
        assert first.instructions == (SHIPS, CRANES)
        assert first.area is not None
        assert first.area.equals(shapely.union(west, east))
        assert second is not None
        assert second.scene == "other.tif"


@pytest.mark.parametrize(
    ("key", "plan", "words"),
    [
        (replace(KEY, checkpoint_hash="weights-2"), PLAN, "the checkpoint: weights-1 and weigh"),
        (replace(KEY, generation={"max_tokens": 9}), PLAN, "setting max_tokens: 512 and 9"),
        (replace(KEY, grid=replace(GRID, height=140)), PLAN, r"working grid: \(230, 150"),
        (KEY, replace(PLAN, settings={"overlap": 32}), "overlap of windows: 16 and 32"),
        (KEY, replace(PLAN, tiles_of_scene=99), "tiles laid over the scene: 15 and 99"),
        (
            KEY,
            replace(PLAN, tiles=(replace(TILES[0], core=TILES[0].window),)),
            "lay tiles differently at Window",
        ),
    ],
)
def test_parts_of_different_runs(tmp_path: Path, key: RunKey, plan: Plan, words: str) -> None:
    one = part(tmp_path / "1.ledger", [])
    two = part(tmp_path / "2.ledger", [], key=key, plan=plan)
    with pytest.raises(InstructionError, match=words):
        merge_ledgers([one, two], tmp_path / "out.ledger")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.ledger", "2.ledger"]


def test_places(tmp_path: Path) -> None:
    one, two = (half(tmp_path / f"{place}.ledger", place) for place in (0, 1))
    with pytest.raises(InstructionError, match="nothing to unite"):
        merge_ledgers([one, one], tmp_path / "out.ledger")
    with pytest.raises(OutputError, match="one of the ledgers"):
        merge_ledgers([one, two], two)
    with pytest.raises(OutputError, match="There is no ledger"):
        merge_ledgers([one, tmp_path / "3.ledger"], tmp_path / "out.ledger")
    (tmp_path / "out.ledger").write_text("something else")
    with pytest.raises(OutputError, match="exists already"):
        merge_ledgers([one, two], tmp_path / "out.ledger")
    merge_ledgers([one, two], tmp_path / "out.ledger", overwrite=True)
    with pytest.raises(OutputError, match="folder"):
        merge_ledgers([one, two], tmp_path / "nowhere" / "out.ledger")
