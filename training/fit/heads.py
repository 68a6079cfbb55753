"""SAM or SAM 2 in place of the Mask2Former head, with their own encoder. Paper: Table 6.

The projected state of a ``[SEG]`` is the one sparse prompt that the SAM decoder gets: no points, no
boxes, and a single mask. Its encoder is frozen, as the paper's are; projection and decoder learn.
The language side keeps its own eye.

Letters: B pictures, N targets, D width of the language model, C of a prompt, h w cells.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Sam2Config, Sam2Model, SamConfig, SamModel

from geoseg.errors import CheckpointError
from geoseg.segearth.model import Pixels, SegEarth
from geoseg.segearth.preprocess import from_views
from training.fit.batches import Batch, Counts
from training.fit.lesson import Lesson, Prediction, mask_terms

Head = Literal["sam", "sam2"]

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class SegmentHead(nn.Module):
    """A SAM of either kind that is asked by states of the language model."""

    sam: Any

    def __init__(self, sam: SamModel | Sam2Model, hidden: int) -> None:
        super().__init__()
        self.sam = sam
        self.project = nn.Linear(hidden, self.sam.config.prompt_encoder_config.hidden_size)

    def look(self, rgb: Tensor) -> list[Tensor]:
        """(B, 3, S, S) uint8 pictures to maps (B, C_i, h_i, w_i), the one that is asked last."""
        side = self.sam.config.vision_config.image_size if self._first else self._side()
        sized = F.interpolate(rgb.float(), (side, side), mode="bilinear", antialias=True)
        mean, std = (torch.tensor(v, device=rgb.device)[:, None, None] for v in (_MEAN, _STD))
        pixels = (sized - mean) / std
        if self._first:
            return [self.sam.vision_encoder(pixels).last_hidden_state]
        maps = list(self.sam.vision_encoder(pixels).fpn_hidden_states)
        # The two finer maps are narrowed by layers that belong to the decoder.
        maps[0] = self.sam.mask_decoder.conv_s0(maps[0])
        maps[1] = self.sam.mask_decoder.conv_s1(maps[1])
        coarse = maps[-1] + self.sam.no_memory_embedding.view(1, -1, 1, 1)
        return [*maps[:-1], coarse]

    def forward(self, maps: list[Tensor], states: Tensor, owner: Tensor) -> Tensor:
        """States (N, D) of pictures `owner` (N,) to logits (N, h, w)."""
        *finer, asked = [each[owner] for each in maps]
        if not len(states):
            return asked.new_zeros(0, 4 * asked.shape[2], 4 * asked.shape[3])
        prompts = self.project(states)[:, None, None]  # (N, 1, 1, C)
        nothing = self.sam.prompt_encoder.no_mask_embed.weight.view(1, -1, 1, 1)
        places = self.sam.get_image_wide_positional_embeddings()
        extra: dict[str, Any] = {} if self._first else {"high_resolution_features": finer}
        logits = self.sam.mask_decoder(
            image_embeddings=asked,
            image_positional_embeddings=places.expand(len(asked), -1, -1, -1),
            sparse_prompt_embeddings=prompts,
            dense_prompt_embeddings=nothing.expand_as(asked),
            multimask_output=False,
            **extra,
        )[0]
        found: Tensor = logits[:, 0, 0]  # (N, 1, 1, h, w)
        return found

    @property
    def _first(self) -> bool:
        """Whether this is the first SAM."""
        return isinstance(self.sam, SamModel)

    def _side(self) -> int:
        return int(self.sam.config.prompt_encoder_config.image_size)


def add_head(model: SegEarth, head: Head, folder: str) -> None:
    """Give a model a SAM beside what it has; CheckpointError if its folder holds none."""
    sam = open_sam(head, folder)
    model.segment_head = SegmentHead(sam, model.config.language.hidden)


def open_sam(head: Head, folder: str) -> SamModel | Sam2Model:
    """A SAM from a folder of the transformers library; without one a tiny one of random weights.

    CheckpointError if the folder holds none.
    """
    return _pretrained(head, folder) if folder else _tiny(head)


def _pretrained(head: Head, folder: str) -> SamModel | Sam2Model:
    if not (Path(folder) / "config.json").is_file():
        raise CheckpointError(
            f"The folder {folder} holds no model of the transformers library. Give one with "
            "config.json and model.safetensors."
        )
    kind: Any = SamModel if head == "sam" else Sam2Model
    loaded: SamModel | Sam2Model = kind.from_pretrained(folder, local_files_only=True)
    return loaded


def _tiny(head: Head) -> SamModel | Sam2Model:
    """A few numbers wide, with random weights: for tests and smoke runs."""
    decoder = {
        "hidden_size": 32,
        "num_attention_heads": 2,
        "mlp_dim": 32,
        "iou_head_hidden_dim": 32,
    }
    if head == "sam":
        vision = {
            "hidden_size": 32,
            "output_channels": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 128,
            "patch_size": 16,
            "mlp_dim": 64,
            "window_size": 4,
            "global_attn_indexes": [1],
            "num_pos_feats": 16,
        }
        prompt = {"hidden_size": 32, "image_size": 128, "patch_size": 16}
        return SamModel(
            SamConfig(
                vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder
            )
        )
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "num_attention_heads": 1,
        "image_size": [128, 128],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 2, 2, 2],
        "window_size_per_stage": [4, 4, 4, 4],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    prompt = {"hidden_size": 32, "image_size": 128, "patch_size": 16}
    return Sam2Model(
        Sam2Config(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder)
    )


class HeadLesson(Lesson):
    """A lesson whose masks come from the SAM that the model was given."""

    def look(self, batch: Batch) -> tuple[Tensor, Any]:
        """(B, T, D) image tokens, and the SAM's maps of the same pictures."""
        tokens = image_tokens(self.model, from_views(batch.views, self.model.config))
        return tokens, self._head().look(batch.views.segmentation)

    def mask_losses(
        self, features: Any, states: Tensor, batch: Batch, counts: Counts
    ) -> tuple[Tensor, Tensor, Tensor]:
        """L_b and L_d of the one prediction there is."""
        logits = self._head()(features, states, batch.owner)
        with torch.autocast(states.device.type, enabled=False):
            mask, dice = mask_terms([logits.float()], batch, counts.masks, self.losses.points)
        return mask, dice, mask.new_zeros(())

    def masks(self, features: Any, states: Tensor) -> Prediction:
        """What is found at the states (M, D) of a batch of one."""
        owner = torch.zeros(len(states), dtype=torch.long, device=states.device)
        logits = self._head()(features, states, owner)[:, None]
        return Prediction(logits, logits.new_ones(len(states), 1))

    def _head(self) -> SegmentHead:
        head = self.model.segment_head
        assert isinstance(head, SegmentHead), "add_head comes first"
        return head


def image_tokens(model: SegEarth, pixels: Pixels) -> Tensor:
    """(B, T, D) tokens alone, without the mask side's features."""
    if model.tower is not None:
        tokens: Tensor = model.image_tokens(model.tower(pixels.language))
        return tokens
    pyramid = model.encoder(pixels.segmentation)
    pooled: Tensor = model.image_tokens(pyramid[-2], pyramid[-1])
    return pooled
