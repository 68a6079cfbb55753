"""Files that are not what they should be: the error names what is wrong, and nothing happens."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from geoseg.errors import CheckpointError, OutputError
from geoseg.segearth.checkpoint import load
from geoseg.segearth.convert import convert
from tests.unit.segearth.convert.authors import (
    SEG_ID,
    State,
    write_bins,
    write_mask2former,
    write_safetensors,
    write_text,
)
from tests.unit.segearth.convert.oracles import SWIN_WIDTH


class _Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def _refused(folder: Path, message: str, **options: object) -> None:
    out = folder.parent / "out"
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(CheckpointError, match=message):
        convert(folder, out, **options)  # type: ignore[arg-type]
    assert sorted(folder.parent.rglob("*")) == before


def test_a_malicious_bin_is_refused_by_the_name_of_its_class(tmp_path: Path, state: State) -> None:
    folder = write_bins(tmp_path / "r2", state)
    write_text(folder)
    marker = tmp_path / "executed"
    evil = {"model.embed_tokens.weight": _Evil(marker)}
    torch.save(evil, folder / "pytorch_model-00002-of-00002.bin")
    _refused(folder, rf"class {os.system.__module__}\.system.*nothing in it was executed")
    assert not marker.exists()


def test_a_bare_pickle_is_no_bin(tmp_path: Path, state: State) -> None:
    folder = write_bins(tmp_path / "r2", state)
    write_text(folder)
    marker = tmp_path / "executed"
    shard = folder / "pytorch_model-00001-of-00002.bin"
    shard.write_bytes(pickle.dumps(_Evil(marker)))
    _refused(folder, "zip format")
    assert not marker.exists()


def test_a_training_state_is_no_weights(tmp_path: Path, state: State) -> None:
    folder = write_bins(tmp_path / "r2", state)
    torch.save({"module": {"a": torch.zeros(1)}}, folder / "pytorch_model-00001-of-00002.bin")
    _refused(folder, "holds a dict under 'module'")


def _mipha(tmp_path: Path, state: State) -> Path:
    parts = ("model.vision_tower_mask.", "pixel_decoder.", "predictor.", "SEG_token_projector.")
    mipha = {n: t for n, t in state.items() if not n.startswith(parts)}
    folder = write_safetensors(tmp_path / "mipha", mipha)
    write_text(folder, seg=False)
    return folder


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_malicious_pkl_is_refused_by_the_name_of_its_class(
    place: str, tmp_path: Path, state: State
) -> None:
    marker = tmp_path / "executed"
    model: dict[str, object] = {"backbone.norm0.weight": torch.ones(8).numpy()}
    data = {"model": model, "__author__": _Evil(marker)} if place == "beside" else {"model": model}
    if place == "inside":
        model["backbone.norm1.weight"] = _Evil(marker)
    pkl = tmp_path / "m2f.pkl"
    pkl.write_bytes(pickle.dumps(data))
    _refused(_mipha(tmp_path, state), rf"class {os.system.__module__}\.system", mask2former=pkl)
    assert not marker.exists()


def _change(name: str, value: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Path], object]:
    def harm(folder: Path) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        tensors[name] = value(tensors[name]).contiguous()
        save_file(tensors, path)

    return harm


def _drop(prefix: str) -> Callable[[Path], object]:
    def harm(folder: Path) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        save_file({n: t for n, t in tensors.items() if not n.startswith(prefix)}, path)

    return harm


def _add(name: str) -> Callable[[Path], object]:
    def harm(folder: Path) -> None:
        path = folder / "model.safetensors"
        save_file({**load_file(path), name: torch.zeros(4, 4)}, path)

    return harm


def _facts(**changes: object) -> Callable[[Path], object]:
    def harm(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return harm


def _cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


_FUSED = "predictor.transformer_cross_attention_layers.0.multihead_attn.in_proj_weight"
_SEES = "model.vision_tower.vision_model"

HARMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (_cut, "model.safetensors cannot be read"),
    "integers": (
        _change("SEG_token_projector.weight", lambda t: t.to(torch.int32)),
        "seg_projector.weight .* holds int32",
    ),
    "swapped head": (
        _change("model.mm_projector.0.weight", lambda t: t.T),
        r"image_tokens.0.weight \(\(72, 160\) where \(160, 72\)",
    ),
    "swapped embedding": (_change("model.embed_tokens.weight", lambda t: t.T), "embed_tokens"),
    "swapped fused": (
        _change(_FUSED, lambda t: t.T),
        "of another shape, such as mask_decoder.layers.0.cross_attn",
    ),
    "a number for fused": (
        _change(_FUSED, lambda t: t.sum()),
        "of another shape, such as mask_decoder.layers.0.cross_attn",
    ),
    "a row too many": (
        _change(_FUSED, lambda t: torch.cat([t, t[:1]])),
        "of another shape, such as mask_decoder.layers.0.cross_attn",
    ),
    "no patch": (
        _change(f"{_SEES}.embeddings.patch_embedding.weight", lambda t: t[:, :, :0]),
        "of another shape, such as tower.embeddings.patch_embedding.weight",
    ),
    "a layer far away": (
        _add("model.layers.999999999.mlp.fc1.bias"),
        "1 unexpected, such as language.phi.layers.999999999",
    ),
    "odd width": (
        _change("model.final_layernorm.weight", lambda t: t[:159]),
        "159 wide, which 2 heads cannot share",
    ),
    "narrow decoder": (
        _change("pixel_decoder.input_proj.0.0.bias", lambda t: t[:64]),
        "The pixel decoder is 64 wide",
    ),
    "no swin": (
        _drop("model.vision_tower_mask."),
        r"lacks \d+ tensors that the model needs \(\d+ of model.vision_tower_mask.\)",
    ),
    "no layer": (_drop("model.layers.0.mlp.fc2."), "lacks 2 tensors"),
    "no mask side": (_drop("p"), "lacks"),
    "segearth-r1": (_add("model.layers.0.self_attn.query_key_value.weight"), "SegEarth-R1"),
    "instructseg with more": (_add("vmtf_layers.0.weight"), "InstructSeg with modules"),
    "odd adapter": (
        _add("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector"),
        "not merged here",
    ),
    "another activation": (_facts(hidden_act="gelu"), "hidden_act 'gelu'; geoseg's has 'gelu_new'"),
    "grouped heads": (_facts(num_key_value_heads=1), "1 key heads for 2 heads"),
    "no finite number": (_facts(max_position_embeddings=float("inf")), "has inf for max_position"),
    "words for numbers": (_facts(num_attention_heads="two"), "'two' for num_attention_heads"),
    "no tokenizer": (lambda f: (f / "merges.txt").unlink(), "No tokenizer is in"),
    "no seg": (lambda f: (f / "added_tokens.json").unlink(), r"splits '\[SEG\]' into"),
    "seg elsewhere": (
        lambda f: (f / "added_tokens.json").write_text('{"[SEG]": 290}'),
        f"should have id 290, but the vocabulary gives it {SEG_ID - 1}",
    ),
    "config not JSON": (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damage_is_named_and_nothing_is_written(harm: str, published: Path) -> None:
    change, message = HARMS[harm]
    change(published)
    _refused(published, message)


def test_shards_are_all_there(tmp_path: Path, state: State) -> None:
    folder = write_safetensors(tmp_path / "r2", state, shards=3)
    write_text(folder)
    name = "model-00002-of-00003.safetensors"
    whole = load_file(folder / name)
    lost = next(iter(whole))
    save_file({n: t for n, t in whole.items() if n != lost}, folder / name)
    _refused(folder, f"lack 1 tensors that .* promises, such as {re.escape(lost)}")
    (folder / name).unlink()
    _refused(folder, f"lacks its shard {name}")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../secret.safetensors"}}))
    _refused(folder, "lacks its shard ../secret")


def test_a_cut_bin_is_named(tmp_path: Path, state: State) -> None:
    folder = write_bins(tmp_path / "r2", state)
    path = folder / "pytorch_model-00002-of-00002.bin"
    path.write_bytes(path.read_bytes()[:-1000])
    _refused(folder, "pytorch_model-00002-of-00002.bin cannot be read")


def test_other_formats_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "r2"
    folder.mkdir()
    (folder / "weights.pth").write_bytes(pickle.dumps(_Evil(tmp_path / "executed")))
    _refused(folder, "holds no weights that geoseg reads")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("prefix", ["encoder.", "model.vision_tower_mask."])
def test_what_is_allowed_to_be_missing_is_drawn(prefix: str, published: Path) -> None:
    _drop("model.vision_tower_mask.")(published)
    _refused(published, "lacks", allow_missing=("predictor.",))
    report = convert(published, published.parent / "out", allow_missing=(prefix,))
    assert all(name.startswith("encoder.") for name in report.missing)
    swin = load(published.parent / "out").model.config.encoder.swin
    assert swin is not None
    assert swin.embed == SWIN_WIDTH


def test_a_missing_part_is_drawn_from_the_seed(published: Path, tmp_path: Path) -> None:
    _drop("predictor.")(published)
    kept = [
        convert(published, tmp_path / out, allow_missing=("predictor.",), seed=seed)
        for out, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    drawn = [load(tmp_path / out).model.mask_decoder.state_dict() for out in "abc"]
    assert set(kept[0].missing) == {f"mask_decoder.{name}" for name in drawn[0]}
    assert "drawn at random, seed 1" in kept[0].missing["mask_decoder.norm.weight"]
    name = "layers.0.cross_attn.q_proj.weight"
    assert torch.equal(drawn[0][name], drawn[1][name])
    assert not torch.equal(drawn[0][name], drawn[2][name])


def test_a_start_for_training_needs_a_folder_without_a_mask_side(
    published: Path, tmp_path: Path, state: State
) -> None:
    pkl = write_mask2former(tmp_path / "m2f.pkl", state)
    _refused(published, "has a mask side already", mask2former=pkl)
    folder = _mipha(tmp_path, state)
    _refused(folder, r"give Mask2Former's \.pkl as well")
    _refused(folder, "cannot be read", mask2former=tmp_path / "none.pkl")


def test_unknown_templates_and_existing_folders_are_refused(published: Path) -> None:
    _refused(published, "one of w1-ha, w1-hb", template="nano")
    out = published.parent / "out"
    out.mkdir()
    with pytest.raises(OutputError, match="exists already"):
        convert(published, out)
    convert(published, out, overwrite=True)
    assert load(out).model.config.template.name == "w1-hb"
