"""Scenes: the only room that reads them.

::

    description   Scene: what is known of a scene without reading its pixels
    opening       open_scene: path → Scene, or the reason why not
    fingerprint   scene → hash of its header and of sampled blocks
    reading       an open handle, its cache, its errors; which pixels hold data
    stretching    choose_rendering: one look at the scene → Rendering
    chips         read_chips: tiles → chips, read ahead
"""

from geoseg.scene.chips import Chip, read_chips
from geoseg.scene.description import Scene
from geoseg.scene.opening import open_scene
from geoseg.scene.reading import read_valid
from geoseg.scene.stretching import choose_rendering

__all__ = ["Chip", "Scene", "choose_rendering", "open_scene", "read_chips", "read_valid"]
