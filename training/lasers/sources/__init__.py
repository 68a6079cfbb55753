"""Where pictures, masks and boxes come from.

::

    labelled   a picture, and what is known to be in it
    folders    pictures in files and folders
    samrs      the instances of SAMRS
    coco       boxes and outlines of COCO files
"""

from __future__ import annotations

from training.lasers.sources.coco import with_coco
from training.lasers.sources.folders import find_pictures
from training.lasers.sources.labelled import Found, Labelled
from training.lasers.sources.samrs import read_samrs

__all__ = ["Found", "Labelled", "find_pictures", "read_samrs", "with_coco"]
