"""`geoseg run`: what it asks of the pipeline, and what it says about the result."""

import json
import subprocess
import sys
from pathlib import Path

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
        "scenes": (),
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
        "max_area": None,
        "simplify": 0.25,
        "regularize": (),
        "fill_holes": 0.0,
        "pixel_edges": False,
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
        "give_up_after": 16,
        "partial": None,
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
    failed = tuple(
        FailedTile(0, i, (768 * i, 0, 1024, 1024), "not a number", "a.tif") for i in range(30)
    )
    pipeline.script = lambda listener: result(layer(1), failed=failed)
    assert main([*RUN, "-q"]) == 7
    said = capsys.readouterr().err
    assert "30 tiles could not be answered" in said
    assert "  a.tif, tile 3 (column 2304, row 0, 1024 × 1024 px): not a number\n" in said
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


class TestSeveralScenes:
    def test_named_one_by_one(self, pipeline):
        assert main([*RUN, "--scene", "b.tif", "--scene", "c.tif"]) == 0
        assert pipeline.request["scene"] == "scene.tif"
        assert pipeline.request["scenes"] == ("b.tif", "c.tif")
        assert pipeline.request["instructions"] == ("ponds",)

    @pytest.fixture
    def listed(self, tmp_path):
        path = tmp_path / "list.txt"
        path.write_bytes("a.tif\r\n\nmit Leerzeichen/größe.tif\n".encode("utf-8-sig"))
        return str(path)

    def test_in_a_list_all_words_are_instructions(self, pipeline, listed):
        line = ["run", "ponds", "lakes", "--scenes-from", listed, "--scene", "c.tif", "-o", "o.fgb"]
        assert main(line) == 0
        assert pipeline.request["scene"] == "a.tif"
        assert pipeline.request["scenes"] == ("mit Leerzeichen/größe.tif", "c.tif")
        assert pipeline.request["instructions"] == ("ponds", "lakes")
        assert "scenes_from" not in pipeline.request

    def test_on_standard_input(self, pipeline, listed, monkeypatch, capsys):
        line = ["run", "ponds", "--scenes-from", "-", "-o", "o.fgb"]
        with Path(listed).open(encoding="utf-8") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            assert main(line) == 0
        assert pipeline.request["scene"] == "a.tif"

    def test_standard_input_has_one_reader(self, listed):
        line = ["run", "ponds", "--scenes-from", "-", "-o", "o.fgb", "--progress", "jsonl"]
        with subprocess.Popen(
            [sys.executable, "-m", "geoseg", *line], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            *_, last = child.stdout
            assert "both want standard input" in json.loads(last)["message"]
            assert child.wait() == 2

    @pytest.mark.parametrize(
        ("content", "words"),
        [(None, "No such file"), (b"\n \n", "names no scene"), (b"\xff\xfe", "UTF-8")],
    )
    def test_bad_lists_are_refused(self, pipeline, tmp_path, capsys, content, words):
        path = tmp_path / "list.txt"
        if content is not None:
            path.write_bytes(content)
        assert main(["run", "ponds", "--scenes-from", str(path), "-o", "o.fgb"]) == 2
        assert words in capsys.readouterr().err
        assert pipeline.request == {}

    def test_in_a_request_file(self, pipeline, tmp_path, listed, capsys):
        body = {"scene": "a.tif", "scenes": ["b.tif"], "instructions": ["ponds"], "output": "o.fgb"}
        path = tmp_path / "request.json"
        path.write_text(json.dumps(body))
        assert main(["run", "--request", str(path)]) == 0
        assert pipeline.request["scenes"] == ("b.tif",)
        assert main(["run", "--request", str(path), "--scenes-from", listed]) == 2
        assert "say it in one place" in capsys.readouterr().err


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
