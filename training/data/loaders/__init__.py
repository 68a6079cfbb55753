"""The benchmarks in their own formats, each read as `Samples`.

::

    lasers         LaSeRS: train, val, test and its nine subsets
    rrsisd         RRSIS-D
    phrase_lists   RefSegRS and RISBench
    earthreason    EarthReason
    samrs          SAMRS: SOTA, SIOR and FAST
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from geoseg.errors import InstructionError
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


def kind_named(root: Path, kind: str | None) -> str:
    """A kind given by name, or recognised; InstructionError for a name that is none."""
    if kind is not None and kind not in LOADERS:
        raise InstructionError(f"The kind {kind!r} is none of {', '.join(LOADERS)}.")
    return kind or kind_of(root)


def whole_splits(kind: str, root: Path) -> tuple[str, ...]:
    """Those of train, val and test that are there: without subsets, which hold parts of them."""
    return tuple(split for split in splits_of(kind, root) if split in ("train", "val", "test"))


def single_files(kind: str, root: Path) -> tuple[str, ...]:
    """Splits such that each annotation file is in one: the subsets of LaSeRS, not their union."""
    there = splits_of(kind, root)
    return tuple(s for s in there if s != "test") if kind == lasers.KIND else there


def problems(kind: str, root: Path, split: str) -> Iterator[DataError]:
    """Everything that is wrong with a split; nothing stops the search."""
    try:
        samples = LOADERS[kind](root, split)
    except DataError as error:
        yield error
    else:
        yield from samples.problems()
