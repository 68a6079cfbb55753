"""Each block is decoded once, whatever windows ask; memory stays within its bound."""

import sys
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geoseg.errors import SceneError
from geoseg.grid import Window
from geoseg.scene import cells, choose_rendering, open_scene, read_chips, workers
from geoseg.scene.chips import Chip, Unreadable
from geoseg.scene.reading import Reader
from geoseg.tiling import plan_tiles
from tests.conftest import DrawScene

NOISE = np.random.default_rng(3).integers(1, 255, (3, 700, 900), np.uint8)

LAYOUTS = {
    "strips": {"blockysize": 8},
    "one strip": {"blockysize": 700},
    "tiles": {"tiled": True, "blockxsize": 64, "blockysize": 32},
    "tiles by band": {"tiled": True, "blockxsize": 64, "blockysize": 64, "interleave": "band"},
    "large tiles": {"tiled": True, "blockxsize": 512, "blockysize": 512},
}


@pytest.fixture(params=LAYOUTS)
def scene(request: pytest.FixtureRequest, draw_scene: DrawScene):
    return open_scene(draw_scene(NOISE, compress="deflate", zlevel=1, **LAYOUTS[request.param]))


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """The windows that handles are asked for, from here on."""
    asked: list[Window] = []
    read = Reader.read

    def counted(reader, window, into=None):
        asked.append(window)
        return read(reader, window, into)

    monkeypatch.setattr(Reader, "read", counted)
    return asked


