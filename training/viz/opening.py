"""A checkpoint, or a state of training, made ready to be asked."""

from __future__ import annotations

from pathlib import Path

from geoseg.engines.devices import find_device
from geoseg.errors import CheckpointError
from training.checkpoint import list_states
from training.eval.asking import Examinee, open_examinee
from training.fit.states import MODEL, load_state, newest


def is_state(name: str) -> bool:
    """Whether a name is the folder of a run, or of one of its states, and not of a checkpoint."""
    folder = Path(name)
    return (folder / MODEL).is_file() or bool(list_states(folder))


def open_any(
    name: str, *, device: str = "auto", forced: bool = False, max_new_tokens: int | None = None
) -> Examinee:
    """A checkpoint by name or folder, or a run by its folder, of which the newest state counts.

    CheckpointError if it cannot be opened, and for states of an ablation of masks: their tokens and
    heads are not those that are asked here.
    """
    if not is_state(name):
        return open_examinee(name, device=device, forced=forced, max_new_tokens=max_new_tokens)
    import torch

    from training.fit.runs import open_trained

    state = newest(Path(name))
    shape = load_state(state).model["recipe"]["shape"]
    if shape["queries"] > 1 or shape["mask_head"] != "m2f":
        raise CheckpointError(
            f"The state {state} has {shape['queries']} queries and the head "
            f"{shape['mask_head']!r}: one of an ablation, whose masks only `viz candidates` draws."
        )
    trained = open_trained(state)
    place = find_device(device)
    limit = max_new_tokens or trained.model.config.max_new_tokens
    model = trained.model.to(place)
    return Examinee(model, trained.codec, place, torch.float32, trained.hash, forced, limit)
