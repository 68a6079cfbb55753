"""The recipe of nano, as frozen values read from TOML; unknown keys are errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoseg.errors import InstructionError
from training.recipes import read_toml
from training.schedule import Ramp


@dataclass(frozen=True, slots=True)
class BatchKind:
    """One shape of batch."""

    size: int
    """Side of the model's input, in pixels (half of the scene's)."""

    images: int
    """Images per step."""

    questions: int
    """Questions asked of each image, on one pass of the encoder."""

    share: float = 1.0
    """Relative frequency among the kinds of its stage."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training with one mixture of batches and one ramp of the rate."""

    name: str
    steps: int
    start: float
    end: float
    warmup: int
    batches: tuple[BatchKind, ...]

    def ramp(self) -> Ramp:
        """Its learning rate."""
        return Ramp(self.steps, self.start, self.end, self.warmup)


@dataclass(frozen=True, slots=True)
class Rates:
    """Base learning rates by part; 0 leaves a part as it is."""

    encoder: float
    language: float
    masks: float
    """Pixel decoder, [SEG] projector, and the mask decoder's last step."""

    decoder: float
    """Layers of the mask decoder."""

    trunk: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the losses."""

    text: float
    mask: float
    dice: float
    attention: float = 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How nano is trained."""

    rates: Rates
    weights: Weights
    stages: tuple[Stage, ...]
    batches_per_step: int = 2
    average: float = 0.999
    clip: float = 1.0
    weight_decay: float = 0.01
    trunk_layers: int = 2
    """Last layers of the instruction trunk that learn, when its rate is not 0."""

    encoder_frozen: int = 2
    """First blocks of the encoder that keep the ancestor's weights, with the stem; 0: none."""

    save_minutes: float = 5.0
    evaluate_minutes: float = 10.0


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; InstructionError for a file that is no recipe, naming the key."""
    recipe = read_toml(Recipe, path)
    if not recipe.stages:
        raise InstructionError(f"The recipe {path} has no [[stages]]; give at least one.")
    return recipe
