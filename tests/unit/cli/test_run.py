"""`geoseg run`: what it asks of the pipeline, and what it says about the result."""

import json

import pytest

from geoseg.cli.main import main
from geoseg.events import FailedTile, Log
from tests.unit.cli.conftest import layer, result

RUN = ["run", "scene.tif", "ponds", "-o", "out.gpkg"]


def test_defaults(pipeline):
    assert main(RUN) == 0
    assert pipeline.request == {
        "scene": "scene.tif",
        "instructions": ("ponds",),
        "output": "out.gpkg",
        "checkpoint": "nano",
        "device": "auto",
        "quantize": "none",
        "overlap": 256,
        "fuse": "found",
        "bounds": None,
        "bounds_crs": None,
        "aoi": None,
        "bidx": None,
        "stretch": "auto",
        "threshold": 0.5,
        "min_agreement": 0.0,
        "min_area": 0.0,
        "dst_crs": None,
        "assume_crs": None,
        "nodata": None,
        "gsd": None,
        "shard": None,
        "driver": None,
        "scores": None,
        "masks": None,
        "layer_per_target": False,
        "ledger": None,
        "resume": True,
        "overwrite": False,
    }


def test_options_arrive(pipeline):
    line = [
        *RUN,
        *[
            "--bounds",
            "-1.5",
            "2",
            "3",
            "4",
            "-b",
            "4,3",
            "-b",
            "2",
            "--no-resume",
            "--min-area",
            "4",
            "--fuse",
            "core",
        ],
    ]
    assert main(line) == 0
    assert pipeline.request["bounds"] == (-1.5, 2.0, 3.0, 4.0)
    assert pipeline.request["bidx"] == (4, 3, 2)
    assert pipeline.request["resume"] is False
    assert pipeline.request["min_area"] == 4.0
    assert pipeline.request["fuse"] == "core"


def test_nothing_found_is_a_good_result(pipeline, capsys):
    assert main(RUN) == 0
    streams = capsys.readouterr()
    assert "nothing found for 'ice rinks'" in streams.err
    assert "12 tiles" in streams.err
    assert streams.out == ""


def test_polygons_are_counted(pipeline, capsys):
    def script(listener):
        listener(Log("info", "cpu, 12 tiles, about 3 min"))
        listener(layer(41))
        return result(layer(41), warnings=("the scene is upside down",))

    pipeline.script = script
    assert main(RUN) == 0
    said = capsys.readouterr().err
    assert "about 3 min" in said
    assert "41 polygons" in said
    assert "nothing found" not in said
    assert "Warning: the scene is upside down" in said


def test_quiet_says_only_what_went_wrong(pipeline, capsys):
    assert main([*RUN, "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_failed_tiles_are_listed(pipeline, capsys):
    failed = tuple(FailedTile(0, i, (768 * i, 0, 1024, 1024), "not a number") for i in range(30))
    pipeline.script = lambda listener: result(layer(1), failed=failed)
    assert main([*RUN, "-q"]) == 7
    said = capsys.readouterr().err
    assert "30 tiles could not be answered" in said
    assert "tile 3 (column 2304, row 0, 1024 × 1024 px): not a number" in said
    assert "10 more" in said


def test_forgotten_instruction(pipeline, capsys):
    assert main(["run", "scene.tif", "-o", "o.gpkg"]) == 2
    assert 'scene.tif "safe open areas"' in capsys.readouterr().err
    assert pipeline.request == {}


@pytest.mark.parametrize("line", [["run"], ["run", "scene.tif", "ponds"]])
def test_what_is_missing_is_said(pipeline, capsys, line):
    assert main(line) == 2
    said = capsys.readouterr().err
    assert "Which scene?" in said or "-o OUT.gpkg" in said


BODY = {
    "scene": "scene.tif",
    "instructions": ["ponds", "die Häuser"],
    "output": "out.gpkg",
    "bounds": [1, 2, 3, 4],
    "bidx": [4, 3, 2],
    "threshold": 0.4,
    "resume": False,
    "aoi": None,
    "quiet": True,
}


class TestRequestFile:
    @pytest.fixture
    def request_file(self, tmp_path):
        def write(body):
            file = tmp_path / "request.json"
            file.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
            return str(file)

        return write

    def test_all_arguments_in_a_file(self, pipeline, request_file, capsys):
        assert main(["run", "--request", request_file(BODY)]) == 0
        assert pipeline.request["instructions"] == ("ponds", "die Häuser")
        assert pipeline.request["bounds"] == (1.0, 2.0, 3.0, 4.0)
        assert pipeline.request["bidx"] == (4, 3, 2)
        assert pipeline.request["threshold"] == 0.4
        assert pipeline.request["resume"] is False
        assert pipeline.request["overlap"] == 256
        assert capsys.readouterr().err == ""

    def test_the_command_line_fills_in_and_may_repeat(self, pipeline, request_file):
        line = [
            "run",
            "--request",
            request_file(BODY),
            "--overlap",
            "128",
            "--threshold",
            ".4",
        ]
        assert main(line) == 0
        assert pipeline.request["overlap"] == 128

    @pytest.mark.parametrize(
        "more", [["--threshold", "0.3"], ["other.tif"], ["scene.tif", "lakes"], ["--resume"]]
    )
    def test_contradictions_are_refused(self, pipeline, request_file, capsys, more):
        assert main(["run", "--request", request_file(BODY), *more]) == 2
        assert "one place" in capsys.readouterr().err
        assert pipeline.request == {}

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            ("{", "not JSON"),
            ("[]", "one JSON object"),
            ({"scene": "a", "sene": "b"}, "unknown key 'sene'"),
            ({"threshold": "high"}, "threshold"),
            ({"threshold": True}, "threshold"),
            ({"resume": "no"}, "true or false"),
            ({"scene": ["a.tif"]}, "single value"),
            ({"fuse": "mix"}, "fuse"),
            ({"request": "again.json"}, "unknown key"),
        ],
    )
    def test_bad_files_are_refused(self, pipeline, request_file, capsys, body, word):
        assert main(["run", "--request", request_file(body)]) == 2
        assert word in capsys.readouterr().err

    def test_a_missing_file_is_refused(self, pipeline, capsys, tmp_path):
        assert main(["run", "--request", str(tmp_path / "none.json")]) == 2
        assert "No such file" in capsys.readouterr().err
