"""A data set in the making: drawn pictures of SAMRS, and what the stages make of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from geoseg.dataset import encode_rle
from training.data.fixtures import write
from training.lasers.propose import ProposeSettings
from training.lasers.rows import MaskRow, make_mask
from training.lasers.run import RunSettings, run
from training.lasers.stages import Workplace


@pytest.fixture(scope="session")
def samrs(tmp_path_factory):
    """Eight drawn pictures in two splits, two of each place."""
    root = tmp_path_factory.mktemp("samrs") / "sota"
    write("samrs_sota", root, 6, 3, side=96)
    return root


@pytest.fixture(scope="session")
def settings(samrs):
    """Of a run over them; boxes of ships are looked into."""
    return RunSettings(ProposeSettings(samrs=(samrs,), inside=("ship",)))


@pytest.fixture(scope="session")
def _made(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lasers") / "made"
    return folder, list(run(Workplace(folder), settings))


@pytest.fixture
def made(_made, tmp_path):
    """A folder in which every stage has been done, to be changed, and what the stages told."""
    folder, done = _made
    shutil.copytree(folder, tmp_path / "made")
    return tmp_path / "made", done


@pytest.fixture
def mask_row():
    """Make a row for a filled box."""

    def make(
        box, category="ship", picture="a.png", source="samrs", size=(64, 64), **rest
    ) -> MaskRow:
        rest = {"exhaustive": True, "boxes": 1} | rest
        x0, y0, x1, y1 = box
        mask = np.zeros(size, bool)
        mask[y0:y1, x0:x1] = True
        return make_mask(picture, encode_rle(mask), source, category=category, given=box, **rest)

    return make


@pytest.fixture
def tree():
    """Every file under a folder with its bytes."""

    def read(folder: Path):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read
