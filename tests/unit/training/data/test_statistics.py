from functools import partial
from pathlib import Path

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from training.data.records import Entry, Sample, Samples
from training.data.statistics import tally

SIDE = 10


def mask(pixels):
    flat = np.zeros(SIDE * SIDE, bool)
    flat[:pixels] = True
    return encode_rle(flat.reshape(SIDE, SIDE))


def sample(number, instruction, phrases, pixels, tags=()):
    return Sample(
        id=str(number),
        source="lasers",
        split="train",
        group=f"g{number // 2}",
        image_path=Path(f"{number // 2}.png"),
        height=SIDE,
        width=SIDE,
        instruction=instruction,
        answer=" ".join(f"<p>{phrase}</p>[SEG]" for phrase in phrases) or "nothing",
        masks=tuple(mask(count) for count in pixels),
        phrases=tuple(phrases),
        tags=frozenset(tags),
    )


FIVE = [
    (0, "the ships", ["ships"], [3], ["short"]),
    (1, "The ship; the tank!", ["ship", "storage tank"], [1, 30], ["short"]),
    (2, "where is no one's church", ["church"], [0], ["short"]),
    (3, " ".join(["word"] * 85), ["right wing"], [81], ["long"]),
    (4, "a car-park in 2024", [], [], []),
]


@pytest.fixture
def report():
    entries = [Entry(str(row[0]), f"g{row[0] // 2}", partial(sample, *row)) for row in FIVE]
    broken = Entry("5", "g", partial(sample, 5, "x", ["ship"], [1, 2]))
    return tally(Samples([*entries, broken])).report()


def test_counts(report):
    assert (report["samples"], report["pictures"], report["masks"]) == (5, 3, 5)
    assert (report["empty_masks"], report["unusable_samples"]) == (1, 1)
    assert report["masks_per_sample"] == {"0": 1, "1": 3, "2": 1}
    assert report["tags"] == {"long": 1, "short": 3}


def test_categories(report):
    assert report["categories"] == {"ship": 2, "storage tank": 1, "wing": 1}
    assert report["phrases_of_no_category"] == {"church": 1}


def test_words(report):
    assert report["words"]["the"] == 3
    assert report["words"]["word"] == 85
    assert report["words"]["no"] == report["words"]["one's"] == report["words"]["car-park"] == 1
    assert "2024" not in report["words"]
    # 2, 4, 5, 85 and 3 words
    assert report["instruction_words"]["counts"] == [3, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert report["instruction_words"]["mean"] == pytest.approx(99 / 5)
    assert report["instruction_words"]["median"] == 4


def test_areas(report):
    # shares 0.03, 0.01, 0.3, 0 and 0.81
    assert report["mask_area_share"]["counts"] == [1, 0, 0, 2, 0, 0, 1, 0, 0, 1]
    assert report["mask_area_share"]["mean"] == pytest.approx(1.15 / 5)


def test_splits_add_up():
    entries = [Entry(str(row[0]), "g", partial(sample, *row)) for row in FIVE]
    parts = tally(Samples(entries[:2])).merged(tally(Samples(entries[2:])))
    assert parts.report() == tally(Samples(entries)).report()


def test_nothing_is_reported_as_nothing():
    report = tally(Samples([])).report()
    assert (report["samples"], report["mask_area_share"]["mean"]) == (0, None)
