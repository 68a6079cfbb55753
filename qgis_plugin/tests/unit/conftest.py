import sys
from pathlib import Path

import pytest

FAKE = Path(__file__).parents[1] / "fakechild.py"


@pytest.fixture
def job(tmp_path):
    """The command of a fake geoseg that is asked for some words."""
    from geoseg_qgis.core.command import Job, run_command

    def make(*instructions):
        wanted = Job("scène.tif", instructions, str(tmp_path / "sortie é.gpkg"))
        command = run_command(sys.executable, wanted, str(tmp_path))
        # Python's own options first, then the fake in the place of geoseg
        return [sys.executable, str(FAKE), *command[1:]]

    return make
