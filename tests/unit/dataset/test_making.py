"""Drawn shapes come back as masks, in the format that the loader of LaSeRS reads."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image

from geoseg.dataset import decode_rle
from geoseg.dataset.making import DatasetRequest, make_dataset
from geoseg.errors import InstructionError, OutputError, SceneError
from tests.conftest import NORTH_UP, DrawScene

HEIGHT, WIDTH = 200, 300
ROOFS = [(10, 20, 40, 30), (120, 30, 60, 60), (230, 150, 30, 30)]
PONDS = [(60, 120, 50, 40), (95, 60, 10, 10)]
"""Column, row, width and height in pixels of the scene."""


def on_ground(*spans: tuple[int, int, int, int]) -> list[Any]:
    return [
        shapely.box(*(NORTH_UP @ (col, row + height)), *(NORTH_UP @ (col + width, row)))
        for col, row, width, height in spans
    ]


def layer(path: Path, spans: list, crs: Any = 32632, **columns: Any) -> str:
    frame = geopandas.GeoDataFrame(columns, geometry=on_ground(*spans), crs=crs and 32632)
    (frame if crs in (None, 32632) else frame.to_crs(crs)).to_file(path)
    return str(path)


def drawn(spans: list) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for col, row, width, height in spans:
        mask[row : row + height, col : col + width] = True
    return mask


@pytest.fixture
def scene(draw_scene: DrawScene) -> str:
    pixels = np.random.default_rng(0).integers(1, 255, (3, HEIGHT, WIDTH), dtype=np.uint8)
    return str(draw_scene(pixels))


def records(out: Path, split: str) -> list[dict]:
    files = sorted((out / split / "annotations").glob("*.json"))
    unique = {r["id"]: r for file in files for r in json.loads(file.read_text("utf-8"))}
    return [unique[key] for key in sorted(unique)]


def put_together(out: Path, phrase: str) -> np.ndarray:
    """The masks of one phrase from all pictures, on the scene."""
    whole = np.zeros((HEIGHT, WIDTH), bool)
    for split in ("train", "test"):
        for record in records(out, split):
            col, row, width, height = record["window"]
            for name, rle in zip(record["category"], record["mask"], strict=True):
                if name == phrase:
                    whole[row : row + height, col : col + width] |= decode_rle(rle)
    return whole


@pytest.mark.parametrize("crs", [32632, 4326, 3857])
def test_masks_are_the_polygons(scene, tmp_path, crs):
    roofs = layer(tmp_path / "roofs.gpkg", ROOFS, crs)
    ponds = layer(tmp_path / "water.gpkg", PONDS, crs)
    out = tmp_path / "out"
    report = make_dataset(
        DatasetRequest(
            scene, (f"flat roofs={roofs}", f"ponds={ponds}"), str(out), window=100, test=0.34
        )
    )
    assert report.phrases == ("flat roofs", "ponds")
    for phrase, spans in {"flat roofs": ROOFS, "ponds": PONDS}.items():
        wrong = put_together(out, phrase) ^ drawn(spans)
        assert wrong.sum() <= (0 if crs == 32632 else 20)


def test_pictures_are_the_scene_and_splits_share_no_pixel(scene, tmp_path):
    out = tmp_path / "out"
    spans = [(col, row, 20, 20) for col in range(5, 300, 50) for row in range(5, 200, 50)]
    roofs = layer(tmp_path / "roofs.gpkg", spans)
    make_dataset(DatasetRequest(scene, (roofs,), str(out), window=64, test=0.3))
    with rasterio.open(scene) as source:
        pixels = source.read()
    seen = np.zeros((HEIGHT, WIDTH), int)
    columns = {"train": [], "test": []}
    for split in columns:
        for record in records(out, split):
            col, row, width, height = record["window"]
            place = slice(row, row + height), slice(col, col + width)
            seen[place] += 1
            picture = np.asarray(Image.open(out / split / "images" / record["image_name"]))
            assert np.array_equal(picture.transpose(2, 0, 1), pixels[:, *place])
            columns[split].append((col, row))
    assert seen.max() == 1
    assert columns["train"]
    assert columns["test"]


def test_the_loader_of_the_lab_reads_it(scene, tmp_path):
    loaders = pytest.importorskip("training.data.loaders")
    out = tmp_path / "out"
    sources = (layer(tmp_path / "roofs.gpkg", ROOFS), layer(tmp_path / "ponds.gpkg", PONDS))
    report = make_dataset(
        DatasetRequest(scene, sources, str(out), window=150, test=0.5, negatives=1.0, together=True)
    )
    train, test = loaders.load(out, "train"), loaders.load(out, "test")
    assert (len(train), len(test)) == (report.train_questions, report.test_questions)
    assert not [*train.problems(), *test.problems()]
    samples = [*train, *test]
    assert sum(len(sample.masks) for sample in samples) == report.masks
    assert {tag for sample in samples for tag in sample.tags} >= {"semantic", "multiple", "short"}
    several = next(sample for sample in samples if len(sample.masks) == 2)
    assert several.phrases == ("ponds", "roofs")
    none = next(sample for sample in samples if not sample.masks)
    assert none.answer == f"There are no {none.answer[13:-15]} in this image."


def test_names_and_sentences_from_columns(scene, tmp_path):
    things = layer(
        tmp_path / "things.gpkg",
        [*ROOFS, *PONDS],
        kind=["roofs"] * 3 + ["ponds"] * 2,
        said=[None, "The largest roof.", None, None, "The small pond by the roof."],
    )
    out = tmp_path / "out"
    make_dataset(DatasetRequest(scene, (things,), str(out), by="kind", test=0))
    assert {r["category"][0] for r in records(out, "train")} == {"roofs", "ponds"}
    out = tmp_path / "said"
    make_dataset(
        DatasetRequest(scene, (things,), str(out), by="kind", sentences_from="said", test=0)
    )
    said = {r["description"]: r for r in records(out, "train")}
    large = said["The largest roof."]
    assert decode_rle(large["mask"][0]).sum() == 60 * 60
    assert large["bbox"] == [[120, 30, 180, 90]]
    assert "instance" in large["tags"]
    # What no sentence asks for is still asked for by its name.
    plain = [r for r in said.values() if r["category"] == ["roofs"] and "semantic" in r["tags"]]
    assert decode_rle(plain[0]["mask"][0]).sum() == 40 * 30 + 30 * 30


def test_sentences_of_ones_own(scene, tmp_path):
    roofs = layer(tmp_path / "roofs.gpkg", ROOFS)
    request = DatasetRequest(
        scene, (roofs,), str(tmp_path / "out"), window=100, sentences=("Show me {phrase}!",), test=0
    )
    make_dataset(request)
    assert {r["description"] for r in records(tmp_path / "out", "train")} == {"Show me roofs!"}


def test_the_same_twice(scene, tmp_path):
    sources = (layer(tmp_path / "roofs.gpkg", ROOFS), layer(tmp_path / "ponds.gpkg", PONDS))
    for name in ("a", "b"):
        make_dataset(
            DatasetRequest(scene, sources, str(tmp_path / name), window=100, negatives=0.5, seed=4)
        )
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.json"))
    for file in files:
        if file.name != "dataset.json":
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_nodata_and_what_lies_outside_the_area_is_not_marked(draw_scene, tmp_path):
    pixels = np.full((3, HEIGHT, WIDTH), 90, np.uint8)
    pixels[:, :, 140:] = 0
    scene = str(draw_scene(pixels, nodata=0))
    roofs = layer(tmp_path / "roofs.gpkg", ROOFS)
    area = layer(tmp_path / "area.gpkg", [(30, 0, 270, 200)])
    out = tmp_path / "out"
    make_dataset(DatasetRequest(scene, (roofs,), str(out), aoi=area, test=0))
    want = drawn(ROOFS)
    want[:, :30] = want[:, 140:] = False
    assert np.array_equal(put_together(out, "roofs"), want)
    (record,) = records(out, "train")
    picture = np.asarray(Image.open(out / "train" / "images" / record["image_name"]))
    assert (picture[:, :30] == 128).all()


def test_a_rotated_scene(draw_scene, tmp_path):
    turned = NORTH_UP @ Affine.rotation(30)
    scene = str(draw_scene(np.full((3, 80, 80), 9, np.uint8), turned))
    corners = [turned @ corner for corner in ((10, 20), (50, 20), (50, 60), (10, 60))]
    frame = geopandas.GeoDataFrame(geometry=[shapely.Polygon(corners)], crs=32632)
    frame.to_file(tmp_path / "fields.gpkg")
    make_dataset(
        DatasetRequest(scene, (str(tmp_path / "fields.gpkg"),), str(tmp_path / "out"), test=0)
    )
    (record,) = records(tmp_path / "out", "train")
    want = np.zeros((80, 80), bool)
    want[20:60, 10:50] = True
    assert np.array_equal(decode_rle(record["mask"][0]), want)


def test_what_cannot_be_used(scene, tmp_path):
    roofs = layer(tmp_path / "roofs.gpkg", ROOFS)
    nowhere = layer(tmp_path / "n.gpkg", ROOFS, None)
    far = layer(tmp_path / "far.gpkg", [(9000, 9000, 5, 5)])
    out = str(tmp_path / "out")
    cases: list[tuple[type[Exception], str, dict]] = [
        (SceneError, "no coordinate reference system", {"layers": (nowhere,)}),
        (SceneError, "None of the 1 polygons", {"layers": (far,)}),
        (SceneError, "no vector file", {"layers": ("absent.gpkg",)}),
        (InstructionError, "No layer has a column 'kind'", {"by": "kind"}),
        (InstructionError, "asks for nothing", {"sentences": ("Look!",)}),
        (InstructionError, "show too little", {"window": 8}),
        (InstructionError, "share of negatives", {"negatives": 2.0}),
        (InstructionError, "for testing is 1", {"test": 1.0}),
        (InstructionError, "names its polygons nothing", {"layers": (f" ={roofs}",)}),
        (SceneError, "shows anything", {"min_pixels": 100_000}),
    ]
    for kind, said, change in cases:
        given: dict[str, Any] = {"scene": scene, "layers": (roofs,), "output": out, **change}
        with pytest.raises(kind, match=said):
            make_dataset(DatasetRequest(**given))
        assert not Path(out).exists()
        assert not Path(f"{out}.part").exists()


def test_nothing_is_replaced_unasked(scene, tmp_path):
    roofs = layer(tmp_path / "roofs.gpkg", ROOFS)
    request = DatasetRequest(scene, (roofs,), str(tmp_path / "out"))
    make_dataset(request)
    with pytest.raises(OutputError, match="--overwrite"):
        make_dataset(request)
    make_dataset(replace(request, overwrite=True))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="no data set"):
        make_dataset(replace(request, output=str(tmp_path / "mine"), overwrite=True))
    assert (tmp_path / "mine" / "thesis.txt").exists()
