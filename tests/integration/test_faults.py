"""What goes wrong on other people's machines: docs/reliability.md, row by row."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine

import geoseg
from geoseg.cli.main import main
from geoseg.dialogue import Target, TargetAnswer, TileAnswer
from geoseg.engines.color import ColorEngine
from geoseg.errors import EngineError, OutputError
from geoseg.events import Progress
from geoseg.ledger import read_ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scene(draw_scene) -> Path:
    """16 tiles with a red bar and answers that take room: the rest has a touch of red."""
    pixels = np.full((3, 256, 12_000), 90, np.uint8)
    pixels[0] += np.random.default_rng(3).integers(24, 46, (256, 12_000), np.uint8)
    pixels[0, 20:24] = 250
    pixels[0, 60:62, ::64] = pixels[0, 61:63, 1::64] = 250
    return draw_scene(pixels)


def request(scene: Path, folder: Path, *instructions: str, **options) -> geoseg.Request:
    words = instructions or ("red",)
    return geoseg.Request(scene, words, folder / "out.gpkg", checkpoint="color", **options)


def rows(path: Path, layer: str = "01_red") -> list[tuple]:
    return [(*row[:-1], row[-1].wkb) for row in gpd.read_file(path, layer=layer).itertuples()]


def in_python(code: str, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own; `main` runs a command line."""
    head = "import sys; from geoseg.cli.main import main; words = sys.argv[1:]\n"
    return subprocess.run(
        [sys.executable, "-c", head + code, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


FILES_UP_TO = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(words[0]), resource.RLIM_INFINITY))
sys.exit(main(words[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
class TestFullDisk:
    def test_while_the_ledger_is_written(self, scene, tmp_path):
        line = ["run", scene, "red", "-o", tmp_path / "out.gpkg", "--checkpoint", "color"]
        done = in_python(FILES_UP_TO, 300_000, *line)
        assert done.returncode == 6, done.stderr
        assert "no space left on the disk of the ledger" in done.stderr
        assert "Make room and run the same command again" in done.stderr
        assert not (tmp_path / "out.gpkg").exists()
        with read_ledger(tmp_path / "out.gpkg.ledger") as (ledger,):
            kept = len(ledger.states(geoseg.Instruction("red")))
        assert 0 < kept < 16
        heard = []
        geoseg.run(request(scene, tmp_path), heard.append)
        assert next(event.done for event in heard if isinstance(event, Progress)) == kept
        geoseg.run(request(scene, tmp_path, ledger=tmp_path / "b.ledger", overwrite=True))

    def test_while_the_output_is_written(self, scene, tmp_path):
        geoseg.run(request(scene, tmp_path))
        ledger, out = tmp_path / "out.gpkg.ledger", tmp_path / "again.gpkg"
        done = in_python(FILES_UP_TO, 60_000, "refine", ledger, "-o", out)
        assert done.returncode == 6, done.stderr
        assert "again.gpkg" in done.stderr
        left = sorted(file.name for file in tmp_path.iterdir())
        assert left == ["out.gpkg", "out.gpkg.ledger", "scene.tif"]
        assert main(["refine", str(ledger), "-o", str(out)]) == 0
        assert rows(out) == rows(tmp_path / "out.gpkg")


def after(count: int, act):
    """A listener that does something when so many tiles are committed."""
    acted = []

    def listen(event):
        if isinstance(event, Progress) and event.done >= count and not acted:
            acted.append(act())

    return listen


class TestVanishedFolder:
    def test_with_the_ledger_in_it(self, scene, tmp_path):
        (folder := tmp_path / "out").mkdir()
        with pytest.raises(OutputError, match="was deleted or moved while the run"):
            geoseg.run(request(scene, folder), after(8, lambda: shutil.rmtree(folder)))

    def test_with_the_ledger_elsewhere(self, scene, tmp_path):
        (folder := tmp_path / "out").mkdir()
        order = request(scene, folder, ledger=tmp_path / "kept.ledger")
        with pytest.raises(OutputError, match=r"out\.gpkg cannot be written"):
            geoseg.run(order, after(8, lambda: shutil.rmtree(folder)))
        folder.mkdir()
        heard = []
        geoseg.run(order, heard.append)
        assert next(event.done for event in heard if isinstance(event, Progress)) == 16


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_damaged_ledger_ends_in_an_error_or_is_not_missed(scene, tmp_path, share):
    geoseg.run(request(scene, tmp_path))
    ledger = tmp_path / "out.gpkg.ledger"
    whole = ledger.read_bytes()
    begin = int(len(whole) * share)
    ledger.write_bytes(whole[:begin] + random.Random(1).randbytes(4096) + whole[begin + 4096 :])
    out = str(tmp_path / "again.gpkg")
    assert main(["refine", str(ledger), "-o", out]) in (0, 6)
    ledger.write_bytes(whole[:begin])
    assert main(["refine", str(ledger), "-o", out, "--overwrite"]) in (0, 6)


def test_a_clock_that_goes_back_changes_nothing(scene, tmp_path, monkeypatch):
    geoseg.run(request(scene, tmp_path))
    straight = rows(tmp_path / "out.gpkg")
    now = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    os.utime(scene, (0, 0))
    os.utime(tmp_path / "out.gpkg.ledger", (2e9, 2e9))
    geoseg.run(request(scene, tmp_path, overwrite=True))
    assert rows(tmp_path / "out.gpkg") == straight
    record = gpd.read_file(tmp_path / "out.gpkg", layer="runs")
    assert record.tiles_asked[0] == 0
    assert record.seconds[0] >= 0


@pytest.fixture(scope="module")
def comma_locale(tmp_path_factory) -> dict[str, str]:
    """Variables of a locale in which 0.5 is written 0,5, built where the system has none."""
    folder = tmp_path_factory.mktemp("locales")
    build = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    try:
        subprocess.run(build, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no locale with decimal commas: {error}")
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}


IN_ITS_LOCALE = """
import locale
locale.setlocale(locale.LC_ALL, "")
assert locale.localeconv()["decimal_point"] == ","
sys.exit(main(words))
"""


@pytest.mark.parametrize("name", ["out.gpkg", "out.geojson"])
def test_decimal_commas(scene, tmp_path, comma_locale, name):
    results = []
    for code, environment in (("sys.exit(main(words))", {}), (IN_ITS_LOCALE, comma_locale)):
        out = tmp_path / name
        line = ["run", scene, "red", "-o", out, "--checkpoint", "color", "--min-area", "4.5m2"]
        more = ["--stretch", "0.5,255", "--no-resume", "--overwrite"]
        done = in_python(code, *line, *more, **environment)
        assert done.returncode == 0, done.stderr
        results.append(rows(out, "01_red" if name.endswith("gpkg") else "out"))
    assert results[0] == results[1]
    assert results[0]


def test_names_that_are_hard_to_write(scene, tmp_path):
    folder = tmp_path / "Länd ☀ #1?%20 'q'"
    folder.mkdir()
    moved = scene.rename(folder / "sçene (1).tif")
    geoseg.run(request(moved, folder))
    ledger, out = folder / "out.gpkg.ledger", folder / "wieder.gpkg"
    assert main(["refine", str(ledger), "-o", str(out)]) == 0
    assert rows(out) == rows(folder / "out.gpkg")
    assert set(gpd.read_file(out, layer="01_red").source) == {"sçene (1).tif"}
    assert main(["merge", str(ledger), str(ledger), "-o", str(folder / "ü.ledger")]) == 2


class Mortal(ColorEngine):
    """Dies when it has answered so many questions."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def answer(self, questions):
        for number, answer in enumerate(super().answer(questions)):
            if number == self.answers:
                raise EngineError("The device fell off the bus.")
            yield answer


def test_an_engine_that_dies(scene, tmp_path, monkeypatch, capsys):
    line = ["run", str(scene), "red", "-o", str(tmp_path / "out.gpkg"), "--checkpoint", "color"]
    with monkeypatch.context() as patch:
        patch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Mortal(10))
        assert main(line) == EngineError.exit_status == 5
    assert "fell off the bus" in capsys.readouterr().err
    assert not (tmp_path / "out.gpkg").exists()
    heard = []
    geoseg.run(request(scene, tmp_path), heard.append)
    assert next(event.done for event in heard if isinstance(event, Progress)) >= 8
    (straight := tmp_path / "straight").mkdir()
    geoseg.run(request(scene, straight))
    assert rows(tmp_path / "out.gpkg") == rows(straight / "out.gpkg")


class Lost(ColorEngine):
    """Fails on every question after so many, as a device does that is lost."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.asked = 0

    def answer(self, questions):
        for instruction, answer in super().answer(questions):
            self.asked += 1
            if self.asked > self.answers:
                answer = TileAnswer(answer.tile, "CUDA error: device lost.", "failed")
            yield instruction, answer


class TestAnEngineThatFailsOnAndOn:
    def test_is_not_asked_on_and_the_run_goes_on_later(self, scene, tmp_path, monkeypatch, capsys):
        line = ["run", str(scene), "red", "-o", str(tmp_path / "out.gpkg"), "--checkpoint", "color"]
        engine = Lost(4)
        with monkeypatch.context() as patch:
            patch.setattr("geoseg.pipeline.running.open_engine", lambda spec: engine)
            assert main([*line, "--give-up-after", "4"]) == EngineError.exit_status == 5
        assert engine.asked == 8  # the batch in which it was noticed
        said = capsys.readouterr().err
        assert "failed on 4 windows in a row" in said
        assert "The last time: CUDA error: device lost." in said
        assert not (tmp_path / "out.gpkg").exists()
        with read_ledger(tmp_path / "out.gpkg.ledger") as (ledger,):
            states = list(ledger.states(geoseg.Instruction("red")).values())
        assert sorted(states) == ["done"] * 4 + ["failed"] * 4
        geoseg.run(request(scene, tmp_path))
        (straight := tmp_path / "straight").mkdir()
        geoseg.run(request(scene, straight))
        assert rows(tmp_path / "out.gpkg") == rows(straight / "out.gpkg")

    @pytest.mark.parametrize("limit", [0, 12])
    def test_is_borne_when_asked_to_or_when_nothing_is_left(
        self, scene, tmp_path, monkeypatch, limit
    ):
        monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Lost(4))
        result = geoseg.run(request(scene, tmp_path, give_up_after=limit))
        assert len(result.failed) == 12

    def test_a_window_answered_in_between_is_a_sign_of_life(self, scene, tmp_path, monkeypatch):
        class Moody(Lost):
            def answer(self, questions):
                for instruction, answer in ColorEngine.answer(self, questions):
                    self.asked += 1
                    if self.asked % 3:
                        answer = TileAnswer(answer.tile, "NaN", "failed")
                    yield instruction, answer

        monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Moody(0))
        assert len(geoseg.run(request(scene, tmp_path, give_up_after=3)).failed) == 11


METRES_OF_A_DEGREE = 111_320


@pytest.mark.parametrize(
    ("crs", "transform", "area"),
    [
        ("EPSG:4326", Affine(1e-6, 0, 7, 0, -1e-6, 0), (40e-6 * METRES_OF_A_DEGREE) ** 2),
        ("EPSG:32632", Affine(1e-6, 0, 5e5, 0, -1e-6, 5.2e6), (40e-6) ** 2),
        ("EPSG:6933", Affine(1e5, 0, -1.7e7, 0, -1e5, 7e6), 4e6**2),
        ("EPSG:3413", Affine(10, 0, -400, 0, -10, 400), (400 / 0.9698) ** 2),  # over the pole
        ("EPSG:4326", Affine(1e-4, 0, 179.996, 0, -1e-4, 0), (40e-4 * METRES_OF_A_DEGREE) ** 2),
    ],
    ids=["micro-degrees", "micrometres", "hundred kilometres", "pole", "antimeridian"],
)
def test_places_and_pixels_of_any_size(draw_scene, tmp_path, crs, transform, area):
    pixels = np.full((3, 80, 80), 90, np.uint8)
    pixels[0, 20:60, 20:60] = 250
    folder = tmp_path / "out"
    folder.mkdir()
    scene = draw_scene(pixels, transform=transform, crs=crs)
    geoseg.run(request(scene, folder))
    (polygon,) = gpd.read_file(folder / "out.gpkg", layer="01_red").itertuples()
    assert polygon.area_m2 == pytest.approx(area, rel=0.03)
    assert polygon.geometry.is_valid
    assert main(["refine", str(folder / "out.gpkg.ledger"), "-o", str(folder / "a.geojson")]) == 0
    west, south, east, north = gpd.read_file(folder / "a.geojson").total_bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


def test_an_instruction_of_two_thousand_characters(scene, tmp_path):
    long = ("everything red, " * 125)[:2000]
    result = geoseg.run(request(scene, tmp_path, long))
    (layer,) = result.layers
    assert len(layer.table) <= 48
    found = gpd.read_file(tmp_path / "out.gpkg", layer=layer.table)
    assert set(found.instruction) == {long}
    again = geoseg.refine(tmp_path / "out.gpkg.ledger", long)
    assert len(again) == len(found) == layer.features


class Eloquent(ColorEngine):
    """Finds many different things in one tile."""

    def __init__(self, things: int) -> None:
        self.things = things

    def answer(self, questions):
        for question in questions:
            tile = question.chip.tile
            found = []
            for number in range(self.things):
                logits = np.full((16, 16), -8, np.float16)
                logits[number % 15 : number % 15 + 2, number % 14 : number % 14 + 2] = 4
                found.append(TargetAnswer(Target(f"thing {number}"), 0.5, logits))
            yield question.instructions[0], TileAnswer(tile, "Many.", "length", tuple(found))


@pytest.mark.parametrize("things", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_hundreds_and_thousands_of_targets(draw_scene, tmp_path, monkeypatch, capsys, things):
    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Eloquent(things))
    scene = draw_scene(np.full((3, 64, 64), 90, np.uint8))
    result = geoseg.run(request(scene, tmp_path, "all things"))
    (layer,) = result.layers
    assert layer.features == things
    assert len(layer.categories) == things
    assert "cut off at the token limit" in result.warnings[0]
    names = gpd.read_file(tmp_path / "out.gpkg", layer=layer.table).target
    assert names.tolist() == [f"thing {number}" for number in range(things)]
    assert main(["show", str(tmp_path / "out.gpkg.ledger"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["instructions"][0]["targets"]) == things
