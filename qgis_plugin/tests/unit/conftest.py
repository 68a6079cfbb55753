import importlib.util
import sys
from pathlib import Path

import pytest

FAKE = Path(__file__).parents[1] / "fakechild.py"


@pytest.fixture(scope="session")
def fakechild():
    """The fake as a module, for what it writes."""
    spec = importlib.util.spec_from_file_location("fakechild", FAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
