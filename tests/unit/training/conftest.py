import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The real imagery: GEOSEG_DATA, or shared/data beside the checkout."""
    beside = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("GEOSEG_DATA", beside))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the real imagery is not here; set GEOSEG_DATA to its folder")
    return folder
