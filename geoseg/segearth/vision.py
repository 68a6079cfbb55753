"""The two eyes of SegEarth-R2: one looks for the language model, one for the masks.

`SiglipTower` turns the 384 px view into the tokens the language model reads (SegEarth-R2,
section 4; SigLIP-SO400M/14). `HierarchicalEncoder` turns the full window into maps from fine to
coarse for the pixel decoder (Swin-B in the paper, any timm pyramid here). `PooledTokens` makes
language tokens from such maps, so that a small model can live with one eye.

Letters: B batch, T image tokens, D width, C channels of a map, H W pixels, h w cells.
"""

from collections.abc import Mapping
from typing import Any, cast

import timm
import torch
import torch.nn.functional as F
from timm.models.swin_transformer import SwinTransformerBlock, window_partition, window_reverse
from torch import Tensor, nn
from transformers import SiglipVisionConfig, SiglipVisionModel

from geoseg.segearth.constants import constant
from geoseg.segearth.positions import sine_positions


class SiglipTower(nn.Module):
    """Pixels (B, 3, H, W) in [-1, 1], H = W = image_size, to tokens (B, T, D).

    The tower ends at the last layer it is given: the published model reads layer 26 of 27, before
    the final norm and the pooling head, so neither is built. With patch 14 a 384 px view has
    27 x 27 tokens and its last 6 rows and columns of pixels are never seen.
    """

    def __init__(
        self,
        hidden: int = 1152,
        layers: int = 26,
        heads: int = 16,
        mlp: int = 4304,
        *,
        image_size: int = 384,
        patch: int = 14,
    ) -> None:
        super().__init__()
        config = SiglipVisionConfig(
            hidden_size=hidden,
            intermediate_size=mlp,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            image_size=image_size,
            patch_size=patch,
            hidden_act="gelu_pytorch_tanh",
            layer_norm_eps=1e-6,
            vision_use_head=False,
        )
        siglip = SiglipVisionModel(config)
        self.embeddings = siglip.embeddings
        self.encoder = siglip.encoder

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, T, D), tokens row by row."""
        return cast(Tensor, self.encoder(self.embeddings(pixels)).last_hidden_state)


class HierarchicalEncoder(nn.Module):
    """Pixels (B, 3, H, W), normalised, any H and W, to maps (B, C, h, w) from fine to coarse.

    `name` is a timm model, `out_indices` its stages; `output_norms` adds one LayerNorm per map,
    which the Swin of the paper has and timm's lacks. `options` go to timm as they are.
    """

    def __init__(
        self,
        name: str,
        out_indices: tuple[int, ...],
        output_norms: bool,
        *,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        is_swin = name.startswith("swin_")
        given: dict[str, Any] = {**(_SWIN_OPTIONS if is_swin else {}), **(options or {})}
        self.body = timm.create_model(
            name, pretrained=False, features_only=True, out_indices=out_indices, **given
        )
        for module in self.body.modules():
            if isinstance(module, SwinTransformerBlock):
                # timm's stages name their block class themselves: no argument replaces it.
                module.__class__ = PadThenRollBlock
        stages: Any = self.body.feature_info
        self.channels: tuple[int, ...] = tuple(stages.channels())
        self.strides: tuple[int, ...] = tuple(stages.reduction())
        self.norms = nn.ModuleList(nn.LayerNorm(c) for c in self.channels if output_norms)
        # Swin cuts the picture into whole patches, and pads it to them.
        self._multiple = self.strides[0] if is_swin else 1
        self._channels_last = is_swin

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W) to one (B, C, h, w) per stage, fine to coarse."""
        height, width = pixels.shape[-2:]
        pixels = F.pad(pixels, (0, -width % self._multiple, 0, -height % self._multiple))
        maps = list(self.body(pixels))
        if self._channels_last:
            maps = [x.permute(0, 3, 1, 2) for x in maps]  # (B, C, h, w)
        if self.norms:
            pairs = zip(self.norms, maps, strict=True)
            maps = [norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) for norm, x in pairs]
        return tuple(maps)


