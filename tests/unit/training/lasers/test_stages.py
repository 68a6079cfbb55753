"""Stages are done once; what was stopped goes on and ends in the same."""

import pytest

from geoseg.errors import OutputError
from training.data.errors import DataError
from training.lasers.asking import ask
from training.lasers.finish import finish
from training.lasers.propose import propose
from training.lasers.run import run
from training.lasers.stages import Workplace, hash_path


class Stopped(BaseException):
    """As a signal would end the process."""


def count_to(number):
    def work(folder):
        (folder / "out.txt").write_text(str(number))
        return {"number": number}

    return work


def test_a_stage_is_done_once_for_the_same_key(tmp_path):
    place = Workplace(tmp_path / "new")
    assert place.do("check", [1], count_to(1)).again
    second = place.do("check", [1], count_to(2))
    assert not second.again
    assert second.counts == {"number": 1}
    assert place.do("check", [2], count_to(2)).again
    assert (tmp_path / "new" / "out.txt").read_text() == "2"
    assert place.counts() == {"check": {"number": 2}}


def test_a_stage_whose_file_was_changed_is_done_again(tmp_path):
    place = Workplace(tmp_path)
    before = place.do("check", [1], count_to(1))
    (tmp_path / "out.txt").write_text("other")
    after = place.do("check", [1], count_to(1))
    assert after.again
    assert after.hash == before.hash


def test_a_stage_that_is_stopped_leaves_nothing(tmp_path):
    def work(folder):
        (folder / "out.txt").write_text("half")
        raise Stopped

    with pytest.raises(Stopped):
        Workplace(tmp_path).do("check", [1], work)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Workplace(tmp_path / "file").do("check", [1], count_to(1))


def test_a_stage_needs_those_before_it(tmp_path):
    for stage in (ask, finish):
        with pytest.raises(DataError, match="Do the stages before this one first"):
            stage(Workplace(tmp_path), None)


def test_killed_after_each_stage_and_started_again(made, settings, tmp_path, tree):
    folder, done = made
    for last in range(5):
        stages = run(Workplace(tmp_path / "killed"), settings)
        assert [next(stages).again for _ in range(last + 1)] == [False] * last + [True]
        stages.close()
    again = list(run(Workplace(tmp_path / "killed"), settings))
    assert [(one.again, one.hash) for one in again] == [(False, one.hash) for one in done]
    assert tree(tmp_path / "killed") == tree(folder)


def test_killed_inside_the_first_stage(made, settings, tmp_path, monkeypatch):
    from training.lasers import propose as room

    _, done = made
    looked = []

    def masks(one, proposer, settings, real=room._masks):
        if len(looked) == 3:
            raise Stopped
        looked.append(one.row.name)
        return real(one, proposer, settings)

    with monkeypatch.context() as patch:
        patch.setattr(room, "_masks", masks)
        with pytest.raises(Stopped):
            propose(Workplace(tmp_path), settings.propose)
    (partly,) = tmp_path.glob(".propose-*")
    assert len(list(partly.glob("*.jsonl"))) == 3
    assert propose(Workplace(tmp_path), settings.propose).hash == done[0].hash
    assert not list(tmp_path.glob(".propose*"))


def test_the_hash_of_a_folder_is_of_names_and_bytes(tmp_path):
    for name, inside in (("a", "x"), ("b", "x")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{inside}.txt").write_text("1")
    assert hash_path(tmp_path / "a") == hash_path(tmp_path / "b")
    (tmp_path / "b" / "x.txt").write_text("2")
    assert hash_path(tmp_path / "a") != hash_path(tmp_path / "b")
