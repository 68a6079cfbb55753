"""A training state as the checkpoint that inference reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import save
from geoseg.segearth.sources import describe
from geoseg.segearth.weights import Storage
from training.checkpoint import list_states, load_state
from training.nano.ancestors import newborn, tokenizer_json
from training.nano.card_text import model_card
from training.nano.language import answer_sentences

STORE: Final[dict[str, Storage]] = {"": "fp16", "trunk.bert.": "int8"}
"""Half precision; the instruction trunk, half of all weights, in 8 bits per row."""


def export(run: Path, folder: Path, report: Mapping[str, Any] | None) -> str:
    """Write the averaged weights of the newest state of a run as a checkpoint; returns its hash.

    Its card has the numbers of a report, if there is one. What training left alone comes from the
    ancestors again. CheckpointError if the run has no state, or one that this model does not fit.
    """
    states = list_states(run)
    if not states:
        raise CheckpointError(f"{run} holds no training state.", hint="Give fit-nano's --out.")
    state = load_state(states[-1])
    notes = json.loads((states[-1] / "trainer.json").read_text(encoding="utf-8"))
    model, tokenizer = newborn(answer_sentences(), int(notes["seed"]))
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in state.average.items():
            if name not in parameters or parameters[name].shape != value.shape:
                raise CheckpointError(
                    f"The state {states[-1]} has a tensor {name} of shape {tuple(value.shape)} "
                    "that this model does not have.",
                    hint="Export it with the version of the code that trained it.",
                )
            parameters[name].copy_(value)
    card = model_card(report, count_parameters(model))
    text = tokenizer_json(tokenizer)
    return save(model.eval(), folder, text, card, store=STORE, overwrite=True)


def write_card(folder: Path, report: Mapping[str, Any]) -> None:
    """Give a checkpoint the card of a report; its hash does not cover the card."""
    parameters = int(describe(str(folder))["parameters"])
    (folder / "MODEL_CARD.md").write_text(model_card(report, parameters), encoding="utf-8")


def count_parameters(model: torch.nn.Module) -> int:
    """Numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters())
