"""Data sets of drawn scenes: what is written, and that it is always the same."""

from pathlib import Path

import pytest

from geoseg.errors import InstructionError, OutputError
from training.data.loaders import LOADERS
from training.synth.making import SynthRequest, make


def request(out: Path, **changed: object) -> SynthRequest:
    fields = {"n": 5, "seed": 11, "form": "lasers", "side": 128, "questions": 3} | changed
    return SynthRequest(out=out, **fields)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("synth") / "set"
    return out, make(request(out))


def test_the_loader_reads_every_question(made):
    out, tally = made
    samples = [*LOADERS["lasers"](out, "train"), *LOADERS["lasers"](out, "test")]
    assert len(samples) == tally.questions
    assert all(plane.any() for sample in samples for plane in sample.decode())
    assert all(len(sample.tags) == 5 for sample in samples)


def test_splits_share_no_scene(made):
    out, _ = made
    groups = [{s.group for s in LOADERS["lasers"](out, split)} for split in ("train", "test")]
    assert not groups[0] & groups[1]


def test_the_same_bytes_by_two_processes(made, tmp_path):
    out, _ = made
    make(request(tmp_path / "again", processes=2))
    assert contents(out) == contents(tmp_path / "again")


def test_another_seed_draws_other_scenes(made, tmp_path):
    out, _ = made
    make(request(tmp_path / "other", seed=12, n=1))
    name = "train/images/scene_000000.png"
    assert (out / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


@pytest.mark.parametrize("changed", [{"n": 0}, {"form": "tiles"}, {"side": 8}])
def test_impossible_requests_are_refused(tmp_path, changed):
    with pytest.raises(InstructionError, match="Cannot draw"):
        make(request(tmp_path / "no", **changed))


def test_an_unknown_land_use_is_refused(tmp_path):
    with pytest.raises(InstructionError, match="moonbase"):
        make(request(tmp_path / "no", land_use="moonbase"))


def test_a_folder_in_use_is_left_alone(made):
    out, _ = made
    with pytest.raises(OutputError, match="already"):
        make(request(out))
