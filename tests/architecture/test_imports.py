"""Who may import whom, and what may be loaded when."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "rasterio", "geopandas", "shapely", "pyogrio", "scipy")


def test_import_contracts(monkeypatch):
    cli = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(
    "start",
    [
        "import geoseg",
        "from geoseg.cli.main import main; main(['--help'])",
        "from geoseg.cli.main import main; main(['run', '--help'])",
        "from geoseg.cli.main import main; main(['run', 'scene.tif'])",
    ],
)
def test_nothing_heavy_is_loaded_early(start):
    program = f"""
import sys
{start}
print("loaded:", *(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip().endswith("loaded:")
