"""A state of training as a checkpoint that inference reads, or as a small adapter to hand on."""

from __future__ import annotations

import shutil
from pathlib import Path

from geoseg.errors import CheckpointError, OutputError
from geoseg.segearth.checkpoint import save
from geoseg.segearth.weights import Storage
from training.checkpoint import written_whole
from training.fit.runs import open_trained
from training.fit.states import ADAPTER, HEADS, MODEL, load_state, newest

_CARD = """# {name}, fine-tuned

Trained by `python -m training fit` for {step} steps ({samples} examples) from the checkpoint
`{base}` (hash `{hash}`). What learnt: LoRA of rank {rank} and {parts}.
"""


def merge(
    path: Path,
    folder: Path,
    *,
    base: str = "",
    store: Storage = "fp16",
    overwrite: bool = False,
    force: bool = False,
) -> str:
    """Write the newest state of a run, adapters folded in; returns the checkpoint's hash."""
    state_folder = newest(path)
    state = load_state(state_folder)
    if state.model["recipe"]["shape"]["queries"] > 1 or (
        state.model["recipe"]["shape"]["mask_head"] != "m2f"
    ):
        raise CheckpointError(
            f"The state {state_folder} is of an ablation, which inference has no code for."
        )
    trained = open_trained(state_folder, base, force=force)
    learning = state.model["recipe"]["learning"]
    card = _CARD.format(
        name=trained.model.config.name,
        step=state.progress.step,
        samples=state.progress.samples,
        base=state.model["base"] or "fresh weights",
        hash=state.model["base_hash"][:12],
        rank=learning["lora_rank"],
        parts=", ".join(f"`{part}`" for part in learning["parts"]) or "nothing else",
    )
    text = trained.codec.tokenizer.to_str()
    return save(trained.model, folder, text, card, store={"": store}, overwrite=overwrite)


def hand_on(path: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Copy what learnt, without the optimizer. Inference refuses it: it needs its base."""
    if folder.exists() and not overwrite:
        raise OutputError(
            f"{folder} exists already.", code="bad_request", hint="Give --overwrite to replace it."
        )
    state = newest(path)
    load_state(state)
    with written_whole(folder) as partial:
        for name in (ADAPTER, HEADS, MODEL):
            shutil.copy2(state / name, partial / name)
