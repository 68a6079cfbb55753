"""Who judged what how: ``decisions.jsonl``, one judgement a line, only ever added to.

A reviewer's newest judgement of a thing counts. A thing stays if every reviewer who looked at it
found all its points good.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, get_args

from geoseg.errors import OutputError
from training.data.errors import DataError
from training.data.loaders.reading import field_of, read_json, text_of
from training.lasers.review.points import Kind, names
from training.lasers.rows import read_lines

FILE: Final = "decisions.jsonl"


@dataclass(frozen=True, slots=True)
class Decision:
    """One judgement."""

    kind: Kind
    id: str
    """Of the mask or question."""

    reviewer: str
    points: Mapping[str, bool]
    """All points of the kind."""

    note: str
    time: str
    """When it was made, ISO 8601, as the reviewer's browser says."""

    audit: bool = False
    """A second look at what had been judged."""

    def __post_init__(self) -> None:
        where = f"the judgement of {self.kind} {self.id} by {self.reviewer}"
        if self.kind not in get_args(Kind):
            raise DataError(where, f"is of the kind {self.kind!r}, none of {get_args(Kind)}.")
        if set(self.points) != set(names(self.kind)):
            expected = ", ".join(names(self.kind))
            raise DataError(where, f"has the points {sorted(self.points)}, where {expected} count.")

    @property
    def good(self) -> bool:
        """Whether all points are."""
        return all(self.points.values())


def read_export(path: Path) -> list[Decision]:
    """The judgements in a file that the page saved. DataError where it is none."""
    where = str(path)
    content = read_json(path)
    kind = text_of(content, "kind", where)
    reviewer = text_of(content, "reviewer", where)
    rows = field_of(content, "decisions", list, where)
    return [
        _decision({"kind": kind, "reviewer": reviewer, "audit": content.get("audit"), **row}, where)
        for row in rows
    ]


def read_decisions(folder: Path) -> list[Decision]:
    """All judgements of a data set, oldest first."""
    path = folder / FILE
    return [_decision(row, str(path)) for row in read_lines(path)] if path.exists() else []


def add_decisions(folder: Path, new: Iterable[Decision]) -> int:
    """Add judgements that are not there yet; how many those are. OutputError where that fails."""
    known = {_line(one) for one in read_decisions(folder)}
    lines = [line for line in dict.fromkeys(map(_line, new)) if line not in known]
    try:
        with (folder / FILE).open("a", encoding="utf-8") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise OutputError(f"{folder / FILE} cannot be written: {error}.") from error
    return len(lines)


def newest(
    decisions: Sequence[Decision], kind: Kind, *, audit: bool | None = None
) -> dict[str, dict[str, Decision]]:
    """Id → reviewer → the newest judgement, of a kind; of audits alone, or of none, if asked."""
    found: dict[str, dict[str, Decision]] = {}
    for one in decisions:
        if one.kind == kind and audit in (None, one.audit):
            found.setdefault(one.id, {})[f"{one.reviewer}{' again' * one.audit}"] = one
    return found


def verdicts(decisions: Sequence[Decision], kind: Kind) -> dict[str, bool]:
    """Id → whether it stays, for what was judged."""
    return {
        name: all(one.good for one in by_reviewer.values())
        for name, by_reviewer in newest(decisions, kind).items()
    }


def reasons(decisions: Sequence[Decision], kind: Kind) -> dict[str, tuple[str, ...]]:
    """Id → the points that somebody found bad, for what goes."""
    found = {}
    for name, by_reviewer in newest(decisions, kind).items():
        bad = [p for p in names(kind) if not all(one.points[p] for one in by_reviewer.values())]
        if bad:
            found[name] = tuple(bad)
    return found


def _decision(row: Any, where: str) -> Decision:
    points = field_of(row, "points", dict, where)
    if not all(isinstance(value, bool) for value in points.values()):
        raise DataError(where, f"the points of {row.get('id')} are not all true or false.")
    return Decision(
        kind=text_of(row, "kind", where),  # type: ignore[arg-type]
        id=text_of(row, "id", where),
        reviewer=text_of(row, "reviewer", where),
        points=points,
        note=str(row.get("note") or ""),
        time=str(row.get("time") or ""),
        audit=bool(row.get("audit")),
    )


def _line(one: Decision) -> str:
    return json.dumps(asdict(one), sort_keys=True, ensure_ascii=False) + "\n"
