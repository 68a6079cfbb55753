"""Scenes on a web server: what is asked of it, and what happens when it fails."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from geoseg.errors import SceneError
from geoseg.scene import choose_rendering, open_scene, read_chips, workers
from geoseg.scene import environment as environment_module
from geoseg.scene.chips import Chip, Unreadable
from geoseg.scene.environment import gdal_environment, is_remote
from geoseg.scene.remote import refusal
from geoseg.tiling import plan_tiles

NOISE = np.random.default_rng(4).integers(0, 255, (3, 1500, 1500), np.uint8)


class Server:
    """The process that serves NOISE."""

    def __init__(self, file: Path) -> None:
        script = Path(__file__).with_name("flaky_server.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(file)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.size = file.stat().st_size

    def control(self, **state: str) -> dict[str, int]:
        """Set the server's state; what it sent since the last call."""
        with urlopen(f"{self.root}/control?{urlencode(state)}") as answer:
            return json.load(answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    hurried = {"GDAL_HTTP_MAX_RETRY": "0", "GDAL_HTTP_LOW_SPEED_TIME": "1"}
    monkeypatch.setattr(environment_module, "_REMOTE", environment_module._REMOTE | hurried)
    monkeypatch.setattr(workers, "_WAITS_REMOTE", (0.05,))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "scene.tif"
    place = {"crs": "EPSG:32632", "transform": Affine(0.5, 0, 5e5, 0, -0.5, 5.2e6)}
    layout = {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "pixel"}
    size = {"height": 1500, "width": 1500, "count": 3, "dtype": "uint8"}
    packed = {"compress": "deflate", "zlevel": 1}
    with rasterio.open(path, "w", driver="GTiff", **place, **layout, **size, **packed) as sink:
        sink.write(NOISE)
    serving = Server(path)
    yield serving
    serving.process.kill()
    serving.process.communicate()


@pytest.fixture
def server(process: Server) -> Server:
    process.control(**{"fault": "", "left": "", "ETag": '"v1"', "Last-Modified": ""})
    return process


NUMBERS = itertools.count()


def address(server: Server) -> str:
    """A new one for each scene: GDAL remembers what it fetched from an old one."""
    return f"{server.root}/{next(NUMBERS)}/scene.tif"


TILES = plan_tiles(1500, 1500, window=256, overlap=64)


def read(scene, tiles=TILES) -> list[Chip | Unreadable]:
    return list(read_chips(scene, tiles, choose_rendering(scene, None, "none")))


def test_an_area_costs_its_blocks_and_not_the_file(server: Server) -> None:
    scene = open_scene(address(server))
    assert scene.name == "scene"
    assert server.control()["sent"] < server.size / 10
    (chip,) = read(scene, TILES[8:9])
    place = chip.tile.window
    np.testing.assert_array_equal(
        chip.rgb, NOISE[:, place.row_off : place.row_end, place.col_off : place.col_end]
    )
    # A cell is 512 px a side: at most four of the nine that the scene has.
    assert server.control()["sent"] < server.size / 2


def test_all_of_it_is_fetched_once(server: Server) -> None:
    seen = read(open_scene(address(server)))
    assert all(isinstance(chip, Chip) for chip in seen)
    counts = server.control()
    assert counts["sent"] < 1.3 * server.size
    assert counts["requests"] < 200


def test_the_servers_word_is_its_fingerprint(server: Server) -> None:
    first = open_scene(address(server)).fingerprint
    assert open_scene(address(server) + "?token=2").fingerprint == first
    server.control(ETag='"v2"')
    assert open_scene(address(server)).fingerprint != first
    server.control(**{"ETag": "", "Last-Modified": "Tue, 01 Sep 2026 10:00:00 GMT"})
    dated = open_scene(address(server)).fingerprint
    server.control(**{"Last-Modified": ""})
    sampled = open_scene(address(server)).fingerprint
    assert len({first, dated, sampled}) == 3
    assert open_scene(address(server)).fingerprint == sampled


def test_a_fault_that_passes_is_not_noticed(server: Server) -> None:
    scene = open_scene(address(server))
    server.control(fault="500", left="2")
    assert all(isinstance(chip, Chip) for chip in read(scene))


@pytest.mark.parametrize("fault", ["500", "short", "silence"])
def test_a_server_that_fails_ends_the_run_and_does_not_hang(
    server: Server, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "silence":
        monkeypatch.setitem(environment_module._REMOTE, "GDAL_HTTP_TIMEOUT", "0.4")
    scene = open_scene(address(server))
    near = [tile for tile in TILES if tile.window.col_end <= 512 and tile.window.row_end <= 512]
    chips = read_chips(scene, near, choose_rendering(scene, None, "none"))
    server.control(fault=fault)
    began = time.monotonic()
    for _ in range(3):
        assert isinstance(next(chips), Unreadable)
    with pytest.raises(SceneError, match="does not answer any more: 4 windows in a row"):
        next(chips)
    assert time.monotonic() - began < 20


def test_a_server_that_comes_back_costs_only_some_tiles(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_WAITS_REMOTE", ())
    scene = open_scene(address(server))
    server.control(fault="500", left="8")
    seen = read(scene)
    assert len(seen) == len(TILES)
    failed = [chip for chip in seen if isinstance(chip, Unreadable)]
    assert len(failed) < len(TILES) / 2


def test_a_missing_file_and_a_missing_server(server: Server) -> None:
    with pytest.raises(SceneError, match=r"is not there: HTTP response code: 404\. Check the ad"):
        open_scene(address(server).replace("scene", "other"))
    with pytest.raises(SceneError, match=r"cannot be reached: .* Check the address"):
        open_scene("http://127.0.0.1:1/scene.tif")


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("CURL error: Could not resolve host: nowhere.invalid", "cannot be reached"),
        ("CURL error: Failed to connect to 127.0.0.1 port 404", "cannot be reached"),
        ("HTTP response code: 403", "is kept from those who show no key"),
        ("AWS_SECRET_ACCESS_KEY and AWS_NO_SIGN_REQUEST are not set", "is kept from those"),
        ("HTTP response code: 503", "is not given out by its server at the moment"),
        ("'/vsicurl/http://connect/a' not recognized as being supported", "asks to log in"),
    ],
)
def test_what_a_refusal_means(reason: str, meaning: str) -> None:
    error = refusal("http://example.org/a.tif", reason)
    assert meaning in str(error)
    assert reason in str(error)
    assert error.code == "image_unreadable"


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("https://example.org/a.tif", True),
        ("s3://bucket/a.tif", True),
        ("/vsicurl/https://example.org/a.tif", True),
        ("/vsizip//vsicurl/https://example.org/a.zip/a.tif", True),
        ("/vsis3/bucket/a.tif", True),
        ("/vsizip/a.zip/a.tif", False),
        ("a.tif", False),
        (r"C:\data\a.tif", False),
    ],
)
def test_what_is_remote(path: str, remote: bool) -> None:
    assert is_remote(path) == remote


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    from rasterio._env import get_gdal_config

    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "7")
    with gdal_environment("https://example.org/a.tif"):
        assert str(get_gdal_config("GDAL_HTTP_MAX_RETRY")) == "7"
        assert str(get_gdal_config("GDAL_HTTP_CONNECTTIMEOUT")) == "10"
    with gdal_environment(str(Path("a.tif"))):
        assert get_gdal_config("GDAL_HTTP_CONNECTTIMEOUT") is None
