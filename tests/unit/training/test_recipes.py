from dataclasses import dataclass
from typing import Literal

import pytest

from geoseg.errors import InstructionError
from training.recipes import from_tables, read_toml, to_tables, to_toml, with_settings


@dataclass(frozen=True, slots=True)
class Part:
    rate: float
    kind: Literal["a", "b"] = "a"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    part: Part
    count: int = 3
    other: Part | None = None
    parts: tuple[Part, ...] = ()


def test_reads_nested_tables_and_writes_what_reads_back(tmp_path):
    whole = Whole(Part(0.5, "b", ("x", 'q"')), other=Part(1e-4), parts=(Part(1.0), Part(2.0)))
    assert from_tables(Whole, to_tables(whole)) == whole
    path = tmp_path / "w.toml"
    path.write_text(to_toml(whole))
    assert read_toml(Whole, path) == whole
    assert from_tables(Whole, {"part": {"rate": 1}}) == Whole(Part(1.0))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"part": {"rate": 1.0}, "cuont": 4}, r"unknown keys \['cuont'\]"),
        ({"part": {}}, r"lacks \['rate'\] in part"),
        ({"part": {"rate": "fast"}}, "'fast' at part.rate, where float"),
        ({"part": {"rate": 1.0, "kind": "c"}}, "one of 'a', 'b'"),
        ({"part": {"rate": 1.0}, "count": True}, "True at count, where int"),
        ({"part": 3}, "in part"),
    ],
)
def test_what_does_not_fit_is_named(data, message):
    with pytest.raises(InstructionError, match=message):
        from_tables(Whole, data)


def test_settings_change_single_keys():
    data = with_settings({"part": {"rate": 1.0}}, {"part.kind": "b", "count": "7"})
    assert from_tables(Whole, data) == Whole(Part(1.0, "b"), 7)
