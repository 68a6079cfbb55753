"""Adapters that were never merged, against peft's own merge."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import load
from geoseg.segearth.convert import convert
from geoseg.segearth.convert.lora import Scaling, merge, scaling_from
from geoseg.segearth.stored import stored
from tests.unit.segearth.convert.authors import State, write_bins, write_safetensors, write_text
from tests.unit.segearth.convert.oracles import Oracles

_ALPHA = 12
_Q = "model.layers.1.self_attn.q_proj"


@pytest.fixture(scope="module")
def adapted(oracles: Oracles) -> nn.Module:
    """A peft model whose adapters do something, its head trained whole."""
    config = LoraConfig(
        r=4,
        lora_alpha=_ALPHA,
        target_modules=["q_proj", "v_proj"],
        modules_to_save=["lm_head"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(copy.deepcopy(oracles.phi), config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name or "modules_to_save" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 10)
    return model


@pytest.fixture(scope="module")
def merged(adapted: nn.Module) -> dict[str, Tensor]:
    """What peft itself makes of it."""
    plain = copy.deepcopy(adapted).merge_and_unload()
    return {name: tensor.detach() for name, tensor in plain.state_dict().items()}


def _assert_merged(out: Path, merged: dict[str, Tensor]) -> None:
    language = load(out).model.language
    ours = {f"model.{n}": t for n, t in language.phi.state_dict().items()}
    for name in (
        f"{_Q}.weight",
        "model.layers.0.self_attn.v_proj.weight",
        "model.layers.0.mlp.fc1.bias",
    ):
        torch.testing.assert_close(ours[name], merged[name], rtol=0, atol=1e-6)
    assert language.head is not None
    assert torch.equal(language.head.weight, merged["lm_head.weight"][:262])


def _write_adapter_config(folder: Path, **facts: object) -> None:
    folder.mkdir(exist_ok=True)
    given = {"peft_type": "LORA", "r": 4, "lora_alpha": _ALPHA, **facts}
    (folder / "adapter_config.json").write_text(json.dumps(given))


def test_a_full_state_with_adapters_inside_is_merged(
    tmp_path: Path, state: State, adapted: nn.Module, merged: dict[str, Tensor]
) -> None:
    others = {f"base_model.model.{n}": t for n, t in state.items() if n not in merged}
    wrapped = {n: t.detach().clone() for n, t in adapted.state_dict().items()} | others
    folder = write_bins(tmp_path / "r2", wrapped)
    write_text(folder)
    with pytest.raises(CheckpointError, match=r"no adapter_config\.json"):
        convert(folder, tmp_path / "out")
    report = convert(folder, tmp_path / "out", lora_alpha=_ALPHA)
    _assert_merged(tmp_path / "out", merged)
    assert set(report.used) | set(report.unused) == set(wrapped)
    original = "base_model.model.lm_head.original_module.weight"
    assert "training" in report.unused[original]
    assert "4 matrices had a LoRA adapter" in report.as_text()


@pytest.mark.parametrize("where", ["said", "given", "same folder"])
def test_an_adapter_is_merged_into_its_base(
    where: str, tmp_path: Path, state: State, adapted: nn.Module, merged: dict[str, Tensor]
) -> None:
    base = write_safetensors(tmp_path / "base", state)
    write_text(base)
    folder = base if where == "same folder" else tmp_path / "adapter"
    said = "../base" if where == "said" else "owner/base"
    _write_adapter_config(folder, base_model_name_or_path=said)
    adapted.save_pretrained(str(tmp_path / "saved"), save_embedding_layers=False)
    (tmp_path / "saved" / "adapter_model.safetensors").rename(folder / "adapter_model.safetensors")
    report = convert(folder, tmp_path / "out", base=base if where == "given" else None)
    _assert_merged(tmp_path / "out", merged)
    assert report.used["base_model.model.lm_head.weight"] == "language.head.weight"
    assert "training" in report.unused["lm_head.weight"]


def test_an_adapter_without_its_base_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    _write_adapter_config(folder, base_model_name_or_path="owner/base")
    torch.save({f"{_Q}.lora_A.weight": torch.zeros(2, 3)}, folder / "adapter_model.bin")
    with pytest.raises(CheckpointError, match="names 'owner/base', which is no folder here"):
        convert(folder, tmp_path / "out")


def _state(**tensors: Tensor) -> dict[str, Tensor]:
    return {"q.weight": torch.ones(6, 8), **{n.replace("__", "."): t for n, t in tensors.items()}}


BROKEN: dict[str, tuple[dict[str, Tensor], str]] = {
    "half a pair": (_state(q__lora_A__weight=torch.ones(2, 8)), "lacks lora_B"),
    "no base": (
        {"q.lora_A.weight": torch.ones(2, 8), "q.lora_B.weight": torch.ones(6, 2)},
        "lacks its base weight",
    ),
    "a number for a half": (
        _state(q__lora_A__weight=torch.tensor(1.0), q__lora_B__weight=torch.ones(6, 2)),
        "do not make the",
    ),
    "no rank": (
        _state(q__lora_A__weight=torch.ones(0, 8), q__lora_B__weight=torch.ones(6, 0)),
        "do not make the",
    ),
    "other shapes": (
        _state(q__lora_A__weight=torch.ones(2, 7), q__lora_B__weight=torch.ones(6, 2)),
        "do not make the",
    ),
    "two adapters": (_state(q__lora_A__second__weight=torch.ones(2, 8)), "called 'second'"),
    "an embedding's": (_state(q__lora_embedding_A=torch.ones(2, 8)), "not merged here"),
    "new rows": (_state(q__token_adapter__delta=torch.ones(2, 8)), "token_adapter"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_merged_is_refused(kind: str) -> None:
    tensors, message = BROKEN[kind]
    with pytest.raises(CheckpointError, match=message):
        merge({name: stored(tensor) for name, tensor in tensors.items()}, Scaling(1.0))


def test_rank_divides_or_its_root_does() -> None:
    assert scaling_from({"lora_alpha": 16}, None) == Scaling(16.0)
    assert scaling_from({"lora_alpha": 16}, 8) == Scaling(8.0)
    assert scaling_from({}, None) is None
    assert Scaling(16.0).of(4) == 4
    rooted = scaling_from({"lora_alpha": 16, "use_rslora": True}, None)
    assert rooted is not None
    assert rooted.of(4) == 8
    with pytest.raises(CheckpointError, match="use_dora"):
        scaling_from({"lora_alpha": 16, "use_dora": True}, None)
    with pytest.raises(CheckpointError, match="where a number is needed"):
        scaling_from({"lora_alpha": "16"}, None)


def test_half_precision_is_merged_in_full_and_rounded_once() -> None:
    base, down, up = torch.randn(6, 8).half(), torch.randn(2, 8), torch.randn(6, 2)
    tensors = {"q.weight": base, "q.lora_A.weight": down, "q.lora_B.weight": up}
    plain, origins = merge({n: stored(t) for n, t in tensors.items()}, Scaling(4.0))
    expected = (base.float() + 2 * up @ down).half()
    assert torch.equal(plain["q.weight"].read(), expected)
    assert set(origins["q.weight"]) == set(tensors)
