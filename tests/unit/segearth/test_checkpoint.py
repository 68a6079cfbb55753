from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from geoseg.errors import CheckpointError, OutputError
from geoseg.segearth.checkpoint import checkpoint_hash, load, save
from geoseg.segearth.model import Pixels, SegEarth


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory, model: SegEarth, tokenizer: Tokenizer
) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    save(model, folder, tokenizer.to_str(), "# Tiny\n", store={"": "fp32"})
    return folder


def test_a_folder_round_trips(written: Path, model: SegEarth) -> None:
    names = sorted(path.name for path in written.iterdir())
    assert names == [
        "MODEL_CARD.md",
        "SHA256SUMS",
        "config.json",
        "tokenizer.json",
        "weights-00001-of-00001.safetensors",
    ]
    assert len({path.stat().st_mode for path in written.iterdir()}) == 1
    read = load(written)
    assert read.model.config == model.config
    assert not read.model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(read.model.state_dict()[name], tensor), name
    assert read.hash == checkpoint_hash(written)
    assert (
        read.codec.decode_answer(read.codec.encode_answer("<p>road</p>[SEG]")).count("[SEG]") == 1
    )


def test_equal_weights_have_equal_hashes(
    written: Path, tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    again = save(model, tmp_path / "a", tokenizer.to_str(), "another card", store={"": "fp32"})
    other = save(model, tmp_path / "b", tokenizer.to_str(), "", store={"": "fp16"})
    assert again == checkpoint_hash(written)
    assert other != again


def test_int8_trunk_barely_changes_the_model(
    tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    folder = tmp_path / "small"
    save(model, folder, tokenizer.to_str(), "", store={"": "fp16", "trunk.": "int8"})
    read = load(folder)
    prompt = read.codec.encode_prompt(["the buildings"])
    with torch.no_grad():
        encoded = model.encode(Pixels(torch.randn(1, 3, 64, 64)))
        ids, mask = read.codec.encode_answers(["[SEG]"])
        exact = model.read(encoded.image_tokens, prompt, ids, mask).logits
        stored = read.model.read(encoded.image_tokens, prompt, ids, mask).logits
    torch.testing.assert_close(stored, exact, atol=1e-2, rtol=0)


def test_nothing_is_overwritten_unasked(
    written: Path, tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "tiny"))
    with pytest.raises(OutputError, match="exists already"):
        save(model, folder, tokenizer.to_str(), "", store={})
    save(model, folder, tokenizer.to_str(), "new", store={}, overwrite=True)
    assert (folder / "MODEL_CARD.md").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_unwritable_place_is_an_output_error(
    tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        save(model, tmp_path / "file" / "tiny", tokenizer.to_str(), "", store={})


WEIGHTS = "weights-00001-of-00001.safetensors"


def _resum(folder: Path) -> None:
    """Sums as if the damaged files had been written so: the checks behind them must hold too."""
    lines = []
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        name = line.rpartition(" ")[2]
        if (folder / name).is_file():
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines.append(f"{digest}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))


def _config(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    data = json.loads((folder / "config.json").read_text())
    change(data)
    (folder / "config.json").write_text(json.dumps(data))


def _tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "is not there"),
    "no config": (lambda f: (f / "config.json").unlink(), "holds no config.json"),
    "config not JSON": (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
    "config of others": (lambda f: (f / "config.json").write_text("{}"), "format_version None"),
    "config a list": (lambda f: (f / "config.json").write_text("[]"), "format_version None"),
    "later format": (lambda f: _config(f, lambda d: d.update(format_version=2)), "version 2"),
    "no weights named": (lambda f: _config(f, lambda d: d.pop("weights")), "names no weight"),
    "no model": (lambda f: _config(f, lambda d: d.pop("model")), "lacks"),
    "shard missing": (lambda f: (f / WEIGHTS).unlink(), f"lacks its file {WEIGHTS}"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "lacks its file tokenizer.json"),
    "tokenizer broken": (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer .* cannot"),
    "no sums": (lambda f: (f / "SHA256SUMS").unlink(), "lacks its file SHA256SUMS"),
    "weights no safetensors": (lambda f: (f / WEIGHTS).write_bytes(b"PK" * 99), "cannot be read"),
    "weights cut": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-50]),
        "cannot be read",
    ),
    "tensor missing": (
        lambda f: _tensors(f, lambda t: t.pop("seg_projector.weight")),
        "1 missing, such as seg_projector.weight",
    ),
    "tensor too many": (
        lambda f: _tensors(f, lambda t: t.update(extra=torch.zeros(1))),
        "1 unexpected, such as extra",
    ),
    "tensor of another shape": (
        lambda f: _tensors(f, lambda t: t.update({"seg_projector.bias": torch.zeros(1)})),
        r"1 of another shape, such as seg_projector.bias \(\(1,\) where \(32,\) is needed\)",
    ),
    "scale missing": (
        lambda f: _tensors(f, lambda t: t.update({"x.int8": torch.zeros(2, 2, dtype=torch.int8)})),
        "lacks the tensor 'x.scale'",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(damage: str, written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "tiny"))
    harm, message = DAMAGES[damage]
    harm(folder)
    if (folder / "SHA256SUMS").is_file():
        _resum(folder)
    with pytest.raises(CheckpointError, match=message):
        load(folder)


def test_flipped_bits_are_found(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "tiny"))
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=f"not as they were written: {WEIGHTS}"):
        load(folder)
    with pytest.raises(CheckpointError, match="not as they were written"):
        checkpoint_hash(folder)


def test_tokenizer_of_another_model_is_refused(
    tmp_path: Path, model: SegEarth, tokenizer: Tokenizer
) -> None:
    foreign = Tokenizer.from_str(tokenizer.to_str().replace("[SEG]", "[MASK]"))
    with pytest.raises(CheckpointError, match=r"\[SEG\]"):
        save(model, tmp_path / "tiny", foreign.to_str(), "", store={})
