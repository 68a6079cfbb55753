"""Many questions put to the proof, and what is reported of them."""

import numpy as np
import pytest

from geoseg.errors import InstructionError
from training.synth import proof
from training.synth.proof import Proof, ProofRequest, prove


@pytest.fixture(scope="module")
def proven():
    return prove(ProofRequest(40, 3, side=128, each=4))


def test_every_question_is_exact_and_in_the_mirror_too(proven):
    assert proven.asked >= 40
    assert proven.exact == proven.mirrored == proven.asked
    assert not proven.failed


def test_the_report_counts_each_question_once_in_every_dimension(proven):
    report = proven.report()
    tags = report["tags"]
    for pair in (("single", "multiple"), ("explicit", "implicit"), ("short", "long")):
        assert sum(tags.get(tag, 0) for tag in pair) == proven.asked
    assert sum(report["masks_by_share_up_to"].values()) == report["masks"]
    assert sum(report["land_uses"].values()) == proven.asked


def test_two_processes_prove_the_same(proven):
    again = prove(ProofRequest(40, 3, side=128, each=4, processes=2))
    assert again.report() == proven.report()


def test_a_wrong_mask_is_found(monkeypatch):
    """The proof fails where what was asked is not what is selected."""

    def astray(*given, **named):
        questions = real(*given, **named)
        for question in questions:
            for mask in question.masks:
                mask[:] = np.roll(mask, 1, axis=1) ^ mask
        return questions

    real = proof.ask
    monkeypatch.setattr(proof, "ask", astray)
    found = proof.prove_scene(ProofRequest(4, 3, side=128, each=4), 0)
    asked_for = found.asked - found.negatives
    assert asked_for > 0
    assert len(found.failed) == asked_for


@pytest.mark.parametrize("asked", [ProofRequest(0, 3), ProofRequest(5, 3, side=8)])
def test_nothing_is_not_proven(asked):
    with pytest.raises(InstructionError, match="Cannot prove"):
        prove(asked)


def test_examples_of_failures_are_few():
    whole = Proof()
    for _ in range(9):
        whole.add(Proof(failed=["a"] * 5))
    assert len(whole.failed) == 20
