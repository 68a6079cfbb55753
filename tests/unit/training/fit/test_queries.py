import dataclasses

import pytest
import torch

from tests.unit.segearth.tiny_r2 import tiny_r2
from tests.unit.training.fit.conftest import short_recipe
from training.eval.tallies import iou
from training.fit.batches import Collation, Counts, NumberedBatches
from training.fit.examining import RULES, examine
from training.fit.lesson import Lesson, Prediction
from training.fit.queries import (
    QueryLesson,
    add_queries,
    match,
    query_marks,
    query_names,
    score_loss,
)
from training.fit.recipe import LossRecipe, changed
from training.fit.runs import FitOptions, fit, open_lesson
from training.fit.shapes import lesson_for, marks_of, shaped


@pytest.fixture(scope="module")
def student():
    return add_queries(tiny_r2(), 3)


@pytest.fixture(scope="module")
def collation(student):
    target = "".join(query_names(student.codec, 3))
    return Collation(student.model.config, student.codec, 2, target=target)


def test_every_target_has_its_tokens_in_order(student, collation, drawn):
    marks = query_marks(student.codec, 3)
    assert marks[0] == student.codec.seg
    batch = NumberedBatches(drawn, collation, size=4, seed=0)[0]
    spoken = [row for row in batch.answer_ids.flatten().tolist() if row in marks]
    assert spoken == list(marks) * len(batch.masks)


def test_a_question_cannot_hold_the_tokens(student):
    asked = student.codec.encode_prompt(["find [SEG2] it"]).after
    assert not set(asked.flatten().tolist()) & set(query_marks(student.codec, 3)[1:])


def test_the_best_fit_is_matched_and_scores_learn_it(collation, drawn):
    batch = NumberedBatches(drawn, collation, size=2, seed=0)[0]
    truth = torch.nn.functional.avg_pool2d(batch.masks[:, None].float() / 255, 4)
    logits = torch.cat([-truth, 8 * truth - 4, torch.zeros_like(truth)], 1)  # (N, 3, h, w)
    scores = torch.zeros(len(logits), 3, 2)
    best = match(logits, scores, batch, 200)
    assert best.tolist() == [1] * len(logits)
    sure = scores.clone()
    sure[:, :, 1] = 4.0
    sure[:, 1] = torch.tensor([4.0, 0.0])
    assert score_loss(sure, best, 1.0) < score_loss(scores, best, 1.0)
    equal = torch.log(torch.tensor(2.0)).item()
    assert score_loss(scores, best, len(logits)).item() == pytest.approx(equal)


def test_a_step_reaches_scores_and_masks(student, collation, drawn):
    lesson = QueryLesson(student.model, query_marks(student.codec, 3), LossRecipe(points=64))
    batch = NumberedBatches(drawn, collation, size=2, seed=0)[0]
    terms = lesson(batch, Counts(10.0, 2.0, 2.0))
    terms.total(lesson.losses).backward()
    assert terms.score.item() > 0
    assert float(student.model.score_head.weight.grad.abs().sum()) > 0
    assert float(student.model.seg_projector.weight.grad.abs().sum()) > 0


def test_the_highest_score_is_picked_and_the_best_is_noted(collation, drawn):
    class Oracle(Lesson):
        def predict(self, batch, *, end, forced):
            truth = (batch.masks >= 128).float() * 2 - 1
            logits = torch.stack([-truth, truth], 1)
            return Prediction(logits, torch.tensor([[0.9, 0.1]] * len(truth)))

    lesson = Oracle(tiny_r2().model, [1], LossRecipe())
    looks = examine(lesson, collation, [drawn[0]])
    assert all(pair.shared == 0 for pair in looks.picked)
    assert all(iou(pair, RULES) == 1.0 for pair in looks.best)


def test_one_query_is_the_default_path(drawn):
    checkpoint = tiny_r2()
    recipe = changed(short_recipe(), {"shape.queries": "1"})
    same, learning = shaped(checkpoint, recipe)
    assert same is checkpoint
    assert learning is recipe.learning
    lesson = lesson_for(checkpoint.model, marks_of(checkpoint.codec, 1), recipe)
    assert type(lesson) is Lesson
    assert lesson.marks == (checkpoint.codec.seg,)


def test_a_run_with_queries_can_be_asked_again(tmp_path, drawn):
    recipe = changed(short_recipe(2), {"shape.queries": "3", "running.precision": "no"})
    fit(recipe, drawn, FitOptions(tmp_path, cpu=True))
    lesson, collation = open_lesson(tmp_path)
    assert isinstance(lesson, QueryLesson)
    for forced in (True, False):
        looks = examine(lesson, collation, [drawn[0]], forced=forced)
        assert len(looks.picked) == len(drawn[0].masks)
    assert dataclasses.replace(collation, target="").target == ""
