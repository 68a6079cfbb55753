"""Every stage of one forced answer, by name, so that two implementations can be compared.

The picture, the prompt and the answer are given, the latter two as ids; nothing is chosen by the
model, so a difference between two traces begins at the stage where the implementations differ.
Letters: T image tokens, D width, N [SEG] tokens of the answer, C channels, H W of the input, h w of
a mask.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geoseg.errors import InstructionError, OutputError
from geoseg.segearth.checkpoint import Checkpoint
from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.model import Pixels, SegEarth
from geoseg.segearth.preprocess import letterbox, picture_logits
from geoseg.segearth.prompt import IMAGE, PromptBatch, TextCodec


@torch.inference_mode()
def trace(
    checkpoint: Checkpoint,
    picture: Tensor,
    prompt_ids: Sequence[int | str],
    answer_ids: Sequence[int | str],
    *,
    compat: bool = False,
) -> dict[str, Tensor]:
    """Stages of a (3, H, W) uint8 picture; ids are the tokenizer's, "<image>" stands for the image.

    image_tokens (T, D) after the projector; res2 … res5 (C, H / 4, W / 4) … (C, H / 32, W / 32);
    mask_features (C, H / 4, W / 4); seg_hidden (N, D) after the final norm, at the answer's [SEG];
    queries (N, C); aux_logits (layers + 1, N, h, w), the last of which is mask_logits (N, h, w);
    masks (N, H, W) bool of the picture, or with `compat` of the whole input. InstructionError for
    ids that do not fit the model.
    """
    model, codec = checkpoint.model, checkpoint.codec
    prompt = forced_prompt(prompt_ids, model.config)
    rows, seg_at = forced_answer(answer_ids, codec, model.config)
    pixels, box = letterbox(picture, model.config)
    stages = _stages(model, pixels, prompt, rows, seg_at)
    stages["masks"] = picture_logits(stages["mask_logits"], box, compat=compat) > 0
    return stages


def forced_prompt(ids: Sequence[int | str], config: SegEarthConfig) -> PromptBatch:
    """The prompt of ids around one "<image>"; InstructionError if they do not fit the model."""
    images = [i for i, item in enumerate(ids) if item == IMAGE]
    if len(images) != 1:
        raise InstructionError(
            f'The prompt ids hold "{IMAGE}" {len(images)} times where the model reads one image. '
            "Put the string once, in the place of the image."
        )
    trunk = config.trunk
    rows = config.language.vocab
    before = _checked(ids[: images[0]], rows, "prompt")
    after = _checked(ids[images[0] + 1 :], rows if trunk is None else trunk.vocab, "prompt")
    if not after:
        raise InstructionError(
            f'The prompt ids end with "{IMAGE}": the instruction comes after it. Add its ids.'
        )
    behind = torch.tensor([after])
    mask = torch.ones_like(behind, dtype=torch.bool)
    return PromptBatch(torch.tensor(before, dtype=torch.long), behind, mask)


def forced_answer(
    ids: Sequence[int | str], codec: TextCodec, config: SegEarthConfig
) -> tuple[Tensor, Tensor]:
    """(A,) answer rows of ids, and the (A,) bool that says where [SEG] is.

    InstructionError if they do not fit the model. The end token may be there or not.
    """
    known = codec.answer_token_ids
    checked = _checked(ids, max(known) + 1 if known else config.language.vocab, "answer")
    strange = sorted(set(checked) - set(known)) if known else []
    if strange:
        raise InstructionError(
            f"The answer ids hold {strange[0]}, a token that this model never says: it has "
            f"{len(known)} of the tokenizer's. Use ids of its answer vocabulary."
        )
    rows = torch.tensor(codec.rows(checked), dtype=torch.long)
    seg_at = rows == codec.seg
    if not bool(seg_at.any()):
        id_of_seg = codec.tokenizer.token_to_id(codec.template.seg)
        raise InstructionError(
            f"The answer ids hold no {codec.template.seg} (id {id_of_seg}), so there is no mask "
            "to trace. Force an answer that holds one."
        )
    return rows, seg_at


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """OutputError if something is there and may not be overwritten."""
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already. Choose another name or ask to overwrite it.")


def save_trace(stages: dict[str, Tensor], path: Path, *, overwrite: bool = False) -> None:
    """Write stages as `.npz`, floats in float32; OutputError if that cannot be done."""
    refuse_existing(path, overwrite=overwrite)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    arrays: dict[str, Any] = {
        name: (stage.float() if stage.is_floating_point() else stage).cpu().numpy()
        for name, stage in stages.items()
    }
    try:
        with partial.open("wb") as stream:
            np.savez(stream, **arrays)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"The trace {path} cannot be written: {error}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _stages(
    model: SegEarth, pixels: Pixels, prompt: PromptBatch, rows: Tensor, seg_at: Tensor
) -> dict[str, Tensor]:
    pyramid: list[Tensor] = []
    watch = model.encoder.register_forward_hook(lambda _, __, maps: pyramid.extend(maps))
    try:
        encoded = model.encode(pixels)
    finally:
        watch.remove()
    reading = model.read(encoded.image_tokens, prompt, rows[None], torch.ones_like(rows[None]) > 0)
    seg_hidden = reading.hidden[0, seg_at]
    owner = torch.zeros(len(seg_hidden), dtype=torch.long)
    aux = torch.stack(model.masks(encoded.features, seg_hidden, owner, aux=True))
    levels = zip(model.encoder.strides, pyramid, strict=True)
    return {
        "image_tokens": encoded.image_tokens[0],
        **{f"res{stride.bit_length() - 1}": level[0] for stride, level in levels},
        "mask_features": encoded.features.mask_features[0],
        "seg_hidden": seg_hidden,
        "queries": model.seg_projector(seg_hidden),
        "aux_logits": aux,
        "mask_logits": aux[-1],
    }


def _checked(ids: Sequence[int | str], vocab: int, which: str) -> list[int]:
    """Ids that are whole numbers below `vocab`; InstructionError otherwise."""
    checked: list[int] = []
    for item in ids:
        if not isinstance(item, int) or isinstance(item, bool) or not 0 <= item < vocab:
            raise InstructionError(
                f"The {which} ids hold {item!r}; ids of this model are whole numbers from 0 to "
                f"{vocab - 1}. Encode the text with the checkpoint's tokenizer."
            )
        checked.append(item)
    return checked
