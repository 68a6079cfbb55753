"""Scenes and vector layers become examples to learn from; masks become run lengths and back.

::

    rle         COCO run lengths
    windows     where pictures are cut, and which are kept for testing
    subjects    what there is to ask for, from vector layers
    wording     sentences and answers
    questions   what is asked about one picture
    writing     the folder
    making      all of it, from a request to a folder
"""

from __future__ import annotations

from geoseg.dataset.rle import Rle, decode_rle, encode_rle, rle_area, rle_box, rle_size

__all__ = ["Rle", "decode_rle", "encode_rle", "rle_area", "rle_box", "rle_size"]
