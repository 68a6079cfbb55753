"""The numbers of a data set drawn: categories, words, lengths of instructions, sizes of masks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.data.statistics import AREAS, LENGTHS, Tally

_MOST = 30
"""Bars of a list."""


def draw(counts: Tally, title: str, folder: Path) -> None:
    """Write ``stats.png`` and ``stats.svg``; the same bytes for the same counts."""
    report = counts.report()
    figure = Figure(figsize=(14, 11), layout="constrained")
    (categories, words), (lengths, areas) = figure.subplots(
        2, 2, gridspec_kw={"height_ratios": (2, 1)}
    )
    figure.suptitle(title)
    _ranked(categories, "Targets by category", report["categories"])
    _ranked(words, "Words of instructions", report["words"])
    _bars(lengths, "Instructions by words", _names(LENGTHS), report["instruction_words"]["counts"])
    shares = [f"{100 * share:g}" for share in AREAS]
    names = [f"{a}-{b} %" for a, b in pairwise(shares)]
    _bars(
        areas,
        "Masks by share of their picture",
        [*names, f"{shares[-1]} % +"],
        report["mask_area_share"]["counts"],
    )
    # Fixed ids and no date: a figure changes only with its numbers.
    with mpl.rc_context({"svg.hashsalt": "geoseg"}):
        figure.savefig(folder / "stats.svg", metadata={"Date": None})
    figure.savefig(folder / "stats.png", dpi=110, metadata={"Software": None})


def _ranked(axes: Axes, title: str, counts: dict[str, int]) -> None:
    shown = list(counts.items())[:_MOST]
    axes.barh([name for name, _ in shown], [count for _, count in shown], color="#3b6ea8")
    axes.invert_yaxis()
    hidden = len(counts) - len(shown)
    axes.set_title(f"{title} ({hidden} more)" if hidden else title)


def _bars(axes: Axes, title: str, names: Sequence[str], counts: Sequence[int]) -> None:
    axes.bar(names, counts, color="#3b6ea8")
    axes.tick_params(axis="x", rotation=30)
    axes.set_title(title)


def _names(lower: Sequence[int]) -> list[str]:
    closed = [f"{a}-{b - 1}" for a, b in pairwise(lower)]
    return [*closed, f"{lower[-1]}+"]
