import numpy as np
import pytest
from PIL import Image

from training.data.fixtures import write


@pytest.fixture
def drawn(tmp_path):
    """A drawn data set of a kind, to read or to spoil."""

    def draw(kind, n=6, seed=1):
        root = tmp_path / kind
        write(kind, root, n, seed)
        return root

    return draw


@pytest.fixture(scope="session")
def seen():
    """What the eye sees in a drawn picture: ships are red, courts blue, tanks white."""

    def see(path, color):
        rgb = np.asarray(Image.open(path).convert("RGB")).astype(int)
        red, green, blue = rgb[:, :, 0], rgb[:, :, 1], rgb[:, :, 2]
        return {
            "red": (red > 190) & (green < 120),
            "blue": (blue > 130) & (red < 100) & (blue > green + 40),
            "white": rgb.min(axis=2) > 200,
        }[color]

    return see
