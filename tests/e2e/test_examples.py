"""The examples run as they stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "data" / "banepa_sample.tif"

needs_nano = pytest.mark.skipif(
    not (ROOT / "geoseg" / "assets" / "nano" / "config.json").is_file(),
    reason="the nano checkpoint is not in this checkout",
)


def python(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_nano
def test_quickstart():
    said = python(ROOT / "examples" / "quickstart.py")
    assert "polygons for 'buildings'" in said
    assert "area_m2" in said


def test_a_result_becomes_a_picture(tmp_path):
    out, picture = tmp_path / "out.gpkg", tmp_path / "pictures" / "out.png"
    run = ["run", SAMPLE, "the red roofs", "green", "-o", out, "--checkpoint", "color"]
    python("-m", "geoseg", *run)
    python(ROOT / "examples" / "render_result.py", SAMPLE, out, picture)
    with Image.open(picture) as drawn:
        assert drawn.size == (1400, 700)
