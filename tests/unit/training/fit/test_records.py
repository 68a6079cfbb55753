import numpy as np
import pytest

from geoseg.errors import InstructionError
from training.fit.records import learn_and_look, some


def test_a_folder_gives_the_examples_that_were_written(folder, drawn):
    learn, look = learn_and_look(folder, share=0.25, seed=1)
    assert (len(learn), len(look)) == (18, 6)
    written = {drawn[i].instruction + drawn[i].answer: drawn[i] for i in range(len(drawn))}
    example = learn[3]
    expected = written[example.instruction + example.answer]
    assert example.masks.shape == expected.masks.shape
    assert len(learn.answers()) == len(learn.instructions()) == 18
    chosen = some(look, 4, 0)
    assert len(chosen) == 4
    assert all(
        np.array_equal(a.masks, b.masks) for a, b in zip(chosen, some(look, 4, 0), strict=True)
    )


def test_what_is_not_there_is_named(folder):
    with pytest.raises(InstructionError, match="no split 'test'"):
        learn_and_look(folder, split="test", share=0.0, seed=0)
    with pytest.raises(InstructionError, match="none of lasers"):
        learn_and_look(folder, kind="other", share=0.0, seed=0)
