"""Several ledgers of one setting become one: the parts of a run that several machines did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon

from geoseg.errors import InstructionError, OutputError
from geoseg.grid import Window
from geoseg.ledger.lock import FileLock
from geoseg.ledger.opening import open_ledger
from geoseg.ledger.plan import Plan
from geoseg.ledger.snapshot import connected, latest_runs, planned_runs
from geoseg.ledger.store import Ledger
from geoseg.tiling import Tile


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows of the parts; a row is one instruction about one tile."""

    done: int
    failed: int
    skipped: int
    """Without a valid pixel."""

    queued: int
    """Asked by none of the parts."""

    equal: int
    """Several parts had the same."""

    differing: int
    """Several parts had different answers; that of the first one named is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The latest run over one scene in one of the ledgers."""

    path: Path
    ledger: Ledger
    plan: Plan


def merge_ledgers(paths: Sequence[Path], output: Path, *, overwrite: bool = False) -> Merged:
    """Unite the latest runs over each scene in one new ledger; it appears when it is whole.

    A plan becomes the union of the parts' plans. Done wins over skipped, and skipped over failed.

    Raises InstructionError when the parts are not of one setting, naming what differs, and
    OutputError when a part cannot be read or the output cannot be written.
    """
    _check_places(paths, output, overwrite)
    with ExitStack() as held:
        parts = [part for path in paths for part in _opened(path, held)]
        for part in parts[1:]:
            _refuse_difference(parts[0], part, _setting)
        by_scene: dict[str, list[_Part]] = {}
        for part in parts:
            by_scene.setdefault(part.ledger.key.scene_fingerprint, []).append(part)
        united = _of_one_run([(group, _united(group)) for group in by_scene.values()])
        held.enter_context(FileLock(output))
        # Whoever holds the lock is alone with this name; what is there was left by one that died.
        draft = output.with_name(f".geoseg-{output.name}")
        _removed(draft)
        try:
            merged = _written(draft, united)
            _renamed(draft, output)
        finally:
            _removed(draft)
        return merged


def _removed(draft: Path) -> None:
    for side in ("", "-wal", "-shm"):
        draft.with_name(draft.name + side).unlink(missing_ok=True)


def _renamed(draft: Path, output: Path) -> None:
    try:
        draft.replace(output)
    except OSError as error:
        raise OutputError(
            f"The ledger {output} cannot be written: {error.strerror}.",
            hint="Write to another folder.",
        ) from error


def _check_places(paths: Sequence[Path], output: Path, overwrite: bool) -> None:
    resolved = [path.resolve() for path in paths]
    if len(set(resolved)) < 2:
        raise InstructionError("There is nothing to unite.", hint="Name two ledgers or more.")
    if output.resolve() in resolved:
        raise OutputError(
            f"The output {output} is one of the ledgers to unite.", hint="Name another file."
        )
    if output.exists() and not overwrite:
        raise OutputError(
            f"The output {output} exists already.",
            hint="Give another name, or --overwrite to replace it.",
            code="bad_request",
        )


def _opened(path: Path, held: ExitStack) -> list[_Part]:
    connection = connected(path)
    held.callback(connection.close)
    runs = latest_runs(planned_runs(path, connection))
    parts = [_Part(path, run, plan) for run in runs if (plan := run.plan) is not None]
    if not parts:
        raise InstructionError(f"The ledger {path} holds no run.", hint="Leave it out.")
    return parts


def _setting(part: _Part) -> dict[str, Any]:
    """What all parts must have in common."""
    key = part.ledger.key
    return {
        "the checkpoint": key.checkpoint_hash,
        **{f"the setting {name}": value for name, value in sorted(key.generation.items())},
        "pixels per logit": key.stride,
        "the overlap of windows": part.plan.settings.get("overlap"),
    }


def _place(part: _Part) -> dict[str, Any]:
    """What parts about one scene must have in common."""
    key = part.ledger.key
    return {
        "the working grid": (key.grid.width, key.grid.height, tuple(key.grid.transform)[:6]),
        "the CRS": key.grid.crs,
        "bands and stretch": key.rendering.to_json(),
        "the tiles laid over the scene": part.plan.tiles_of_scene,
    }


def _refuse_difference(one: _Part, other: _Part, told: Callable[[_Part], dict[str, Any]]) -> None:
    mine, theirs = told(one), told(other)
    for name in dict.fromkeys((*mine, *theirs)):
        if mine.get(name) != theirs.get(name):
            raise InstructionError(
                f"The ledgers {one.path} and {other.path} differ in {name}: "
                f"{mine.get(name)} and {theirs.get(name)}.",
                hint="Only answers to the same questions can be united.",
            )


def _united(parts: list[_Part]) -> Plan:
    first = parts[0]
    tiles: dict[Window, Tile] = {}
    for part in parts:
        _refuse_difference(first, part, _place)
        for tile in part.plan.tiles:
            if tiles.setdefault(tile.window, tile) != tile:
                raise InstructionError(
                    f"The ledgers {first.path} and {part.path} lay tiles differently at "
                    f"{tile.window}.",
                    hint="Make both with the same version of geoseg.",
                )
    settings = {key: value for key, value in first.plan.settings.items() if key != "shard"}
    return replace(
        first.plan,
        tiles=tuple(sorted(tiles.values(), key=lambda tile: tile.index)),
        area=_all_areas([part.plan.area for part in parts]),
        instructions=tuple(dict.fromkeys(i for part in parts for i in part.plan.instructions)),
        settings=settings,
    )


def _of_one_run(united: list[tuple[list[_Part], Plan]]) -> list[tuple[list[_Part], Plan]]:
    """Plans that say which scenes belong together, as those of a run over all of them do."""
    first, *others = (plan.scene for _, plan in united)
    return [
        (parts, replace(plan, settings={**plan.settings, "scene": first, "scenes": others}))
        for parts, plan in united
    ]


def _all_areas(areas: list[Polygon | MultiPolygon | None]) -> Polygon | MultiPolygon | None:
    if any(area is None for area in areas):
        return None
    if all(shapely.equals_exact(areas[0], area, 0) for area in areas):
        return areas[0]
    whole = shapely.union_all(areas)
    assert isinstance(whole, Polygon | MultiPolygon)
    return whole


def _written(path: Path, united: list[tuple[list[_Part], Plan]]) -> Merged:
    """Write a new ledger."""
    alike = differing = 0
    states: dict[str, int] = {"done": 0, "failed": 0, "skipped": 0, "queued": 0}
    for parts, plan in united:
        with open_ledger(path, parts[0].ledger.key) as ledger:
            ledger.keep(plan)
            for part in parts:
                same, other = ledger.take(part.ledger)
                alike, differing = alike + same, differing + other
            for instruction in plan.instructions:
                known = ledger.states(instruction)
                for tile in plan.tiles:
                    states[known.get(tile.window, "queued")] += 1
    return Merged(**states, equal=alike, differing=differing)
