"""`geoseg dataset` from the command line."""

import json

import geopandas
import numpy as np
import shapely

from geoseg.cli.main import main
from tests.conftest import NORTH_UP


def test_a_folder_is_written(draw_scene, tmp_path, capsys):
    scene = str(draw_scene(np.full((3, 64, 64), 9, np.uint8)))
    box = shapely.box(*(NORTH_UP @ (10, 40)), *(NORTH_UP @ (30, 20)))
    geopandas.GeoDataFrame(geometry=[box], crs=32632).to_file(tmp_path / "ponds.gpkg")
    out = tmp_path / "out"
    command = ["dataset", scene, str(tmp_path / "ponds.gpkg"), "-o", str(out), "--json"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["train_questions"], told["masks"], told["phrases"]) == (1, 1, ["ponds"])
    assert (out / "train" / "annotations" / "train_data.json").is_file()
    assert json.loads((out / "dataset.json").read_text("utf-8"))["made_with"]["window"] == 1024
    assert main(command) == 6
    assert main([*command[:-1], "--overwrite"]) == 0
    assert "1 questions on 1 pictures" in capsys.readouterr().err
