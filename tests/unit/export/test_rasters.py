"""Scores and masks against fields whose values are known."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.features import rasterize

from geoseg.contours import polygonize
from geoseg.dialogue import Target
from geoseg.errors import OutputError
from geoseg.export.rasters import Place, Rasters, recording
from geoseg.fuse import Field, Strip
from geoseg.grid import Grid

ROOFS = Place(0, "all roofs", "roof")
LAKES = Place(1, "the lakes", "lake")


def field_of(samples, coverage=None, stride=4, cut=(0, 0), rows=5):
    """A field of cells; `cut` pixels of the last row and column lie outside of the scene."""
    height, width = samples.shape
    grid = Grid(
        "EPSG:32632",
        Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6),
        height * stride - cut[0],
        width * stride - cut[1],
    )
    seen = np.ones(samples.shape, bool) if coverage is None else coverage
    planes = [np.ones(samples.shape, kind) for kind in "HHff"]

    def strips():
        for row in range(0, height, rows):
            part = slice(row, row + rows)
            yield Strip(row, samples[part], seen[part], *(plane[part] for plane in planes))

    return Field(Target("roof"), grid, stride, 0, strips)


def blobs(height, width, seed=0):
    """Smooth random fields of odd samples."""
    from scipy import ndimage

    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 3)
    return (2 * np.rint(noise / noise.std() * 300) + 1).astype(np.int16)


def write(rasters, *pairs):
    places = [place for place, _ in pairs]
    field = pairs[0][1]
    with recording(rasters, places, field.scene, field.stride) as recorder:
        return [list(polygonize(recorder.recorded(one))) for _, one in pairs]


def test_scores_are_probabilities_on_the_grid_of_the_answers(tmp_path):
    path = tmp_path / "scores.tif"
    samples = np.array([[-(2**15) + 1, -513, -1], [1, 513, 2**15 - 1]], np.int16)
    seen = np.array([[1, 1, 1], [1, 1, 0]], bool)
    write(Rasters(path), (ROOFS, field_of(samples, seen, cut=(1, 2))))
    with rasterio.open(path) as scores:
        assert scores.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (scores.descriptions, scores.nodata) == (("roof",), 255)
        assert scores.transform == Affine(2, 0, 5e5, 0, -2, 5.2e6)
        read = scores.read(1, masked=True) * scores.scales[0] + scores.offsets[0]
    assert read.mask.tolist() == [[False] * 3, [False, False, True]]
    sure = 1 / (1 + np.exp(1.0))
    assert read[0].tolist() == pytest.approx([0, sure, 0.5], abs=0.002)
    assert read[1, :2].tolist() == pytest.approx([0.5, 1 - sure], abs=0.002)
    assert [one.name for one in tmp_path.iterdir()] == ["scores.tif"]


def test_a_band_per_target_and_overviews(tmp_path):
    path = tmp_path / "scores.tif"
    fields = [field_of(blobs(700, 600, seed), rows=128) for seed in (1, 2)]
    write(Rasters(path), (ROOFS, fields[0]), (LAKES, fields[1]))
    with rasterio.open(path) as scores:
        assert scores.descriptions == ("all roofs: roof", "the lakes: lake")
        assert scores.overviews(1) == [2]
        for band, field in enumerate(fields, 1):
            samples = np.concatenate([strip.samples for strip in field.strips()])
            assert np.array_equal(scores.read(band) > 127, samples > 4)


def test_many_targets_are_bands_too(tmp_path):
    path = tmp_path / "scores.tif"
    field = field_of(blobs(20, 20))
    places = [Place(0, "things", f"thing {i}") for i in range(40)]
    write(Rasters(path), *((place, field) for place in places))
    with rasterio.open(path) as scores:
        assert scores.count == 40
        assert scores.descriptions[39] == "thing 39"
        assert scores.read(40).tolist() == scores.read(1).tolist()


def test_masks_are_what_the_outlines_enclose(tmp_path):
    folder = tmp_path / "masks"
    field = field_of(blobs(90, 70), cut=(3, 1), rows=13)
    ((*shapes,),) = write(Rasters(masks=folder), (ROOFS, field))
    with rasterio.open(folder / "01_all_roofs_roof.tif") as mask:
        assert (mask.height, mask.width) == (field.scene.height, field.scene.width)
        assert (mask.transform, mask.nodata) == (field.scene.transform, 255)
        read = mask.read(1)
    # The outline is straight inside a square of four centres, where the mask bends with them.
    drawn = rasterize([shape.polygon for shape in shapes], read.shape)
    assert np.count_nonzero(drawn != read) < 0.002 * read.size
    assert 0.3 < read.mean() < 0.7


def test_masks_tell_unseen_from_absent(tmp_path):
    folder = tmp_path / "masks"
    samples = np.full((6, 6), 101, np.int16)
    samples[:, :2] = -101
    seen = np.ones((6, 6), bool)
    seen[3:, 4:] = False
    write(Rasters(masks=folder), (ROOFS, field_of(samples, seen, rows=2)))
    with rasterio.open(folder / "01_all_roofs_roof.tif") as mask:
        read = mask.read(1)
    expected = np.ones((24, 24), np.uint8)
    expected[:, :8] = 0
    expected[12:, 16:] = 255
    assert np.array_equal(read, expected)


def test_strips_and_columns_leave_no_trace(tmp_path, monkeypatch):
    monkeypatch.setattr("geoseg.export.rasters.masks._COLUMNS", 16)
    samples = blobs(40, 50)
    masks = []
    for rows in (7, 40):
        folder = tmp_path / str(rows)
        write(Rasters(masks=folder), (ROOFS, field_of(samples, rows=rows)))
        with rasterio.open(folder / "01_all_roofs_roof.tif") as mask:
            masks.append(mask.read(1))
    assert np.array_equal(*masks)


def test_recording_leaves_the_polygons_alone():
    field = field_of(blobs(30, 30))
    (found,) = write(Rasters(), (ROOFS, field))
    assert [one.polygon.wkb for one in found] == [one.polygon.wkb for one in polygonize(field)]


def test_nothing_appears_when_something_fails(tmp_path):
    field = field_of(blobs(30, 30))
    rasters = Rasters(tmp_path / "scores.tif", tmp_path / "masks")

    def stopped():
        with recording(rasters, [ROOFS], field.scene, 4) as recorder:
            next(iter(recorder.recorded(field).strips()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [one.name for one in tmp_path.rglob("*")] == ["masks"]


def test_places_are_refused_before_any_work(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.tif").write_text("precious")
    with pytest.raises(OutputError, match="not empty"):
        Rasters(masks=tmp_path / "full").check()
    Rasters(masks=tmp_path / "full", overwrite=True).check()
    with pytest.raises(OutputError, match="exists already"):
        Rasters(tmp_path / "full" / "mine.tif").check()
    with pytest.raises(OutputError, match="GeoTIFF"):
        Rasters(tmp_path / "scores.png").check()
    with pytest.raises(OutputError, match="does not exist"):
        Rasters(masks=tmp_path / "nowhere" / "masks").check()
    Rasters(tmp_path / "scores.tif", tmp_path / "masks").check()
    assert [one.name for one in tmp_path.iterdir()] == ["full"]
