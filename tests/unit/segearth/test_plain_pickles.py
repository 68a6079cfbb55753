import io
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from geoseg.segearth.plain_pickles import Refused, load_plain

PLAIN = {
    "text": ["å", ("b", 1, 2.5, None, True)],
    "ordered": OrderedDict(a=1),
    "array": np.arange(6, dtype=np.float32).reshape(2, 3),
    "scalar": np.float64(0.5),
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_plain_data_comes_back(protocol):
    back = load_plain(io.BytesIO(pickle.dumps(PLAIN, protocol)))
    assert np.array_equal(back.pop("array"), PLAIN["array"])
    assert back == {key: value for key, value in PLAIN.items() if key != "array"}


class Runs:
    def __reduce__(self):
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize("value", [Runs(), [Path("a")], {"f": print}])
def test_nothing_is_executed(value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused):
        load_plain(io.BytesIO(pickle.dumps(value)))
    assert not list(tmp_path.iterdir())
