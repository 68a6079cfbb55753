import torch
from torch import Tensor

from geoseg.segearth.constants import constant

_calls: list[int] = []


@constant
def _ramp(length: int, *, device: torch.device) -> Tensor:
    _calls.append(length)
    return torch.arange(length, dtype=torch.float32, device=device)


def test_each_size_is_made_once_and_usable_in_training() -> None:
    cpu = torch.device("cpu")
    with torch.inference_mode():
        first = _ramp(3, device=cpu)
        assert _ramp(3, device=cpu) is first
        _ramp(4, device=cpu)
    assert _calls == [3, 4]
    weight = torch.ones(3, requires_grad=True)
    (weight * first).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [0.0, 1.0, 2.0]


def test_devices_do_not_share() -> None:
    assert _ramp(5, device=torch.device("meta")).device.type == "meta"
    assert _ramp(5, device=torch.device("cpu")).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