# Windows keep their size on small maps, and every odd block shifts. Drop path is for pre-training.
_SWIN_OPTIONS = {"always_partition": True, "strict_img_size": False, "drop_path_rate": 0.0}


class PadThenRollBlock(SwinTransformerBlock):
    """A Swin block that pads a map to whole windows before it shifts it, as the original does.

    timm shifts first, which moves the padding into the middle of the map whenever the map is not
    a multiple of the window: 1024 px never is for windows of 12. Letters: P windows of a picture,
    N cells of a window, M heads.
    """

    def _attn(self, x: Tensor) -> Tensor:
        """Windowed attention over x (B, h, w, C), already normalised."""
        batch, height, width, channels = x.shape
        window, shift = self.window_size, self.shift_size
        x = F.pad(x, (0, 0, 0, -width % window[1], 0, -height % window[0]))
        padded_height, padded_width = x.shape[1:3]
        bias = self.attn._get_rel_pos_bias()  # (1, M, N, N)
        if any(shift):
            mask = shift_mask((padded_height, padded_width), window, shift, x.dtype, x.device)
            # (B * P, M, N, N); one picture alone needs no copy.
            bias = (bias + mask[:, None]).expand(batch, -1, -1, -1, -1).flatten(0, 1)
            x = torch.roll(x, (-shift[0], -shift[1]), dims=(1, 2))
        windows = window_partition(x, window).view(-1, self.window_area, channels)
        windows = self._within(windows, bias).view(-1, *window, channels)
        x = cast(Tensor, window_reverse(windows, window, padded_height, padded_width))
        if any(shift):
            x = torch.roll(x, shift, dims=(1, 2))
        return x[:, :height, :width]

    def _within(self, windows: Tensor, bias: Tensor) -> Tensor:
        """Attention within each of the windows (B * P, N, C)."""
        count, cells, _ = windows.shape
        qkv = self.attn.qkv(windows).view(count, cells, 3, self.attn.num_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # (B * P, M, N, C / M) each
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return cast(Tensor, self.attn.proj(mixed.transpose(1, 2).reshape(windows.shape)))


@constant
def shift_mask(
    size: tuple[int, int],
    window: tuple[int, int],
    shift: tuple[int, int],
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """(P, N, N) to add to attention in a shifted map of `size`: -100 between what is not adjacent.

    Shifting brings the first rows and columns behind the last. The tensor is shared.
    """
    rows, columns = (
        _stretches(n, w, s, device) for n, w, s in zip(size, window, shift, strict=True)
    )
    regions = (3 * rows[:, None] + columns).view(1, *size, 1)
    regions = window_partition(regions, window).flatten(1)  # (P, N)
    return -100.0 * (regions[:, None] != regions[:, :, None]).to(dtype)


def _stretches(length: int, window: int, shift: int, device: torch.device) -> Tensor:
    """(length,) 0 to 2: whole windows; then in the last one what was there, and what came in."""
    from_end = length - torch.arange(length, device=device)
    return (from_end <= window).long() + (from_end <= shift)


class PooledTokens(nn.Module):
    """Maps of one encoder, fine (B, C, 2h, 2w) and coarse (B, C', h, w), to tokens (B, h * w, D).

    Each cell of the coarse map becomes a token that also knows the mean of the finer cells in it
    and its own place. Our addition: the paper's language model has SigLIP.
    """

    def __init__(self, fine_channels: int, coarse_channels: int, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.project = nn.Sequential(
            nn.Linear(fine_channels + coarse_channels, dim), nn.GELU(), nn.Linear(dim, dim)
        )

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(B, C, 2h, 2w) and (B, C', h, w) to (B, h * w, D), tokens row by row."""
        height, width = coarse.shape[-2:]
        cells = torch.cat((F.adaptive_avg_pool2d(fine, (height, width)), coarse), dim=1)
        tokens = self.project(cells.flatten(2).transpose(1, 2))  # (B, h * w, D)
        places = sine_positions(height, width, self.dim, device=tokens.device)
        return cast(Tensor, tokens + places.to(tokens.dtype))
