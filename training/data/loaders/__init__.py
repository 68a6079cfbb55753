"""The benchmarks in their own formats, each read as `Samples`.

::

    lasers         LaSeRS: train, val, test and its nine subsets
    rrsisd         RRSIS-D
    phrase_lists   RefSegRS and RISBench
    earthreason    EarthReason
    samrs          SAMRS: SOTA, SIOR and FAST
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from training.data.errors import DataError
from training.data.loaders import earthreason, lasers, rrsisd
from training.data.loaders.phrase_lists import REFSEGRS, RISBENCH
from training.data.loaders.samrs import FAST, SIOR, SOTA
from training.data.records import Samples

_SPLITS: Mapping[str, Callable[[Path], tuple[str, ...]]] = {
    lasers.KIND: lasers.splits,
    rrsisd.KIND: rrsisd.splits,
    REFSEGRS.kind: REFSEGRS.splits,
    RISBENCH.kind: RISBENCH.splits,
    earthreason.KIND: earthreason.splits,
    SOTA.kind: SOTA.splits,
    SIOR.kind: SIOR.splits,
    FAST.kind: FAST.splits,
}

LOADERS: Mapping[str, Callable[..., Samples]] = {
    lasers.KIND: lasers.load,
    rrsisd.KIND: rrsisd.load,
    REFSEGRS.kind: REFSEGRS.load,
    RISBENCH.kind: RISBENCH.load,
    earthreason.KIND: earthreason.load,
    SOTA.kind: SOTA.load,
    SIOR.kind: SIOR.load,
    FAST.kind: FAST.load,
}
"""Kind → load(root, split, **options)."""


def splits_of(kind: str, root: Path) -> tuple[str, ...]:
    """Splits of a data set that are there; none where the folder is of another kind."""
    return _SPLITS[kind](root)


def kind_of(root: Path) -> str:
    """The kind of the data set in a folder; DataError where it is none that is known."""
    for kind, splits in _SPLITS.items():
        if splits(root):
            return kind
    raise DataError(
        str(root),
        f"is no data set of a known kind ({', '.join(LOADERS)}).",
        hint="Give the folder that holds its splits, lists or annotations.",
    )


def load(root: Path, split: str) -> Samples:
    """A split of the data set in a folder, whatever its kind, with the default options."""
    return LOADERS[kind_of(root)](root, split)
