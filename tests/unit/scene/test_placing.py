"""What has no place on the ground is refused before anything is asked."""

import math

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from geoseg.errors import SceneError
from geoseg.scene import open_scene
from geoseg.scene.placing import crs_of
from tests.conftest import DrawScene


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0.5, 0, math.nan, 0, -0.5, 5.2e6),
        Affine(0.5, 0, 5e5, 0, math.nan, 5.2e6),
        Affine(0.5, 0, 5e5, 0, -0.5, math.inf),
        Affine(1e308, 0, 0, 0, -1e308, 0),
    ],
)
def test_a_geotransform_without_places(draw_scene: DrawScene, transform: Affine) -> None:
    scene = draw_scene(np.ones((3, 40, 50), np.uint8), transform)
    with pytest.raises(SceneError, match="is degenerate") as caught:
        open_scene(scene)
    assert caught.value.code == "no_crs"


class Named:
    """A CRS that a damaged file can state: a family of zones, and none of them."""

    crs = CRS.from_wkt(
        'PROJCS["WGS 84 / UTM grid system (northern hemisphere)",GEOGCS["WGS 84",DATUM["WGS_1984",'
        'SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator_Zoned_Grid_System"],'
        'UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'
    )


def test_a_crs_in_which_nothing_can_be_computed() -> None:
    with pytest.raises(SceneError, match=r"Nothing can be computed in the CRS of a\.tif"):
        crs_of(Named, "a.tif", None)
