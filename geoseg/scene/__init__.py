"""Scenes: the only room that reads them.

::

    description   Scene: what is known of a scene without reading its pixels
    opening       open_scene: path → Scene, or the reason why not
    placing       geotransform and CRS, or the way to give a scene some
    resolution    --gsd: a grid over the same ground with other pixels
    mosaic        a folder of adjoining files as one virtual raster
    fingerprint   scene → hash of its header and of sampled blocks
    remote        what a web server says of a file
    environment   how GDAL is set
    planes        which bands are read, and which of their pixels hold data
    reading       an open handle, its errors, resampling
    workers       threads that decode, a handle each
    cells         each block decoded once, however windows overlap
    stretching    choose_rendering: one look at the scene → Rendering
    chips         read_chips: tiles → chips, read ahead
"""

from geoseg.scene.chips import Chip, Unreadable, read_chips
from geoseg.scene.description import Scene
from geoseg.scene.opening import open_scene
from geoseg.scene.reading import read_valid
from geoseg.scene.stretching import choose_rendering

__all__ = [
    "Chip",
    "Scene",
    "Unreadable",
    "choose_rendering",
    "open_scene",
    "read_chips",
    "read_valid",
]
