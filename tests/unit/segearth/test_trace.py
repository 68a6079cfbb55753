"""Stages are what the modules give, called one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from geoseg.errors import InstructionError, OutputError
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.preprocess import Letterbox, letterbox, picture_logits
from geoseg.segearth.trace import save_trace, trace
from tests.unit.segearth.tiny_r2 import VOCAB, tiny_r2
from tests.unit.segearth.tinytalk import tiny_codec, tiny_config, tiny_model, tiny_tokenizer

PICTURE = torch.randint(
    0, 256, (3, 40, 90), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return tiny_r2()


@pytest.fixture(scope="module")
def prompt_ids(checkpoint: Checkpoint) -> list[int | str]:
    prompt = checkpoint.codec.encode_prompt(["find the runway"])
    return [*prompt.before.tolist(), "<image>", *prompt.after[0].tolist()]


@pytest.fixture(scope="module")
def answer_ids(checkpoint: Checkpoint) -> list[int]:
    return list(checkpoint.codec.encode_answer("a <p>runway</p>[SEG] and <p>grass</p>[SEG]."))


@pytest.fixture(scope="module")
def stages(
    checkpoint: Checkpoint, prompt_ids: list[int | str], answer_ids: list[int]
) -> dict[str, Tensor]:
    return trace(checkpoint, PICTURE, prompt_ids, answer_ids)


def test_shapes_are_those_of_the_picture_the_answer_and_the_model(stages) -> None:
    assert {name: tuple(stage.shape) for name, stage in stages.items()} == {
        "image_tokens": (4, 32),
        "res2": (16, 16, 16),
        "res3": (32, 8, 8),
        "res4": (64, 4, 4),
        "res5": (128, 2, 2),
        "mask_features": (16, 16, 16),
        "seg_hidden": (2, 32),
        "queries": (2, 32),
        "aux_logits": (10, 2, 16, 16),
        "mask_logits": (2, 16, 16),
        "masks": (2, 40, 90),
    }


@torch.inference_mode()
def test_stages_equal_the_modules_called_one_by_one(
    checkpoint: Checkpoint, stages: dict[str, Tensor], answer_ids: list[int]
) -> None:
    model, codec = checkpoint.model, checkpoint.codec
    pixels, box = letterbox(PICTURE, model.config)
    pyramid = model.encoder(pixels.segmentation)
    tokens = model.image_tokens(model.tower(pixels.language))
    features = model.pixel_decoder(pyramid)
    prompt = codec.encode_prompt(["find the runway"])
    answer = torch.tensor([answer_ids])
    embeds = [prompt.before[None], None, prompt.after, answer]
    spliced = torch.cat([tokens if e is None else model.language.embed(e) for e in embeds], dim=1)
    states = model.language.phi(inputs_embeds=spliced).last_hidden_state
    seg_hidden = states[0, spliced.shape[1] - len(answer_ids) :][answer[0] == codec.seg]
    queries = model.seg_projector(seg_hidden)
    logits = model.mask_decoder(queries, torch.zeros(2, dtype=torch.long), features)
    expected = {
        "image_tokens": tokens[0],
        **{f"res{i}": level[0] for i, level in enumerate(pyramid, start=2)},
        "mask_features": features.mask_features[0],
        "seg_hidden": seg_hidden,
        "queries": queries,
        "aux_logits": torch.stack(logits),
        "mask_logits": logits[-1],
    }
    for name, stage in expected.items():
        torch.testing.assert_close(stages[name], stage, atol=1e-5, rtol=1e-5)
    assert torch.equal(stages["masks"], picture_logits(stages["mask_logits"], box) > 0)


@torch.inference_mode()
def test_stages_are_pieces_of_read_and_masks(
    checkpoint: Checkpoint, stages: dict[str, Tensor], answer_ids: list[int]
) -> None:
    model, codec = checkpoint.model, checkpoint.codec
    encoded = model.encode(letterbox(PICTURE, model.config)[0])
    answer = torch.tensor([answer_ids])
    prompt = codec.encode_prompt(["find the runway"])
    reading = model.read(encoded.image_tokens, prompt, answer, torch.ones_like(answer).bool())
    hidden = reading.hidden[0, answer[0] == codec.seg]
    assert torch.equal(stages["seg_hidden"], hidden)
    owner = torch.zeros(2, dtype=torch.long)
    (final,) = model.masks(encoded.features, hidden, owner, aux=False)
    torch.testing.assert_close(stages["mask_logits"], final, atol=1e-4, rtol=1e-4)


def test_compat_masks_are_those_of_the_whole_input(
    checkpoint: Checkpoint, prompt_ids: list[int | str], answer_ids: list[int], stages
) -> None:
    compat = trace(checkpoint, PICTURE, prompt_ids, answer_ids, compat=True)
    assert compat["masks"].shape == (2, 64, 64)
    box = Letterbox(40, 90, 64)
    whole = picture_logits(stages["mask_logits"], box, compat=True) > 0
    assert torch.equal(compat["masks"], whole)
    assert torch.equal(compat["mask_logits"], stages["mask_logits"])


def test_a_model_with_one_eye_is_traced_too() -> None:
    codec = tiny_codec(tiny_tokenizer())
    checkpoint = Checkpoint(tiny_model(tiny_config(codec)), codec, "0" * 64)
    ids = codec.tokenizer.encode("the road", add_special_tokens=False).ids
    words = codec.tokenizer.encode("<p>road</p>[SEG]", add_special_tokens=False).ids
    stages = trace(checkpoint, PICTURE, ["<image>", 2, *ids, 3], words)
    assert "res1" in stages
    assert stages["mask_logits"].shape[0] == 1
    with pytest.raises(InstructionError, match="never says"):
        trace(checkpoint, PICTURE, ["<image>", 2, *ids, 3], [2, *words])


@pytest.mark.parametrize(
    ("prompt", "answer", "said"),
    [
        ([5, 6], [1], r'"<image>" 0 times'),
        (["<image>", 5, "<image>"], [1], r'"<image>" 2 times'),
        ([5, "<image>"], [1], "end with"),
        (["<image>", -200], [1], "hold -200"),
        (["<image>", VOCAB], [1], f"hold {VOCAB}; .* 0 to {VOCAB - 1}"),
        (["<image>", "refer"], [1], "hold 'refer'"),
        (["<image>", True], [1], "hold True"),
        (["<image>", 5], ["<image>"], "answer ids hold '<image>'"),
        (["<image>", 5], [1, 2], r"no \[SEG\] \(id 5\d\d\)"),
        (["<image>", 5], [], r"no \[SEG\]"),
    ],
)
def test_ids_that_do_not_fit_are_refused(checkpoint: Checkpoint, prompt, answer, said) -> None:
    with pytest.raises(InstructionError, match=said):
        trace(checkpoint, PICTURE, prompt, answer)


def test_traces_round_trip_through_files(stages: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    save_trace(stages, path)
    with np.load(path) as read:
        assert set(read) == set(stages)
        for name, stage in stages.items():
            np.testing.assert_array_equal(read[name], stage.numpy())
    with pytest.raises(OutputError, match="exists already"):
        save_trace(stages, path)
    save_trace({"queries": stages["queries"].bfloat16()}, path, overwrite=True)
    with np.load(path) as read:
        assert read["queries"].dtype == np.float32
    assert [file.name for file in tmp_path.iterdir()] == ["trace.npz"]
    with pytest.raises(OutputError, match="cannot be written"):
        save_trace(stages, tmp_path / "nowhere" / "trace.npz")
