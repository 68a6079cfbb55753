"""A model around weights that exist already, without a second copy of them in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from geoseg.errors import CheckpointError
from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.stored import StoredTensor


def hollow(config: SegEarthConfig) -> SegEarth:
    """A model whose parameters have shapes but no values; what it computes for itself is there.

    Tables that no checkpoint holds (rotary frequencies, window indices) are real, which a model
    built wholly on the meta device would lack.
    """
    with _parameters_on_meta():
        return build(config)


def assemble(
    config: SegEarthConfig,
    tensors: Mapping[str, StoredTensor],
    source: str,
    *,
    dtype: torch.dtype = torch.float32,
) -> SegEarth:
    """The model of these tensors, in evaluation mode, on the CPU.

    Parameters and running statistics are in `dtype`; tables that the model computes stay float32.
    CheckpointError names `source` unless names and shapes agree both ways.
    """
    model = hollow(config)
    _require(model, tensors, source)
    state = {name: _as(tensor.read(), dtype) for name, tensor in tensors.items()}
    model.load_state_dict(state, assign=True)
    return model.eval()


def require_agreement(
    config: SegEarthConfig, tensors: Mapping[str, StoredTensor], source: str
) -> None:
    """CheckpointError names `source` unless these are the tensors of the config."""
    _require(hollow(config), tensors, source)


def disagreement(
    expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, StoredTensor]
) -> str:
    """How tensors differ from the shapes expected of them, in words; "" if they do not."""
    odd = sorted(n for n in expected.keys() & tensors.keys() if expected[n] != tensors[n].shape)
    wrong = {
        "missing": sorted(expected.keys() - tensors.keys()),
        "unexpected": sorted(tensors.keys() - expected.keys()),
        "of another shape": odd,
    }
    said = [f"{len(names)} {what}, such as {names[0]}" for what, names in wrong.items() if names]
    if odd:
        said[-1] += f" ({tensors[odd[0]].shape} where {expected[odd[0]]} is needed)"
    return "; ".join(said)


def _require(model: SegEarth, tensors: Mapping[str, StoredTensor], source: str) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    problem = disagreement(expected, tensors)
    if problem:
        raise CheckpointError(
            f"The weights of the checkpoint {source} are not those of its config: {problem}. "
            "Fetch the checkpoint again."
        )


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


@contextmanager
def _parameters_on_meta() -> Iterator[None]:
    """While open, a parameter that this thread registers keeps its shape and loses its memory.

    It does so before it is initialised, so that building takes no time either.
    """
    builder = threading.get_ident()

    def emptied(_: nn.Module, __: str, parameter: nn.Parameter | None) -> nn.Parameter | None:
        if parameter is None or threading.get_ident() != builder:
            return None
        return nn.Parameter(parameter.to("meta"), parameter.requires_grad)

    # torch's annotation forgets that a hook may return another parameter.
    hook = register_module_parameter_registration_hook(emptied)  # type: ignore[arg-type]
    try:
        yield
    finally:
        hook.remove()
