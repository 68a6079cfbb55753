import numpy as np
import pytest

from training.synth.probe.linear import told_apart

LABELS = np.arange(200) < 100
PAIR = np.arange(200) % 100


def test_what_differs_is_told():
    features = np.random.default_rng(0).normal(size=(200, 20))
    features[:, 3] += np.where(LABELS, 3, -3)
    told = told_apart(features, LABELS, PAIR, seed=0)
    assert told.accuracy > 0.97
    assert told.low < told.accuracy <= told.high <= 1.0


def test_chance_is_not_told_even_with_more_numbers_than_pictures():
    features = np.random.default_rng(1).normal(size=(200, 400))
    assert told_apart(features, LABELS, PAIR, seed=0).accuracy < 0.6


def test_what_both_of_a_pair_share_does_not_help():
    features = np.random.default_rng(2).normal(size=(100, 50))[PAIR]
    assert told_apart(features, LABELS, PAIR, seed=0).accuracy == pytest.approx(0.5)


def test_a_number_that_never_varies_is_harmless():
    told = told_apart(np.ones((200, 2)), LABELS, PAIR, seed=0)
    assert told.accuracy == pytest.approx(0.5)


def test_the_interval_is_wilsons():
    features = np.where(LABELS, 1.0, -1.0)[:, None]
    told = told_apart(features, LABELS, PAIR, seed=0)
    assert (told.accuracy, told.high) == (1.0, pytest.approx(1.0))
    assert told.low == pytest.approx(200 / (200 + 1.96**2))
