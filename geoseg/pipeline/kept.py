"""What a ledger keeps of each scene, and which of it is meant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from geoseg.dialogue import Instruction
from geoseg.errors import InstructionError
from geoseg.ledger import Ledger, Plan, latest_runs


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What was asked about one scene, and the answers."""

    ledger: Ledger
    plan: Plan

    source: str
    """What the scene is called in outputs."""


def sources(paths: Sequence[str]) -> tuple[str, ...]:
    """What scenes are called: by their file names, with folders where these are not enough."""
    parts = [PurePath(path).parts or (path,) for path in paths]
    depths = [1] * len(paths)
    while True:
        names = [
            PurePath(*part[-depth:]).as_posix() for part, depth in zip(parts, depths, strict=True)
        ]
        counts = Counter(names)
        crowded = [
            place
            for place, name in enumerate(names)
            if counts[name] > 1 and depths[place] < len(parts[place])
        ]
        if not crowded:
            return tuple(_numbered(names))
        for place in crowded:
            depths[place] += 1


def _numbered(names: Sequence[str]) -> list[str]:
    """Names apart, as those of ledgers that were made in several places may not be."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def spoken(kept: Sequence[Kept]) -> tuple[Instruction, ...]:
    """The instructions of all plans, in the order in which they first appear."""
    return tuple(dict.fromkeys(each for one in kept for each in one.plan.instructions))


def latest_of(
    runs: Sequence[Ledger], path: str | os.PathLike[str], scenes: Sequence[str] = ()
) -> tuple[Kept, ...]:
    """The latest run with all its scenes; of scenes named as outputs call them, the latest of each.

    Raises InstructionError when there is none, and for a scene that is not there.
    """
    latest = [(run, plan) for run in latest_runs(runs) if (plan := run.plan) is not None]
    if not latest:
        raise InstructionError(
            f"The ledger {path} holds no run.", hint="Give the `geoseg run` that made it again."
        )
    names = sources([plan.scene for _, plan in latest])
    known = {name: Kept(run, plan, name) for name, (run, plan) in zip(names, latest, strict=True)}
    if scenes:
        for scene in scenes:
            if scene not in known:
                raise InstructionError(
                    f"The ledger {path} holds no scene {scene!r}; its scenes are "
                    f"{', '.join(names)}."
                )
        return tuple(known[scene] for scene in dict.fromkeys(scenes))
    last = latest[-1][1].settings
    told = [str(last.get("scene")), *map(str, last.get("scenes", ()))]
    # Scenes are noted one after another, so the last ones are those of the latest run.
    group = [one for one in list(known.values())[-len(told) :] if one.plan.scene in told]
    group = group or [known[names[-1]]]
    return tuple(
        replace(one, source=name)
        for one, name in zip(group, sources([one.plan.scene for one in group]), strict=True)
    )
