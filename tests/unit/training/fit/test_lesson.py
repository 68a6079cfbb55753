import copy

import pytest
import torch

from geoseg.segearth import attention_rows
from tests.unit.segearth.tiny_r2 import tiny_r2
from training.fit.adapting import adapt, recompute, set_mode
from training.fit.batches import Collation, Counts, NumberedBatches
from training.fit.lesson import Lesson
from training.fit.recipe import Learning, LossRecipe


@pytest.fixture(scope="module")
def checkpoint():
    return tiny_r2()


@pytest.fixture(scope="module")
def batch(checkpoint, drawn):
    collation = Collation(checkpoint.model.config, checkpoint.codec, 2)
    return NumberedBatches(drawn, collation, size=3, seed=1)[0]


def lesson_of(checkpoint, **losses):
    model = copy.deepcopy(checkpoint.model)
    torch.manual_seed(0)
    adapt(model, Learning(lora_dropout=0.0), [checkpoint.codec.seg])
    set_mode(model)
    return Lesson(model, [checkpoint.codec.seg], LossRecipe(points=64, **losses))


def test_terms_of_parts_add_up_to_those_of_the_batch(checkpoint, drawn):
    collation = Collation(checkpoint.model.config, checkpoint.codec, 2)
    lesson = lesson_of(checkpoint, outputs="all", variant="signed")
    whole = NumberedBatches(drawn, collation, size=4, seed=1)[0]
    parts = [NumberedBatches(drawn, collation, size=2, seed=1)[i] for i in (0, 1)]
    counts = Counts.of(parts, "signed")
    assert counts == Counts.of([whole], "signed")
    summed = [sum(pair) for pair in zip(*(lesson(part, counts) for part in parts), strict=True)]
    for term, expected in zip(summed, lesson(whole, counts), strict=True):
        assert term.item() == pytest.approx(expected.item(), rel=1e-5)


def test_without_lambda_no_row_is_computed(checkpoint, batch, monkeypatch):
    def never(*_):
        raise AssertionError("a row was computed")

    monkeypatch.setattr(attention_rows, "_rows", never)
    terms = lesson_of(checkpoint, attention=0.0)(batch, Counts(1.0, 1.0, 1.0))
    assert terms.attention.item() == 0.0
    with pytest.raises(AssertionError, match="a row"):
        lesson_of(checkpoint)(batch, Counts(1.0, 1.0, 1.0))


def test_gradients_are_the_same_when_activations_are_computed_again(checkpoint, batch):
    gradients = []
    for again in (False, True):
        lesson = lesson_of(checkpoint, variant="released")
        if again:
            recompute(lesson.model)
        terms = lesson(batch, Counts(1.0, 1.0, 1.0))
        terms.total(lesson.losses).backward()
        named = lesson.model.named_parameters()
        gradients.append({name: p.grad for name, p in named if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][name]), name


def test_the_paper_s_preset_looks_at_the_last_output_alone(checkpoint, batch):
    counts = Counts(1.0, 1.0, 1.0)
    final = lesson_of(checkpoint, outputs="final")(batch, counts)
    all_of_them = lesson_of(checkpoint, outputs="all")(batch, counts)
    assert all_of_them.dice.item() > 5 * final.dice.item()