def blocks_of(scene, windows: list[Window]) -> Counter:
    """How often each block of the file was asked for."""
    rows, cols = scene.block
    return Counter(
        (row, col)
        for window in windows
        for row in range(window.row_off // rows, -(-window.row_end // rows))
        for col in range(window.col_off // cols, -(-window.col_end // cols))
    )


def check(scene, tiles) -> None:
    rendering = choose_rendering(scene, None, "none")
    seen = []
    for chip in read_chips(scene, tiles, rendering):
        place = chip.tile.window
        seen.append(chip.tile)
        np.testing.assert_array_equal(
            chip.rgb, NOISE[:, place.row_off : place.row_end, place.col_off : place.col_end]
        )
    assert sorted(seen, key=lambda tile: tile.index) == sorted(tiles, key=lambda tile: tile.index)


def test_each_block_is_asked_for_once(scene, windows: list[Window]) -> None:
    check(scene, plan_tiles(700, 900, window=128, overlap=48))
    counts = blocks_of(scene, windows)
    rows, cols = scene.block
    assert len(counts) == -(-700 // rows) * -(-900 // cols)
    assert set(counts.values()) == {1}


def test_each_block_is_asked_for_once_when_some_tiles_are_done(scene, windows) -> None:
    tiles = plan_tiles(700, 900, window=128, overlap=48)
    left_out = np.random.default_rng(5).random(len(tiles)) < 0.6
    check(scene, [tile for tile, out in zip(tiles, left_out, strict=True) if not out])
    assert set(blocks_of(scene, windows).values()) == {1}


@pytest.mark.parametrize("bound", [1, 40_000, 150_000])
def test_a_scene_too_wide_is_read_in_stripes(
    scene, windows: list[Window], monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    monkeypatch.setattr(cells, "HELD_BYTES", bound)
    monkeypatch.setattr(cells, "HELD_BYTES_STRIPS", bound)
    monkeypatch.setattr(cells, "_SIDE", 64)
    tiles = plan_tiles(700, 900, window=128, overlap=48)
    stripes = cells.stripes(scene, 3, tiles)
    if bound == 1:
        assert len(stripes) == len({tile.window.col_off for tile in tiles})
    check(scene, tiles)


def test_stripes_of_the_shipped_size_decode_at_most_a_twentieth_again(draw_scene) -> None:
    path = draw_scene(NOISE, tiled=True, blockxsize=512, blockysize=512)
    scene = open_scene(path)
    wide = 100_000
    object.__setattr__(
        scene, "grid", type(scene.grid)(scene.grid.crs, scene.grid.transform, 5000, wide)
    )
    object.__setattr__(scene, "native", scene.grid)
    tiles = plan_tiles(5000, wide)
    counts: Counter = Counter()
    for stripe in cells.stripes(scene, 3, tiles):
        lattice = cells.lattice(scene, stripe)
        counts.update({cell for tile in stripe for cell in lattice.over(tile.window)})
    assert len(counts) == 10 * -(-wide // 512)
    assert counts.total() <= 1.05 * len(counts)


def test_held_pixels_stay_near_the_bound(draw_scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_SIDE", 64)
    monkeypatch.setattr(cells, "HELD_BYTES", 200_000)
    scene = open_scene(draw_scene(NOISE, tiled=True, blockxsize=64, blockysize=64))
    living: weakref.WeakSet = weakref.WeakSet()
    most = 0
    submit = workers.Workers.submit

    def watched(threads, window):
        nonlocal most
        future = submit(threads, window)
        living.add(future)
        most = max(most, len(living))
        return future

    monkeypatch.setattr(workers.Workers, "submit", watched)
    check(scene, plan_tiles(700, 900, window=128, overlap=48))
    # Beside what waits for the next row there are the windows in work and those ahead.
    assert most * 64 * 64 * 3 <= 200_000 + 4 * 192 * 192 * 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads the system's count of bytes")
@pytest.mark.parametrize("layout", ["strips", "tiles"])
def test_the_file_is_read_once(draw_scene: DrawScene, layout: str) -> None:
    path = draw_scene(NOISE, compress="deflate", zlevel=1, **LAYOUTS[layout])
    scene = open_scene(path)
    rendering = choose_rendering(scene, None, "none")
    tiles = plan_tiles(700, 900, window=128, overlap=48)
    before = bytes_read()
    for _ in read_chips(scene, tiles, rendering):
        pass
    # Each thread reads the header for itself.
    assert bytes_read() - before <= 1.05 * path.stat().st_size + workers._THREADS * 40_000


def bytes_read() -> int:
    """Bytes this process has read from files, from the page cache or not."""
    line = Path("/proc/self/io").read_text().splitlines()[0]
    return int(line.removeprefix("rchar: "))


class TestFaults:
    """A block that cannot be decoded costs the tiles over it and no other."""

    @pytest.fixture
    def holed(self, draw_scene: DrawScene) -> Path:
        layout = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}
        path = draw_scene(NOISE[:1, :400, :400], **layout)
        data = bytearray(path.read_bytes())
        with rasterio.open(path) as source:
            start = int(source.get_tag_item("BLOCK_OFFSET_3_5", "TIFF", bidx=1))
        data[start : start + 40] = b"\xff" * 40
        path.write_bytes(bytes(data))
        return path

    def test_only_the_tiles_over_it_fail(self, holed: Path) -> None:
        scene = open_scene(holed)
        tiles = plan_tiles(400, 400, window=64, overlap=16)
        block = Window(3 * 16, 5 * 16, 16, 16)
        bad = {tile for tile in tiles if tile.window.intersection(block)}
        seen = list(read_chips(scene, tiles, choose_rendering(scene, None, "auto")))
        failed = [chip for chip in seen if isinstance(chip, Unreadable)]
        assert {chip.tile for chip in failed} == bad
        assert len(seen) == len(tiles)
        for chip in failed:
            assert "columns 48 to 63, rows 80 to 95" in chip.reason
        for chip in seen:
            if isinstance(chip, Chip):
                place = chip.tile.window
                np.testing.assert_array_equal(
                    chip.rgb[0],
                    NOISE[0, place.row_off : place.row_end, place.col_off : place.col_end],
                )

    def test_a_stretch_is_found_beside_it(self, holed: Path) -> None:
        rendering = choose_rendering(open_scene(holed), None, "p2-98")
        assert rendering.lows == pytest.approx((6,), abs=3)

    def test_a_file_cut_off_during_the_run(self, draw_scene: DrawScene) -> None:
        path = draw_scene(NOISE, tiled=True, blockxsize=64, blockysize=64)
        scene = open_scene(path)
        tiles = plan_tiles(700, 900, window=128, overlap=48)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
        seen = list(read_chips(scene, tiles, choose_rendering(scene, None, "none")))
        failed = [chip for chip in seen if isinstance(chip, Unreadable)]
        assert 0 < len(failed) < len(tiles)
        assert len(seen) == len(tiles)

    def test_a_file_that_vanished(self, draw_scene: DrawScene) -> None:
        path = draw_scene(NOISE)
        scene = open_scene(path)
        rendering = choose_rendering(scene, None, "none")
        path.unlink()
        with pytest.raises(SceneError, match="can no longer be opened"):
            next(read_chips(scene, plan_tiles(700, 900, window=128, overlap=48), rendering))

    def test_an_error_of_another_kind_is_raised_where_chips_are_awaited(
        self, draw_scene: DrawScene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = open_scene(draw_scene(NOISE))
        rendering = choose_rendering(scene, None, "none")

        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(Reader, "read", broken)
        with pytest.raises(ZeroDivisionError):
            list(read_chips(scene, plan_tiles(700, 900, window=128, overlap=48), rendering))
