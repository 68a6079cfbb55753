"""What a run of training is told. Defaults are the paper's (section 5.1, Table 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from geoseg.errors import InstructionError
from training.losses import Variant
from training.recipes import from_tables, read_toml, to_tables, with_settings
from training.schedule import Ramp


@dataclass(frozen=True, slots=True)
class Base:
    """What training starts from."""

    checkpoint: str = ""
    """Name or folder of a checkpoint; empty: fresh weights of `preset`."""

    preset: str = ""
    """Sizes of a fresh model."""

    input_size: int = 0
    """Side of a fresh model's mask-side input in pixels; 0: the preset's."""

    half: bool = False
    """Keep what does not learn in bfloat16."""


@dataclass(frozen=True, slots=True)
class Learning:
    """What learns. The rest is frozen."""

    lora_rank: int = 8
    """Of adapters on the query and value projections of the language model; 0: none."""

    lora_alpha: int = 16
    lora_dropout: float = 0.05
    head: Literal["rows", "full", "none"] = "rows"
    """Rows of new tokens in embedding and head; or the whole head, as the published code does."""

    parts: tuple[str, ...] = ("pixel_decoder.", "mask_decoder.", "seg_projector.")
    """Prefixes of parameters that learn whole."""


@dataclass(frozen=True, slots=True)
class LossRecipe:
    """L = text · L_t + mask · L_b + dice · L_d + attention · L_S."""

    text: float = 1.0
    mask: float = 1.0
    dice: float = 1.0
    outputs: Literal["final", "all"] = "final"
    """Mask losses of the last prediction, or the sum over those of all decoder layers."""

    points: int = 12_544
    """At which a mask is compared."""

    attention: float = 0.01
    """λ_S; at 0 no attention row is computed."""

    score: float = 2.0
    """Of the scores of several queries; nothing where a target has one."""

    variant: Variant = "paper"
    grid: Literal["max", "released"] = "max"
    """How masks come to the token grid: no target lost, or as in the published code."""


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast."""

    steps: int = 50_000
    batch: int = 4
    """Examples of one step, over all processes."""

    micro_batch: int = 0
    """Examples of one forward pass; 0: a process takes its share of the batch at once."""

    rate: float = 1e-4
    warmup: float = 0.03
    """Share of the steps with a rising rate; then a half cosine to 0."""

    weight_decay: float = 0.0
    clip: float = 1.0
    """Largest norm of the gradient."""

    def ramp(self) -> Ramp:
        """The learning rate over the steps."""
        return Ramp(self.steps, 1.0, 0.0, round(self.warmup * self.steps))


@dataclass(frozen=True, slots=True)
class Running:
    """What changes neither data nor losses."""

    precision: Literal["bf16", "no"] = "bf16"
    recompute: bool = False
    """Compute the language model's activations again for the gradient: less memory."""

    workers: int = 2
    """Processes that make batches; 0: the one that trains."""

    log_steps: int = 10
    """Steps that one line of metrics sums up."""

    save_minutes: float = 10.0
    keep: int = 2
    """States kept, besides the best one."""

    examine_steps: int = 0
    """Steps between examinations of held-out examples; 0: none."""

    examine_count: int = 64
    """Held-out examples of one examination."""

    held_out: float = 0.05
    """Share of the groups of pictures that are held out, where the data has no split for it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Departures from the model of the paper, for its ablations."""

    queries: int = 1
    """Tokens, and so masks, for each target (Figure 5)."""

    mask_head: Literal["m2f", "sam", "sam2"] = "m2f"
    """Segmentation head, with its own encoder (Table 6)."""

    head_config: str = ""
    """Folder of a SAM or SAM 2 model of the transformers library; empty: tiny and random."""


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """How a model is trained."""

    base: Base = field(default_factory=Base)
    learning: Learning = field(default_factory=Learning)
    losses: LossRecipe = field(default_factory=LossRecipe)
    course: Course = field(default_factory=Course)
    running: Running = field(default_factory=Running)
    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        course, shape = self.course, self.shape
        if min(course.steps, course.batch, self.losses.points, shape.queries) < 1:
            raise InstructionError(
                f"The recipe asks for {course.steps} steps, {course.batch} examples a step, "
                f"{self.losses.points} points and {shape.queries} queries; each must be 1 or more."
            )
        if course.micro_batch and course.batch % course.micro_batch:
            raise InstructionError(
                f"The recipe's batch of {course.batch} cannot be cut in passes of "
                f"{course.micro_batch}; choose micro_batch among the divisors of batch."
            )
        if self.learning.head == "rows" and not self.learning.lora_rank:
            raise InstructionError(
                "Rows of tokens learn as part of an adapter, but lora_rank is 0. Set head to "
                "'full' or 'none', or lora_rank to 1 or more."
            )
        if self.base.half and self.running.precision == "no":
            raise InstructionError(
                "The recipe keeps frozen weights in bfloat16 (base.half) and computes in float32 "
                "(running.precision 'no'), which do not go together. Set precision to 'bf16', or "
                "half to false."
            )
        if shape.queries > 1 and shape.mask_head != "m2f":
            raise InstructionError("Several queries are an ablation of mask_head 'm2f' alone.")


def read_recipe(path: Path, settings: dict[str, str] | None = None) -> FitRecipe:
    """A recipe from TOML, single keys set anew; InstructionError names what does not fit."""
    return changed(read_toml(FitRecipe, path), settings or {})


def changed(recipe: FitRecipe, settings: dict[str, str]) -> FitRecipe:
    """A recipe with other values of single keys, such as ``{"losses.attention": "0"}``."""
    tables: dict[str, Any] = with_settings(to_tables(recipe), settings)
    return from_tables(FitRecipe, tables)
