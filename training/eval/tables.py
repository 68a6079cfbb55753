"""Tables 2, 3 and 4 of the paper: its rows as printed, and rows of outcomes beside them.

The paper's numbers are read from `paper_reference.json`, in percent. They were made in other
frames and with other answers than ours by default: a row of ours says how it was made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from training.eval.breakdown import whole
from training.eval.conventions import Conventions
from training.eval.outcomes import Outcome
from training.eval.tallies import Rules

Number = Literal["2", "3", "4"]

NUMBERS: tuple[Number, ...] = ("2", "3", "4")

Cell = tuple[float, ...] | None
"""Percent by metric; None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model in a table."""

    name: str
    cells: tuple[Cell, ...]
    printed: tuple[float, ...] | None = None
    """The averages that the paper prints."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the paper."""

    number: Number
    title: str
    metrics: tuple[str, ...]
    cells: tuple[str, ...]
    """What each cell was measured on."""

    rows: tuple[Row, ...]

    def average(self, row: Row) -> tuple[float, ...] | None:
        """The Avg. column, from the row's own values; None where one is missing, or in table 3.

        Table 2: the unweighted mean of the nine subsets, by metric. Table 4: the mean of all four
        numbers.
        """
        values = [cell for cell in row.cells if cell is not None]
        if self.number == "3" or len(values) < len(self.cells):
            return None
        if self.number == "4":
            return (fmean(value for cell in values for value in cell),)
        return tuple(fmean(column) for column in zip(*values, strict=True))


@cache
def paper_table(number: Number) -> Table:
    """A table with the paper's own rows."""
    path = Path(__file__).with_name("paper_reference.json")
    known = json.loads(path.read_text("utf-8"))[number]
    rows = tuple(
        Row(
            name,
            tuple(None if cell is None else tuple(cell) for cell in row["values"]),
            None if row["average"] is None else tuple(row["average"]),
        )
        for name, row in known["rows"].items()
    )
    return Table(number, known["title"], tuple(known["metrics"]), tuple(known["cells"]), rows)


def measured_row(number: Number, name: str, outcomes: Sequence[Outcome], rules: Rules) -> Row:
    """The row of a model whose outcomes these are; cells of which there are none stay empty."""
    table = paper_table(number)
    return Row(name, tuple(_cell(table, place, outcomes, rules) for place in table.cells))


def _cell(table: Table, place: str, outcomes: Sequence[Outcome], rules: Rules) -> Cell:
    chosen = [one for one in outcomes if _belongs(table.number, place, one)]
    if not chosen:
        return None
    metrics = whole(chosen, rules).metrics()
    return tuple(100 * metrics[name] for name in table.metrics)


def _belongs(number: Number, place: str, one: Outcome) -> bool:
    if number == "2":
        return one.source == "lasers" and one.split not in ("train", "val") and place in one.tags
    if number == "3":
        return f"{one.source} {one.split}" == place
    return one.source == "earthreason" and one.split == place


def table_text(table: Table, conventions: Conventions | None, ours: Sequence[Row] = ()) -> str:
    """A table for people, averages worked out, the printed ones in brackets."""
    width = max(len(row.name) for row in (*table.rows, *ours)) + 2
    heads = "".join(f"{place:>14}" for place in table.cells)
    lines = [
        f"Table {table.number}: {table.title}; {'/'.join(table.metrics)} in percent",
        f"{'':{width}}{heads}{'Avg.':>14}",
        *(_line(table, row, width) for row in table.rows),
    ]
    if ours:
        lines += ["", *(_line(table, row, width) for row in ours)]
    if ours and conventions is not None:
        lines.append(f"{'':{width}}{conventions.text()}")
    return "\n".join(lines)


def _line(table: Table, row: Row, width: int) -> str:
    cells = "".join(f"{_numbers(cell, 1):>14}" for cell in row.cells)
    average = table.average(row)
    told = f"{_numbers(average, 2):>14}" if average is not None else ""
    printed = f"  ({_numbers(row.printed, 1)})" if row.printed is not None else ""
    return f"{row.name:{width}}{cells}{told}{printed}".rstrip()


def _numbers(values: Cell, digits: int) -> str:
    return "-" if values is None else "/".join(f"{value:.{digits}f}" for value in values)


def table_json(
    table: Table, conventions: Conventions | None, ours: Sequence[Row] = ()
) -> dict[str, Any]:
    """A table as plain values."""
    return {
        "table": table.number,
        "title": table.title,
        "metrics": list(table.metrics),
        "cells": list(table.cells),
        "paper": [_row_json(table, row) for row in table.rows],
        "measured": [
            _row_json(table, row) | ({} if conventions is None else conventions.to_json())
            for row in ours
        ],
    }


def _row_json(table: Table, row: Row) -> dict[str, Any]:
    average = table.average(row)
    return {
        "name": row.name,
        "values": [None if cell is None else list(cell) for cell in row.cells],
        "average": None if average is None else list(average),
        "printed_average": None if row.printed is None else list(row.printed),
    }
