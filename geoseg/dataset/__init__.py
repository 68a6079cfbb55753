"""Scenes and vector layers become examples to learn from; masks become run lengths and back."""

from __future__ import annotations

from geoseg.dataset.rle import Rle, decode_rle, encode_rle, rle_area, rle_size

__all__ = ["Rle", "decode_rle", "encode_rle", "rle_area", "rle_size"]
