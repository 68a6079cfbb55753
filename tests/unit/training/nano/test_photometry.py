import numpy as np

from training.nano.photometry import photometric


def test_shape_and_type_are_kept_and_brightness_stays_near():
    drawing = np.random.default_rng(0)
    rgb = np.repeat(np.repeat(drawing.integers(40, 215, (8, 10, 3), np.uint8), 4, 0), 4, 1)
    changed = 0
    for seed in range(60):
        seen = photometric(rgb, np.random.default_rng(seed))
        assert seen.shape == rgb.shape
        assert seen.dtype == np.uint8
        assert abs(float(seen.mean()) - float(rgb.mean())) < 70
        assert np.corrcoef(seen.ravel(), rgb.ravel())[0, 1] > 0.7
        changed += bool((seen != rgb).any())
    assert changed > 45


def test_one_seed_is_one_light():
    rgb = np.random.default_rng(1).integers(0, 255, (16, 16, 3), np.uint8)
    once, twice = (photometric(rgb, np.random.default_rng(5)) for _ in range(2))
    assert (once == twice).all()
