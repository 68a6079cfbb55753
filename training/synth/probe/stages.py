"""Frozen features of EfficientNet-Lite0, one vector per stage of the network."""

from __future__ import annotations

from typing import Final

import numpy as np
import timm
import torch
from numpy.typing import NDArray

from training.nano.ancestors import copy_strictly, encoder_weights

STAGES: Final = ("stride 2", "stride 4", "stride 8", "stride 16", "stride 32")
"""From texture to what is shown; the last is what is usually called the features of a picture."""

_BATCH: Final = 16
_MIDDLE, _REACH = 127.0, 128.0


def stage_features(pictures: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Means and deviations of every channel over the picture, (N, 2 C) for each stage.

    Args:
        pictures: (N, H, W, 3) RGB.

    Raises:
        CheckpointError: the package with the weights is not installed.
    """
    body = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    copy_strictly(body, encoder_weights(body.state_dict()), "EfficientNet-Lite0")
    found: list[list[NDArray[np.float64]]] = [[] for _ in STAGES]
    with torch.inference_mode():
        for start in range(0, len(pictures), _BATCH):
            batch = torch.from_numpy(pictures[start : start + _BATCH]).permute(0, 3, 1, 2)
            maps = body((batch.float() - _MIDDLE) / _REACH)
            for vectors, plane in zip(found, maps, strict=True):
                both = torch.cat([plane.mean((2, 3)), plane.std((2, 3))], 1)
                vectors.append(both.double().numpy())
    return [np.concatenate(vectors) for vectors in found]
