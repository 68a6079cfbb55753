"""Writes tiny checkpoints in the authors' layouts."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from torch import Tensor

from tests.unit.segearth.convert.oracles import facts

State = dict[str, Tensor]
END = "<|endoftext|>"
SEG_ID = 261


def write_text(folder: Path, *, seg: bool = True) -> None:
    """vocab.json and merges.txt of a byte-level BPE, `[SEG]` in added_tokens.json."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, "bu", "il", "Ġbu", END]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\nb u\ni l\nĠ bu\n")
    added = {"    ": 260, **({"[SEG]": SEG_ID} if seg else {})}
    (folder / "added_tokens.json").write_text(json.dumps(added))


def write_tokenizer_json(folder: Path) -> None:
    """The same tokenizer in one file, without `[SEG]`, as the base model ships it."""
    vocab = folder / "vocab.json"
    tokenizer = Tokenizer(BPE.from_file(str(vocab), str(folder / "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    vocab.unlink()


def write_safetensors(folder: Path, state: State, *, shards: int = 1) -> Path:
    """model.safetensors, or shards and their index."""
    _write_config(folder)
    if shards == 1:
        save_file(state, folder / "model.safetensors")
        return folder
    places = {}
    for i, part in enumerate(_split(state, shards), 1):
        file = f"model-{i:05d}-of-{shards:05d}.safetensors"
        save_file(part, folder / file)
        places |= dict.fromkeys(part, file)
    _write_index(folder / "model.safetensors.index.json", places)
    return folder


def write_bins(folder: Path, state: State, *, shards: int = 2) -> Path:
    """pytorch_model-*.bin and their index."""
    _write_config(folder)
    places = {}
    for i, part in enumerate(_split(state, shards), 1):
        file = f"pytorch_model-{i:05d}-of-{shards:05d}.bin"
        torch.save(part, folder / file)
        places |= dict.fromkeys(part, file)
    _write_index(folder / "pytorch_model.bin.index.json", places)
    return folder


def write_mask2former(path: Path, state: State) -> Path:
    """The mask side of a published state as detectron2 pickles it: older names, numpy arrays."""
    model = {}
    for name, tensor in state.items():
        if name.startswith("model.vision_tower_mask."):
            name = name.replace("model.vision_tower_mask.", "backbone.")
        elif name.startswith(("pixel_decoder.", "predictor.")):
            for layer in ("adapter_1", "layer_1"):
                name = name.replace(f"{layer}.0.", f"{layer}.").replace(
                    f"{layer}.1.", f"{layer}.norm."
                )
            name = f"sem_seg_head.{name.replace('query_feat', 'static_query')}"
        else:
            continue
        model[name] = tensor.numpy()
    model["criterion.empty_weight"] = torch.ones(134).numpy()
    with path.open("wb") as stream:
        pickle.dump({"model": model, "__author__": "nobody", "matching_heuristics": True}, stream)
    return path


def _split(state: State, count: int) -> list[State]:
    names = sorted(state)
    return [{name: state[name] for name in names[i::count]} for i in range(count)]


def _write_config(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(facts()))


def _write_index(path: Path, places: dict[str, str]) -> None:
    path.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": places}))
