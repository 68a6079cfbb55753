import pickle
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest

from geoseg.dataset import decode_rle
from training.data.errors import DataError
from training.data.loaders import LOADERS, kind_of
from training.data.loaders.samrs_classes import DIOR, DOTA, FAIR1M

KINDS = ("samrs_sota", "samrs_sior", "samrs_fast")


def pickles(root):
    return sorted(root.glob("**/ins/P*.pkl"))


def test_classes():
    assert [len(set(names)) for names in (DOTA, DIOR, FAIR1M)] == [18, 20, 37]
    assert (DOTA[5], DIOR[16], FAIR1M[30]) == ("ship", "tenniscourt", "Tennis-Court")


@pytest.mark.parametrize("kind", KINDS)
def test_every_instance_is_there(drawn, kind):
    root = drawn(kind)
    samples = LOADERS[kind](root, "train", targets="instance")
    assert kind_of(root) == kind
    stored = [pickle.loads(path.read_bytes()) for path in pickles(root)]
    assert [len(s.masks) for s in samples] == [len(rows) for rows in stored]
    assert [len(s.boxes) for s in samples] == [len(rows) for rows in stored]
    for sample, rows in zip(samples, stored, strict=True):
        for mask, row in zip(sample.decode(), rows, strict=True):
            assert mask.sum() == row["size"]
            assert np.array_equal(mask, decode_rle(row["mask"]))
    assert set(samples[0].phrases) <= {"ship", "tennis court", "storage tank"}
    assert "tennis court" in samples[1].phrases


@pytest.mark.parametrize("kind", KINDS)
def test_categories_are_unions(drawn, seen, kind):
    samples = LOADERS[kind](drawn(kind), "train")
    ships = samples[0]
    assert (ships.instruction, ships.answer) == ("all ships", "<p>ships</p>[SEG]")
    difference = ships.decode()[0] != seen(ships.image_path, "red")
    assert difference.mean() < (0.02 if kind == "samrs_sior" else 1e-9)
    assert len(ships.boxes) >= 2


def test_overlapping_instances_are_whole(drawn, seen):
    court = LOADERS["samrs_sota"](drawn("samrs_sota"), "train")[1]
    assert court.instruction == "all tennis courts"
    assert court.decode()[0].sum() > (seen(court.image_path, "blue") & court.decode()[0]).sum()


def test_tiles_of_one_picture_are_one_group(drawn):
    samples = LOADERS["samrs_sota"](drawn("samrs_sota"), "train", targets="instance")
    assert [s.group for s in samples] == ["P0000", "P0000", "P0001", "P0001", "P0002", "P0002"]


def test_older_files_have_numbers_for_categories(drawn):
    root = drawn("samrs_sota")
    assert pickle.loads(pickles(root)[1].read_bytes())[0]["category"] == 5
    assert LOADERS["samrs_sota"](root, "train", targets="instance")[1].phrases[0] == "ship"


@pytest.mark.parametrize("targets", ["category", "instance"])
def test_bad_pickles_are_named(drawn, targets):
    root = drawn("samrs_sota")
    code, damaged, unknown, gone, odd = pickles(root)[:5]
    code.write_bytes(pickle.dumps([{"category": Fraction(1, 2)}]))
    damaged.write_bytes(b"no pickle")
    rows = pickle.loads(unknown.read_bytes())
    unknown.write_bytes(pickle.dumps([row | {"category": 18} for row in rows]))
    gone.unlink()
    odd.write_bytes(pickle.dumps(OrderedDict()))
    found = list(LOADERS["samrs_sota"](root, "train", targets=targets).problems())
    assert [error.where for error in found] == [str(p) for p in (code, damaged, unknown, gone, odd)]
    for error, text in zip(
        found,
        ("class fractions", "no pickle", "18 is none", "No such file", "no list"),
        strict=True,
    ):
        assert text in str(error)


def test_a_missing_picture_is_named(drawn):
    root = drawn("samrs_sior")
    next(root.glob("**/JPEGImages-test/P*.jpg")).unlink()
    with pytest.raises(DataError, match=r"its picture .* does not exist"):
        list(LOADERS["samrs_sior"](root, "train", targets="instance"))
