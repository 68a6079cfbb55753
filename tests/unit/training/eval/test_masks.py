"""Ready masks from JSON and from arrays."""

import json

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from training.__main__ import main
from training.data.errors import DataError
from training.eval.masks import read_masks
from training.eval.tallies import Rules, tally

PLANES = np.zeros((4, 10, 10), bool)
PLANES[0, :5] = True
PLANES[1, :4] = True
PLANES[2, 2, :4] = True
PLANES[3, 2, :2] = True


def nested() -> list[dict]:
    """50 and 40 px nested, nothing and nothing, 50 px and nothing, 4 and 2 px nested."""
    rles = [encode_rle(plane) for plane in PLANES]
    nothing = encode_rle(np.zeros((10, 10), bool))
    return [
        {"id": "a", "truth": [rles[0]], "found": [rles[1]], "tags": ["part"], "phrases": ["wing"]},
        {"truth": [nothing], "found": [nothing]},
        {"truth": [rles[0]], "found": []},
        {"truth": [PLANES[2].astype(int).tolist()], "found": [PLANES[3].astype(int).tolist()]},
    ]


def giou(outcomes):
    return tally((pair for one in outcomes for pair in one.pairs), Rules()).giou


@pytest.mark.parametrize("form", ["list", "object", "lines"])
def test_json(tmp_path, form):
    path = tmp_path / ("m.jsonl" if form == "lines" else "m.json")
    text = {
        "list": json.dumps(nested()),
        "object": json.dumps({"samples": nested()}),
        "lines": "\n".join(map(json.dumps, nested())),
    }[form]
    path.write_text(text, "utf-8")
    outcomes = read_masks(path, "ordered")
    assert giou(outcomes) == pytest.approx(0.575)
    assert [one.id for one in outcomes] == ["a", "1", "2", "3"]
    assert outcomes[0].tags == {"part"}
    assert outcomes[0].pairs[0].phrase == "wing"


def test_arrays(tmp_path):
    truth = np.stack([PLANES[0], PLANES[0] & False, PLANES[0], PLANES[2]]) * np.uint8(255)
    found = np.stack([PLANES[1], PLANES[1] & False, PLANES[1] & False, PLANES[3]])
    np.savez(tmp_path / "m.npz", truth=truth, found=found)
    assert giou(read_masks(tmp_path / "m.npz", "strict")) == pytest.approx(0.575)
    np.savez(
        tmp_path / "n.npz", truth=truth[[0, 3]], found=found[[0]], truth_of=[7, 7], found_of=[7]
    )
    (one,) = read_masks(tmp_path / "n.npz", "strict")
    assert (one.targets, one.found, len(one.pairs)) == (2, 1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"found": [{"size": [10, 10], "counts": "0"}]}, r"sample 0 \(id a\), found, mask 0"),
        ({"found": [encode_rle(np.ones((9, 10)))]}, "cannot be held against"),
        ({"phrases": ["a", "b"]}, "2 phrases for 1"),
        ({"truth": {}}, "masks are a list"),
        ({"id": "1"}, "one id"),
    ],
)
def test_bad_samples_are_named(tmp_path, change, said):
    samples = nested()
    samples[0] |= change
    (tmp_path / "m.json").write_text(json.dumps(samples), "utf-8")
    with pytest.raises(DataError, match=said):
        read_masks(tmp_path / "m.json", "ordered")


def test_bad_files(tmp_path):
    for name, text in {"a.json": "{", "b.json": "3", "c.json": "[]", "d.json": "[3]"}.items():
        (tmp_path / name).write_text(text, "utf-8")
        with pytest.raises(DataError, match=name):
            read_masks(tmp_path / name, "ordered")
    (tmp_path / "e.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match="no archive"):
        read_masks(tmp_path / "e.npz", "ordered")
    with pytest.raises(DataError, match="no such file"):
        read_masks(tmp_path / "f.json", "ordered")


@pytest.mark.parametrize("frame", ["1024", "480"])
def test_ready_masks_stay_in_their_own_pixels(tmp_path, capsys, frame):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(nested()), "utf-8")
    assert main(["eval", "--masks", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frame"] == "native"
    assert main(["eval", "--masks", str(path), "--frame", frame]) == 2
    said = capsys.readouterr().err
    assert f"--frame {frame}" in said
    assert "m.json" in said
