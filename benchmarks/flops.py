"""What one picture costs, part by part: floating-point operations of the matrix products.

    python -m benchmarks.flops [--preset r2] [--tokens 829] [--targets 1]

Counted by torch on tensors without values, two operations per multiply-add, batch 1, one pass over
the prompt and no generated tokens. The gather of deformable attention, norms and activations are
no matrix products and do not count.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from geoseg.segearth.config import PRESETS, SegEarthConfig
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.vision import SiglipTower

PAPER_TOWER = 27
"""Layers of the tower that the paper counts; the last of them is computed and not read."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations of each part, for one picture and one pass over its prompt."""

    tower: int
    image_tokens: int
    language: int
    encoder: int
    pixel_decoder: int
    mask_decoder: int

    @property
    def total(self) -> int:
        """All parts."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, int]:
        """By name, in the order of the model's figure."""
        return {name: getattr(self, name) for name in self.__slots__}


@torch.inference_mode()
def cost(
    config: SegEarthConfig,
    *,
    tokens: int,
    targets: int = 1,
    tower_layers: int | None = None,
    repeated: bool = False,
) -> Cost:
    """Operations of a model of this config.

    `tokens` is the length of the prompt, the image included; `tower_layers` replaces the config's.
    `repeated` is how the released code draws several targets: it repeats the maps for each.
    """
    with torch.device("meta"):
        model = build(config).eval()
        pixels = torch.empty(1, 3, config.input_size, config.input_size)
        pyramid = model.encoder(pixels)
        features = model.pixel_decoder(pyramid)
        seen = torch.empty(1, tokens, config.language.hidden)
    drawn = 1 if repeated else targets
    hidden = torch.empty(drawn, config.language.hidden, device="meta")
    owner = torch.zeros(drawn, dtype=torch.long)  # it is looked into, so it has values
    once = _count(lambda: model.masks(features, hidden, owner, aux=False))
    tower, image_tokens = _language_eye(model, config, pyramid, tower_layers)
    return Cost(
        tower=tower,
        image_tokens=image_tokens,
        language=_count(lambda: _read(model, seen)),
        encoder=_count(lambda: model.encoder(pixels)),
        pixel_decoder=_count(lambda: model.pixel_decoder(pyramid)),
        mask_decoder=once * (targets if repeated else 1),
    )


def _language_eye(
    model: SegEarth, config: SegEarthConfig, pyramid: tuple[Tensor, ...], layers: int | None
) -> tuple[int, int]:
    """Operations of the tower, if there is one, and of what makes image tokens."""
    siglip = config.siglip
    if siglip is None:
        return 0, _count(lambda: model.image_tokens(pyramid[-2], pyramid[-1]))
    with torch.device("meta"):
        tower = SiglipTower(
            siglip.hidden,
            siglip.layers if layers is None else layers,
            siglip.heads,
            siglip.mlp,
            image_size=siglip.image_size,
            patch=siglip.patch,
        )
        small = torch.empty(1, 3, siglip.image_size, siglip.image_size)
        views = tower(small)
    return _count(lambda: tower(small)), _count(lambda: model.image_tokens(views))


def _read(model: SegEarth, embeds: Tensor) -> Tensor:
    """States of a prompt (1, S, D); a mask that is there already is not looked into."""
    length = embeds.shape[1]
    mask = torch.empty(1, 1, length, length, dtype=torch.bool, device="meta")
    places = torch.empty(1, length, dtype=torch.long, device="meta")
    states: Tensor = model.language.phi(
        inputs_embeds=embeds, attention_mask=mask, position_ids=places, use_cache=False
    ).last_hidden_state
    return states


def _count(work: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def main() -> None:
    """Print one line per part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="r2")
    parser.add_argument("--tokens", type=int, default=829)
    parser.add_argument("--targets", type=int, default=1)
    given = parser.parse_args()
    found = cost(PRESETS[given.preset], tokens=given.tokens, targets=given.targets)
    for name, operations in found.parts().items():
        print(f"{name:14}{operations / 1e9:10.1f} GFLOP  {operations / found.total:6.1%}")
    print(f"{'total':14}{found.total / 1e9:10.1f} GFLOP")


if __name__ == "__main__":
    main()
