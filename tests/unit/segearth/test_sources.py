from __future__ import annotations

import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import save
from geoseg.segearth.config import PRESETS
from geoseg.segearth.convert import convert
from geoseg.segearth.model import SegEarth
from geoseg.segearth.sources import describe, is_published, locate, open_checkpoint, verify
from tests.unit.segearth.convert.authors import write_safetensors, write_text
from tests.unit.segearth.convert.oracles import build_oracles, published_state


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, model: SegEarth, tokenizer: Tokenizer
) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    save(model, folder, tokenizer.to_str(), "# Tiny\n", store={"": "fp32"})
    return folder


def test_places_are_found_by_name_or_folder(written: Path, tmp_path: Path) -> None:
    assert locate(str(written)) == written
    with pytest.raises(CheckpointError, match="known size"):
        locate("r2")
    with pytest.raises(CheckpointError, match="not there"):
        locate(str(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="a file, not a folder"):
        locate(str(tmp_path / "file"))


def test_description_counts_parts(written: Path, model: SegEarth) -> None:
    found = describe(str(written))
    assert found["parameters"] == sum(p.numel() for p in model.parameters())
    weights = next(written.glob("*.safetensors"))
    assert found["stored_bytes"] == weights.stat().st_size
    assert found["parts"]["language"] == sum(p.numel() for p in model.language.parameters())
    big = describe("r2")
    assert big["stored_bytes"] is None
    assert round(big["parameters"] / 1e9, 2) == 3.29
    assert set(big["parts"]) >= {"tower", "language", "encoder", "pixel_decoder", "mask_decoder"}
    assert describe("tiny")["window"] == PRESETS["tiny"].window


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_safetensors(tmp_path_factory.mktemp("published") / "r2", _halves(), shards=2)
    write_text(folder)
    return folder


def _halves() -> dict[str, torch.Tensor]:
    state = published_state(build_oracles())
    return {n: t.half() if t.is_floating_point() else t for n, t in state.items()}


def test_a_published_folder_opens_as_its_conversion_does(published: Path, tmp_path: Path) -> None:
    assert is_published(published)
    direct = open_checkpoint(str(published))
    convert(published, tmp_path / "out")
    assert not is_published(tmp_path / "out")
    converted = open_checkpoint(str(tmp_path / "out"))
    assert direct.model.config == converted.model.config
    assert not direct.model.training
    state = converted.model.state_dict()
    for name, tensor in direct.model.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, state[name]), name
    assert direct.codec.encode_answer("[SEG]") == converted.codec.encode_answer("[SEG]")


def test_the_number_format_is_the_one_asked_for(published: Path) -> None:
    model = open_checkpoint(str(published), dtype=torch.bfloat16).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert model.language.phi.rotary_emb.inv_freq.dtype == torch.float32


def test_the_hash_follows_the_files_and_not_their_place(published: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(published, tmp_path / "moved"))
    known = open_checkpoint(str(published)).hash
    assert open_checkpoint(str(copied)).hash == known
    shard = copied / "model-00001-of-00002.safetensors"
    tensors = load_file(shard)
    tensors[next(n for n, t in tensors.items() if t.is_floating_point())].add_(1)
    save_file(tensors, shard)
    assert open_checkpoint(str(copied)).hash != known


def test_what_is_missing_is_drawn_only_where_allowed(published: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(published, tmp_path / "part"))
    for shard in copied.glob("*.safetensors"):
        tensors = load_file(shard)
        save_file({n: t for n, t in tensors.items() if n[:4] != "SEG_"}, shard)
    (copied / "model.safetensors.index.json").write_text(
        '{"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors",'
        ' "model.embed_tokens.weight": "model-00002-of-00002.safetensors"}}'
    )
    with pytest.raises(CheckpointError, match="lacks 2 tensors"):
        open_checkpoint(str(copied))
    drawn = open_checkpoint(str(copied), allow_missing=("SEG_token_projector",))
    assert drawn.hash != open_checkpoint(str(published)).hash


@pytest.mark.parametrize("kind", ["ours", "published"])
def test_a_sound_checkpoint_has_no_problems(kind: str, written: Path, published: Path) -> None:
    folder = str(written if kind == "ours" else published)
    found = verify(folder)
    assert found["problems"] == []
    assert found["hash"] == open_checkpoint(folder).hash
    assert found["dtype"].startswith("float32" if kind == "ours" else "float16")
    assert found["parameters"] == describe(folder)["parameters"]
    assert found["vram_bytes"] > 2 * found["parameters"]


@pytest.mark.parametrize("kind", ["ours", "published"])
def test_numbers_that_are_none_are_a_problem(
    kind: str, tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    if kind == "ours":
        state = model.state_dict()
        kept = state["seg_projector.bias"].clone()
        state["seg_projector.bias"][0] = torch.inf
        save(model, tmp_path / "bad", tokenizer.to_str(), "", store={})
        state["seg_projector.bias"].copy_(kept)
    else:
        halves = _halves()
        halves["SEG_token_projector.bias"][0] = torch.nan
        write_text(write_safetensors(tmp_path / "bad", halves))
    assert "seg_projector.bias" in verify(str(tmp_path / "bad"))["problems"][0]


def test_damage_is_a_problem_and_no_checkpoint_an_error(published: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(published, tmp_path / "cut"))
    (copied / "model-00002-of-00002.safetensors").unlink()
    assert "lacks its shard" in verify(str(copied))["problems"][0]
    with pytest.raises(CheckpointError, match="not there"):
        verify(str(tmp_path / "none"))


def test_the_memory_of_the_published_model_is_its_weights_and_little_more() -> None:
    found = describe("r2")
    assert 0.5e9 < found["vram_bytes"] - 2 * found["parameters"] < 1.5e9


def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """A hub cache that holds owner/name, and no way out."""
    root = tmp_path / "cache" / "models--owner--name"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("0" * 40)
    (root / "refs" / "v2").write_text("0" * 40)
    shutil.copytree(source, root / "snapshots" / ("0" * 40))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("name", ["hf:owner/name", "hf:owner/name@v2"])
def test_hub_names_open_from_a_filled_cache_offline(
    name: str, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cache(tmp_path, monkeypatch, published)
    assert open_checkpoint(name).hash == open_checkpoint(str(published)).hash
    assert verify(name)["problems"] == []


def test_hub_names_that_lead_nowhere_are_refused(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cache(tmp_path, monkeypatch, written)
    assert open_checkpoint("hf:owner/name").hash == open_checkpoint(str(written)).hash
    for name in ("hf:owner/other", "hf:owner/name@v3"):
        with pytest.raises(CheckpointError, match="not in the local cache") as refused:
            open_checkpoint(name)
        assert refused.value.code == "no_network"
    for name in ("hf:owner", "hf:owner/name@", "hf:../x/y"):
        with pytest.raises(CheckpointError, match="no name on the hub"):
            open_checkpoint(name)
