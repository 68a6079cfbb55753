"""Convolutions with their batch norm inside: the EfficientNets of timm, for inference.

In evaluation mode a batch norm is one factor and one shift per channel, which a convolution can
do itself. Same numbers up to rounding: factors are formed in float64.
"""

from __future__ import annotations

import torch.nn.functional as F
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.norm_act import BatchNormAct2d
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, EdgeResidual, InvertedResidual
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

# By class, which convolution is followed at once by which norm.
_PAIRS: dict[type[nn.Module], tuple[tuple[str, str], ...]] = {
    EfficientNetFeatures: (("conv_stem", "bn1"),),
    DepthwiseSeparableConv: (("conv_dw", "bn1"), ("conv_pw", "bn2")),
    InvertedResidual: (("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")),
    EdgeResidual: (("conv_exp", "bn1"), ("conv_pwl", "bn2")),
}


def fold_norms_(encoder: nn.Module) -> None:
    """Replace each convolution and its norm by one `FoldedConv`, where both are of a known kind."""
    for parent in list(encoder.modules()):
        for conv_name, norm_name in _PAIRS.get(type(parent), ()):
            conv, norm = getattr(parent, conv_name), getattr(parent, norm_name)
            if _known(conv) and type(norm) is BatchNormAct2d:
                setattr(parent, conv_name, FoldedConv(conv, norm))
                setattr(parent, norm_name, nn.Identity())


class FoldedConv(nn.Module):
    """A convolution, the norm behind it and the activation of that norm; inference only.

    TensorFlow pads an even map by one more on its far side when it halves it. The same windows
    come of equal padding and a kernel that begins with a row and a column of zeros, without a
    padded copy of the map. An odd map is padded equally: there the zeros are left out.
    """

    def __init__(self, conv: nn.Conv2d, norm: BatchNormAct2d) -> None:
        super().__init__()
        assert norm.running_var is not None
        assert norm.running_mean is not None
        factor = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        shift = norm.bias.double() - norm.running_mean.double() * factor
        if conv.bias is not None:
            shift = shift + conv.bias.double() * factor
        weight = conv.weight.double() * factor[:, None, None, None]
        self.stride, self.padding, self.groups = conv.stride, conv.padding, conv.groups
        self.far_sided = isinstance(conv, Conv2dSame)
        if self.far_sided:
            weight = F.pad(weight, (1, 0, 1, 0))
            self.padding = (conv.kernel_size[0] // 2, conv.kernel_size[1] // 2)
        self.weight = nn.Parameter(weight.detach().to(conv.weight.dtype), requires_grad=False)
        self.bias = nn.Parameter(shift.detach().to(conv.weight.dtype), requires_grad=False)
        self.act = norm.act

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h', w')."""
        weight: Tensor = self.weight
        if self.far_sided:
            weight = weight[:, :, x.shape[2] % 2 :, x.shape[3] % 2 :]
        folded = F.conv2d(x, weight, self.bias, self.stride, self.padding, 1, self.groups)
        out: Tensor = self.act(folded)
        return out


def _known(conv: nn.Module) -> bool:
    """A plain convolution, or one of TensorFlow's padding that halves the map."""
    if type(conv) is Conv2dSame:
        odd = all(side % 2 == 1 for side in conv.kernel_size)
        return odd and tuple(conv.stride) == (2, 2) and tuple(conv.dilation) == (1, 1)
    return type(conv) is nn.Conv2d and tuple(conv.dilation) == (1, 1)
