import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from training.data.errors import DataError
from training.data.records import Entry, Sample, Samples, phrases_of, split_by_group

MASK = np.eye(4, 6, dtype=bool)


def sample(number=0, **changes):
    given = {
        "id": str(number),
        "source": "drawn",
        "split": "train",
        "group": f"scene {number // 2}",
        "image_path": Path("a.png"),
        "height": 4,
        "width": 6,
        "instruction": "the ships",
        "answer": "<p>ships</p>[SEG]",
        "masks": (encode_rle(MASK),),
        "where": f"a.json, record {number}",
    }
    return Sample(**(given | changes))


def samples(count):
    made = (partial(sample, number) for number in range(count))
    return Samples([Entry(f"record {n}", f"scene {n // 2}", make) for n, make in enumerate(made)])


def test_masks_come_back_in_order():
    two = sample(answer="[SEG] and [SEG]", masks=(encode_rle(MASK), encode_rle(~MASK)))
    assert np.array_equal(two.decode(), np.stack([MASK, ~MASK]))
    assert sample(answer="nothing", masks=()).decode().shape == (0, 4, 6)


def test_each_seg_needs_one_mask():
    with pytest.raises(DataError, match=r"a.json, record 0: .* 2 \[SEG\] but there are 1 masks"):
        sample(answer="[SEG][SEG]")
    assert sample(masks=(), hidden=True).decode().shape == (0, 4, 6)


def test_masks_are_of_the_pictures_size():
    with pytest.raises(DataError, match=r"record 0: mask 0 is of size \[6, 4\].*a.png of \[4, 6\]"):
        sample(masks=(encode_rle(MASK.T),))


def test_runs_that_overflow_are_named():
    overflowing = sample(masks=({"size": [4, 6], "counts": [20, 5]},))
    with pytest.raises(DataError, match=r"a.json, record 0: mask 0: .*25 pixels"):
        overflowing.decode()


def test_phrases_stand_before_their_seg():
    answer = "Keep off <p>building </p>[SEG], the [SEG] and <p>tree</p> [SEG], <p>sea</p> too."
    assert phrases_of(answer) == ("building", "", "tree")


def test_samples_are_a_sequence_and_cross_processes():
    some = pickle.loads(pickle.dumps(samples(5)))
    assert len(some) == 5
    assert [each.id for each in some] == ["0", "1", "2", "3", "4"]
    assert [each.id for each in some[1:3]] == ["1", "2"]


def test_problems_are_all_listed():
    def broken():
        raise DataError("b.json, record 7", "no")

    entries = [*samples(2).entries, Entry("7", "g", broken), Entry("7", "g", broken)]
    assert [str(error) for error in Samples(entries).problems()] == ["b.json, record 7: no"] * 2


def test_groups_are_never_split():
    kept, held = split_by_group(samples(40), 0.25, seed=3)
    assert (len(kept), len(held)) == (30, 10)
    assert not {s.group for s in kept} & {s.group for s in held}
    again = split_by_group(samples(40), 0.25, seed=3)[1]
    assert [s.id for s in again] == [s.id for s in held]
    assert [s.id for s in split_by_group(samples(40), 0.25, seed=4)[1]] != [s.id for s in held]


def test_a_share_of_nothing_holds_nothing_out():
    assert len(split_by_group(samples(4), 0, seed=0)[1]) == 0
    assert len(split_by_group(samples(4), 0.01, seed=0)[1]) == 2
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_by_group(samples(4), 1.5, seed=0)
