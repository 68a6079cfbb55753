"""A `.pkl` is read if it holds arrays of numbers by name, and refused in words otherwise."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.convert.pickles import read_detectron


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "m2f.pkl"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("protocol", range(5))
def test_arrays_come_as_tensors(protocol: int, tmp_path: Path) -> None:
    levels = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = pickle.dumps({"model": {"a": levels}, "__author__": "nobody"}, protocol)
    found = read_detectron(_written(tmp_path, data))
    assert set(found) == {"a"}
    assert found["a"].shape == (2, 3)
    assert torch.equal(found["a"].read(), torch.from_numpy(levels))


PICKLES: dict[str, tuple[bytes, str]] = {
    "builtins": (b"cbuiltins\neval\n(V1\ntR.", r"class builtins\.eval"),
    "a codec": (b"c_codecs\nencode\n(V1\nVrot13\ntR.", "class _codecs.encode for 'rot13'"),
    "a numpy loader": (b"cnumpy\nload\n(V1\ntR.", r"class numpy\.load"),
    "an attribute path": (
        b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.dumps\x93.",
        "numpy.ndarray.dumps",
    ),
    "a persistent reference": (b"Pfile\n.", "persistent reference 'file'"),
    "noise": (b"\x80\x04\x95nothing", "cannot be read as a pickle"),
    "no model": (pickle.dumps({"weights": {}}), "no entry 'model'"),
    "words": (pickle.dumps({"model": {"a": "b"}}), "no numeric array in .* under 'a'"),
    "an array of words": (pickle.dumps({"model": {"a": np.array(["b"])}}), "no numeric array"),
    "an array of anything": (
        pickle.dumps({"model": {"a": np.array([{}], dtype=object)}}),
        "no numeric array",
    ),
}


@pytest.mark.parametrize("kind", PICKLES)
def test_no_other_pickle_is_read(kind: str, tmp_path: Path) -> None:
    data, message = PICKLES[kind]
    with pytest.raises(CheckpointError, match=message):
        read_detectron(_written(tmp_path, data))
