from pathlib import Path

import numpy as np
import pytest
import rasterio

from training.data.georeference import UNKNOWN, HeldOutScene, write_held_out


@pytest.fixture(scope="module")
def scenes(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[HeldOutScene, ...]:
    return write_held_out(data_dir, tmp_path_factory.mktemp("held_out"))


def test_every_held_out_image_is_written_once(scenes: tuple[HeldOutScene, ...]):
    assert len({scene.image for scene in scenes}) == len(scenes)
    assert {scene.truth.split for scene in scenes} == {"heldout"}
    assert [scene.truth.source for scene in scenes[:2]] == ["banepa", "dubai"]


def test_banepa_stays_where_it_is(scenes: tuple[HeldOutScene, ...], data_dir: Path):
    with (
        rasterio.open(data_dir / "banepa/banepa_west.tif") as whole,
        rasterio.open(scenes[0].image) as part,
    ):
        assert part.crs == whole.crs
        assert part.xy(0, 0) == pytest.approx(whole.xy(3072, 0))
        assert part.shape == (1024, 2048)


def test_files_hold_the_pixels_and_the_truth(scenes: tuple[HeldOutScene, ...]):
    for scene in (scenes[1], scenes[2]):
        with rasterio.open(scene.image) as image, rasterio.open(scene.labels) as labels:
            assert (image.read() == scene.truth.rgb).all()
            assert image.res == pytest.approx((scene.truth.gsd,) * 2)
            assert image.transform == labels.transform
            assert set(labels.descriptions) == scene.truth.masks.keys()
            for band, name in enumerate(labels.descriptions, 1):
                values = labels.read(band)
                assert ((values == 1) <= scene.truth.masks[name]).all()
                known = np.broadcast_to(scene.truth.known[name], values.shape)
                assert ((values != UNKNOWN) == known).all()
