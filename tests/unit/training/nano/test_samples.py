import re
from collections.abc import Iterator

import numpy as np
import pytest

from training.data.labelled import LabelledImage
from training.nano.corpus import Corpus, build_corpus
from training.nano.language import CATEGORIES, NEVER_SEEN, answer
from training.nano.samples import Question, TrainingSample, training_sample

PHRASES = {category.answer: name for name, category in CATEGORIES.items()}


def drawn(source: str, shape: tuple[int, int], category: str, **known: object) -> LabelledImage:
    """A white block on grey, of one category."""
    mask = np.zeros(shape, bool)
    mask[shape[0] // 4 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = True
    rgb = np.full((3, *shape), 60, np.uint8)
    rgb[:, mask] = 250
    return LabelledImage(
        name=f"{source}/{category}",
        source=source,
        split="train",
        rgb=rgb,
        gsd=0.5,
        masks={category: mask},
        known={category: True},
        **known,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return build_corpus(
        [
            drawn("banepa", (900, 800), "building", absent=frozenset({"airplane", "ship"})),
            drawn("dubai", (700, 900), "water", absent=frozenset({"airplane"})),
            drawn("ucm", (256, 256), "airplane", absent=frozenset({"building", "water"})),
            drawn("ucm", (256, 256), "tennis court", absent=frozenset({"building", "airplane"})),
            drawn("ucm", (256, 256), "storage tank", shows=frozenset({"road"})),
        ]
    )


@pytest.fixture(scope="module")
def samples(corpus: Corpus) -> list[TrainingSample]:
    return [training_sample(corpus, i, seed=0, size=64, questions=4) for i in range(120)]


def every(samples: list[TrainingSample]) -> Iterator[Question]:
    return (question for sample in samples for question in sample.questions)


def test_shapes(samples: list[TrainingSample]):
    for sample in samples:
        assert sample.rgb.shape == (3, 64, 64)
        assert sample.rgb.dtype == np.uint8
        assert len(sample.questions) == 4
    for question in every(samples):
        targets = question.answer.count("[SEG]")
        assert question.masks.shape == question.known.shape == (targets, 32, 32)
        assert question.masks.dtype == np.float16
        assert question.masks.min(initial=0) >= 0
        assert question.masks.max(initial=0) <= 1


def test_a_sample_depends_on_its_number_and_the_seed_alone(
    corpus: Corpus, samples: list[TrainingSample]
):
    again = training_sample(corpus, 17, seed=0, size=64, questions=4)
    other = training_sample(corpus, 17, seed=1, size=64, questions=4)
    assert (again.rgb == samples[17].rgb).all()
    for a, b in zip(again.questions, samples[17].questions, strict=True):
        assert (a.instruction, a.answer) == (b.instruction, b.answer)
        assert (a.masks == b.masks).all()
    assert (other.rgb != samples[17].rgb).any()


@pytest.mark.parametrize("size", [192, 256, 384, 512])
def test_every_size(corpus: Corpus, size: int):
    for index in range(4):
        sample = training_sample(corpus, index, seed=2, size=size, questions=6)
        assert sample.rgb.shape == (3, size, size)
        assert len(sample.questions) == 6


def test_masks_lie_on_what_is_bright(samples: list[TrainingSample]):
    for sample in samples:
        bright = sample.rgb.mean(axis=0).reshape(32, 2, 32, 2).mean(axis=(1, 3))
        padded = (sample.rgb == 128).all(axis=0).reshape(32, 2, 32, 2).any(axis=(1, 3))
        for question in sample.questions:
            inside = (question.masks > 0.99).any(axis=0) & ~padded
            if inside.sum() > 40:
                outside = (question.masks == 0).all(axis=0) & ~padded
                if outside.sum() > 40:
                    assert bright[inside].mean() > np.median(bright[outside]), question.instruction


def test_only_what_the_labels_know_is_asked(samples: list[TrainingSample]):
    known = {"building", "airplane", "ship", "water", "tennis court", "storage tank", "road"}
    stated = {answer([], [name]) for name in known} | {NEVER_SEEN}
    for question in every(samples):
        phrases = re.findall(r"<p>([^<]+)</p>", question.answer)
        assert {PHRASES[phrase] for phrase in phrases} <= known - {"ship"}
        if not phrases and " and " not in question.answer:
            assert question.answer in stated


def test_a_target_in_sight_covers_something(samples: list[TrainingSample]):
    for question in every(samples):
        for mask, known in zip(question.masks, question.known, strict=True):
            assert mask.sum() >= 11.9 or not known.all()


def test_a_good_share_of_questions_is_about_what_is_not_there(samples: list[TrainingSample]):
    negative = np.mean([len(question.masks) == 0 for question in every(samples)])
    assert 0.15 < negative < 0.45


def test_a_held_out_image_is_refused():
    image = drawn("ucm", (64, 64), "ship")
    held = LabelledImage(image.name, "ucm", "heldout", image.rgb, 0.3)
    with pytest.raises(ValueError, match="held out"):
        build_corpus([image, held])
