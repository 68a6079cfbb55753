"""The benchmark at a size for tests: its numbers mean nothing here, its equalities do."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from benchmarks import inference
from benchmarks.timing.subjects import Subject, random
from benchmarks.timing.ways import PLAIN, Way, ask, expected_answers
from geoseg.segearth.config import PRESETS

_CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def subject() -> Subject:
    return random(PRESETS["tiny"], _CPU, torch.float32, tiles=2, answer=8)


def test_the_fast_way_says_what_the_plain_way_says(subject: Subject) -> None:
    expected = expected_answers(subject, 2, 2)
    assert {len(ids) for ids in expected.values()} == {8}
    plain = ask(subject, PLAIN, 2, expected)
    fast = ask(subject, Way(batch=2), 2, expected)
    assert [reply.ids for reply in fast] == [expected[t, i] for i in range(2) for t in range(2)]
    assert [reply.drafted for reply in fast] == [8] * 4
    for reply, same in zip(plain, fast[::2], strict=True):
        assert reply.drafted == 0
        assert reply.ids == same.ids
        torch.testing.assert_close(reply.seg_hidden, same.seg_hidden, rtol=0, atol=1e-4)


def test_a_forced_answer_has_two_targets() -> None:
    # The instruction's own embedding stands in front of the answer, as in the paper's model.
    narrow = PRESETS["r2-narrow"]
    assert narrow.siglip is not None
    small = dataclasses.replace(
        narrow,
        window=64,
        input_size=64,
        siglip=dataclasses.replace(narrow.siglip, layers=1, image_size=28),
        language=dataclasses.replace(narrow.language, layers=2, hidden=64, mlp=64, vocab=256),
    )
    talker = random(small, _CPU, torch.float32, tiles=1, answer=30)
    answer = expected_answers(talker, 1, 1)[0, 0]
    assert len(answer) == 30
    assert [i for i, row in enumerate(answer, 1) if row == talker.seg] == [15, 30]


def test_a_report_holds_what_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "inference.json"
    arguments = f"--preset tiny --batch 1,2 --answer-tokens 4,8 --rounds 1 --device cpu --out {out}"
    inference.main(arguments.split())
    report = json.loads(out.read_text())
    assert report["ratio"] > 0
    assert report["best_batch"] in (1, 2)
    assert {"plain", "fast"} == set(report["parts"])
    assert sum(report["parts"]["fast"].values()) == pytest.approx(1, abs=0.01)
    rows = {(r["way"], r["batch"], r["instructions"], r["answer_tokens"]) for r in report["rows"]}
    assert {("plain", 1, 2, 8.0), ("fast", 2, 2, 8.0), ("fast", 2, 1, 4.0)} < rows
    assert report["flops"]["total"] == sum(v for k, v in report["flops"].items() if k != "total")
    assert len(report["goals"]) >= 3
    assert "tiles per second: goal 20.0" in capsys.readouterr().out
