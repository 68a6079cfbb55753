"""What learns and what is frozen: LoRA, rows of new tokens, whole parts. Paper: section 5.1.

LoRA (Hu et al. 2021) sits on the query and value projections of the language model. The rows of
new tokens, ``[SEG]`` first, learn by themselves in the embedding and in the head, which saves the
other 50,000 rows of both.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.utils.other import TrainableTokensWrapper
from torch import nn

from geoseg.errors import InstructionError
from geoseg.segearth.model import SegEarth
from training.fit.recipe import Learning

_TARGETS = r"phi\.layers\.\d+\.self_attn\.(q_proj|v_proj)"
_ADAPTED = (".lora_A.", ".lora_B.", ".token_adapter.")


def adapt(model: SegEarth, learning: Learning, rows: Sequence[int]) -> list[str]:
    """Freeze a model but for what learns; returns the names of that, sorted.

    `rows` are the answer rows of new tokens. What learns is float32, whatever the rest is.
    """
    model.requires_grad_(False)
    tied = model.language.head is None
    if learning.lora_rank:
        _inject(model, learning, rows, tied=tied)
    parts = tuple(learning.parts)
    if learning.head == "full":
        parts += ("language.phi.embed_tokens.",) if tied else ("language.head.",)
    unknown = [p for p in parts if not any(n.startswith(p) for n, _ in model.named_parameters())]
    if unknown:
        known = sorted({f"{name.split('.')[0]}." for name, _ in model.named_parameters()})
        raise InstructionError(
            f"The recipe lets {unknown} learn, which this model does not have.",
            hint=f"Its parts are {', '.join(known)}",
        )
    for name, parameter in model.named_parameters():
        if name.startswith(parts) and not is_adapter(name):
            parameter.requires_grad_(True)
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return sorted(name for name, p in model.named_parameters() if p.requires_grad)


def _inject(model: SegEarth, learning: Learning, rows: Sequence[int], *, tied: bool) -> None:
    tokens = None
    if learning.head == "rows":
        tokens = {"embed_tokens": list(rows)} | ({} if tied else {"head": list(rows)})
    config = LoraConfig(
        r=learning.lora_rank,
        lora_alpha=learning.lora_alpha,
        lora_dropout=learning.lora_dropout,
        target_modules=_TARGETS,
        trainable_token_indices=tokens,
    )
    inject_adapter_in_model(config, model.language)


def is_adapter(name: str) -> bool:
    """Whether a parameter belongs to an adapter: LoRA or rows of tokens."""
    return any(part in name for part in _ADAPTED)


def set_mode(model: SegEarth) -> None:
    """Training mode where something learns; frozen parts stay in evaluation mode."""
    model.train()
    for module in model.children():
        if not any(parameter.requires_grad for parameter in module.parameters()):
            module.eval()
    # Running statistics of a pre-trained encoder are worth more than those of four pictures.
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def recompute(model: SegEarth) -> None:
    """Trade time for memory in the language model; exact, also for attention rows."""
    model.language.phi.activation_checkpointing_enable({"use_reentrant": False})


@torch.no_grad()
def fold(model: SegEarth) -> SegEarth:
    """Adapters added to the weights that they adapt: the model that inference knows, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge(safe_merge=True)
            _replace(model, name, module.get_base_layer())
        elif isinstance(module, TrainableTokensWrapper):
            base = module.original_module
            base.weight.data = module.weight.detach().to(base.weight.dtype).clone()
            _replace(model, name, base)
    return model.requires_grad_(False)


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, module)
