"""Ready masks, read from a file: what was found and what is there, sample by sample.

JSON: a list of samples, or an object with the list under "samples", or a sample per line (.jsonl).
A sample has "truth" and "found", lists of masks; a mask is COCO run lengths {"size", "counts"} or
rows of 0 and 1. It may have "id", "image", "tags", "source" and "phrases" (of the true masks).

NPZ: arrays "truth" (N, H, W) and "found" (M, H, W), everything but 0 foreground, and optionally
"truth_of" (N,) and "found_of" (M,), the number of the sample to which each mask belongs. Without
them the i-th mask belongs to sample i.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoseg.dataset import decode_rle
from training.data.errors import DataError
from training.eval.outcomes import Outcome
from training.eval.pairing import Pairing, pair


def read_masks(path: Path, pairing: Pairing) -> tuple[Outcome, ...]:
    """The outcomes of the samples of a file. Raises DataError naming the sample that is none."""
    if not path.is_file():
        raise DataError(str(path), "there is no such file.", hint=f"Looked in {Path.cwd()}.")
    samples = _of_arrays(path) if path.suffix.lower() == ".npz" else _of_json(path)
    outcomes = tuple(_outcome(*sample, pairing) for sample in samples)
    if not outcomes:
        raise DataError(str(path), "it holds no samples.")
    if len({(one.source, one.id) for one in outcomes}) < len(outcomes):
        raise DataError(str(path), "several samples have one id; each needs its own.")
    return outcomes


_Sample = tuple[str, Mapping[str, Any], NDArray[Any], NDArray[Any]]
"""Where it stands, its fields, (M, H, W) found and (N, H, W) true masks."""


def _of_json(path: Path) -> Iterator[_Sample]:
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix.lower() == ".jsonl":
            records = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            records = json.loads(text)
            records = records["samples"] if isinstance(records, Mapping) else records
    except (ValueError, KeyError) as error:
        raise DataError(str(path), f"it holds no list of samples ({error}).") from error
    if not isinstance(records, list):
        raise DataError(str(path), f"it holds {type(records).__name__}, no list of samples.")
    for number, record in enumerate(records):
        where = f"{path}, sample {number}"
        if not isinstance(record, Mapping) or not {"truth", "found"} <= set(record):
            raise DataError(where, 'it has no "truth" and "found".')
        where += f" (id {record['id']})" if "id" in record else ""
        fields = {"id": str(number), **record}
        planes = {name: _planes(record[name], f"{where}, {name}") for name in ("found", "truth")}
        yield where, fields, planes["found"], planes["truth"]


def _planes(masks: Any, where: str) -> NDArray[np.bool_]:
    if not isinstance(masks, list):
        raise DataError(where, f"masks are a list, got {type(masks).__name__}.")
    planes: list[NDArray[np.bool_]] = []
    for number, mask in enumerate(masks):
        try:
            plane = decode_rle(mask) if isinstance(mask, Mapping) else np.asarray(mask) != 0
        except ValueError as error:
            raise DataError(f"{where}, mask {number}", str(error)) from error
        if plane.ndim != 2 or (planes and plane.shape != planes[0].shape):
            raise DataError(
                f"{where}, mask {number}", f"it is of shape {plane.shape}, unlike the first."
            )
        planes.append(plane)
    return np.stack(planes) if planes else np.zeros((0, 0, 0), bool)


def _of_arrays(path: Path) -> Iterator[_Sample]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(str(path), f"it is no archive of arrays ({error}).") from error
    for name in ("truth", "found"):
        if name not in arrays or arrays[name].ndim != 3:
            raise DataError(str(path), f'it needs an array "{name}" of shape (N, H, W).')
    owners = {name: _owners(arrays, name, path) for name in ("truth", "found")}
    for number in sorted({*owners["truth"].tolist(), *owners["found"].tolist()}):
        found, truth = (arrays[name][owners[name] == number] for name in ("found", "truth"))
        yield f"{path}, sample {number}", {"id": str(number)}, found, truth


def _owners(arrays: Mapping[str, NDArray[Any]], name: str, path: Path) -> NDArray[np.int64]:
    count = len(arrays[name])
    owners = arrays.get(f"{name}_of", np.arange(count))
    if owners.shape != (count,) or not np.issubdtype(owners.dtype, np.integer):
        raise DataError(str(path), f'"{name}_of" needs a whole number for each of {count} masks.')
    return owners.astype(np.int64)


def _outcome(
    where: str,
    fields: Mapping[str, Any],
    found: NDArray[Any],
    truth: NDArray[Any],
    pairing: Pairing,
) -> Outcome:
    phrases: Sequence[str] = fields.get("phrases") or ()
    if phrases and len(phrases) != len(truth):
        raise DataError(where, f"it has {len(phrases)} phrases for {len(truth)} true masks.")
    try:
        pairs = pair(found, truth, pairing, phrases)
    except ValueError as error:
        raise DataError(where, str(error)) from error
    frame = truth if len(truth) else found
    return Outcome(
        id=str(fields["id"]),
        image=str(fields.get("image", fields["id"])),
        pairs=pairs,
        pixels=int(frame.shape[1] * frame.shape[2]),
        source=str(fields.get("source", "")),
        tags=frozenset(map(str, fields.get("tags") or ())),
        targets=len(truth),
        found=len(found),
    )
