"""What goes wrong while results are written: named, nothing half there, answers kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

import geoseg
from geoseg.errors import OutputError
from geoseg.events import Progress

ROOT = Path(__file__).parents[2]
SUFFIXES = (".gpkg", ".fgb", ".parquet", ".geojson", ".geojsonl", ".shp")


@pytest.fixture
def scene(draw_scene):
    image = np.full((3, 1100, 1100), 100, np.uint8)
    for row in range(20, 1080, 40):
        for col in range(20, 1080, 40):
            image[:, row : row + 16, col : col + 16] = np.array((220, 20, 30))[:, None, None]
    return draw_scene(image)


@pytest.fixture
def kept(scene, tmp_path):
    """A ledger with all answers."""
    folder = tmp_path / "kept"
    folder.mkdir()
    request = geoseg.Request(scene, ("red",), folder / "out.gpkg", checkpoint="color")
    geoseg.run(request)
    return folder / "out.gpkg.ledger"


def refine(ledger, *arguments, cwd, stdin=None):
    """`geoseg refine` in a process of its own."""
    code = "import sys; from geoseg.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "refine", ledger, *arguments]
    return started(command, cwd, stdin)


FULL = """
import resource, sys, geoseg
from geoseg.errors import GeosegError

def fill(event):
    if getattr(event, "name", "") == "vectorize":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)

names = ("ledger", "output", "scores", "masks")
try:
    geoseg.revise(geoseg.Revision(**dict(zip(names, sys.argv[2:]))), fill)
except GeosegError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_status)
"""


def refine_in_little_room(limit, *arguments):
    """Draw again in a process that can write files of so many bytes from there on."""
    return started([sys.executable, "-c", FULL, limit, *arguments], ROOT, None)


def started(command, cwd, stdin):
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        stdin=stdin,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_room_for_the_output(kept, tmp_path, suffix):
    folder = tmp_path / "out"
    folder.mkdir()
    ended = refine_in_little_room(10_000, kept, folder / f"out{suffix}")
    assert ended.returncode == 6, ended.stderr
    assert f"out{suffix}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(folder.iterdir()) == []
    geoseg.revise(geoseg.Revision(kept, folder / f"out{suffix}"))


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")
@pytest.mark.parametrize("masks", [(), ("masks",)])
def test_no_room_for_rasters(kept, tmp_path, masks):
    folder = tmp_path / "out"
    folder.mkdir()
    rasters = [folder / "scores.tif", *(folder / name for name in masks)]
    # Standard output is no file, so that the rasters alone find no room.
    ended = refine_in_little_room(1500, kept, "-", *rasters)
    assert ended.returncode == 6, ended.stderr
    assert ".tif cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [one for one in folder.rglob("*") if one.is_file()] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_folder_vanishes_while_it_is_written(kept, tmp_path, suffix):
    folder = tmp_path / "out"
    folder.mkdir()

    def vanish(event):
        if isinstance(event, Progress) and event.unit == "polygons":
            shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(OutputError, match="cannot be written"):
        geoseg.revise(geoseg.Revision(kept, folder / f"out{suffix}"), vanish)
    assert not folder.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_may_not_be_written(kept, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir(mode=0o555)
    for options in ({}, {"scores": folder / "s.tif"}, {"masks": folder / "masks"}):
        output = tmp_path / "o.gpkg" if options else folder / "o.gpkg"
        with pytest.raises(OutputError, match="cannot be written") as caught:
            geoseg.revise(geoseg.Revision(kept, output, **options))
        assert caught.value.code == "permission"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_of_any_script(kept, tmp_path, suffix):
    folder = tmp_path / "Übersicht 東京 'it''s'"
    folder.mkdir()
    path = folder / f"крыши #1 100%{suffix}"
    options = {"scores": folder / "水.tif", "masks": folder / "маски"}
    geoseg.revise(geoseg.Revision(kept, path, **options))
    if suffix == ".geojsonl":
        count = len(path.read_text(encoding="utf-8").splitlines())
    else:
        count = len(gpd.read_parquet(path) if suffix == ".parquet" else gpd.read_file(path))
    assert count == 27 * 27
    with rasterio.open(folder / "水.tif") as scores:
        assert scores.read(1).max() == 254


def test_nobody_finds_anything(kept, scene, tmp_path):
    request = geoseg.Request(
        scene,
        ("nothing with a colour",),
        tmp_path / "empty.gpkg",
        checkpoint="color",
        scores=tmp_path / "scores.tif",
        masks=tmp_path / "masks",
    )
    assert geoseg.run(request).layers[0].features == 0
    with rasterio.open(tmp_path / "scores.tif") as scores:
        assert np.array_equal(scores.read(1), np.zeros((275, 275)))
    assert list((tmp_path / "masks").iterdir()) == []


def test_standard_output_holds_features_alone(kept, tmp_path):
    ended = refine(kept, "-o", "-", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    features = [json.loads(line) for line in ended.stdout.splitlines()]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    assert len(shapes) == 27 * 27
    assert all(8.9 < shape.centroid.x < 9.1 and 46 < shape.centroid.y < 48 for shape in shapes)
    assert "Standard output is written" in ended.stderr


def test_a_reader_that_goes_away(kept, tmp_path):
    command = [sys.executable, "-m", "geoseg", "refine", str(kept), "-o", "-"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment
    ) as process:
        assert len(process.stdout.read(100)) == 100
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 6
    assert said.endswith("finished tiles are kept in the ledger.\n")


def test_standard_output_is_for_one_of_two(kept):
    reader, writer = os.pipe()  # the end of standard input would stop the command
    ended = refine(kept, "-o", "-", "--progress", "jsonl", cwd=ROOT, stdin=reader)
    os.close(writer)
    os.close(reader)
    assert ended.returncode == 2
    assert "both want standard output" in ended.stdout + ended.stderr


def test_scores_and_masks_are_those_of_the_answers(kept, tmp_path):
    scores, masks = tmp_path / "scores.tif", tmp_path / "masks"
    geoseg.revise(geoseg.Revision(kept, tmp_path / "o.fgb", scores=scores, masks=masks))
    with rasterio.open(masks / "01_red_red.tif") as mask:
        seen = mask.read(1)
    expected = np.zeros((1100, 1100), bool)
    for row in range(20, 1080, 40):
        for col in range(20, 1080, 40):
            expected[row : row + 16, col : col + 16] = True
    # Only corners are rounded, where two edges cross between four cells.
    assert np.count_nonzero((seen == 1) != expected) <= 4 * 27 * 27
    with rasterio.open(scores) as opened:
        assert opened.descriptions == ("red",)
        cells = opened.read(1).repeat(4, 0).repeat(4, 1) > 127
    assert np.array_equal(cells, expected)
