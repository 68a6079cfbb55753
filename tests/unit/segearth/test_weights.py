from __future__ import annotations

import torch
from torch import Tensor

from geoseg.segearth.stored import stored
from geoseg.segearth.weights import Storage, pack, shards, unpack


def _packed(state: dict[str, Tensor], store: dict[str, Storage]) -> dict[str, Tensor]:
    return dict(pack(state.items(), store))


def _unpacked(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    lying = {name: stored(tensor) for name, tensor in packed.items()}
    return {name: tensor.read() for name, tensor in unpack(lying).items()}


def test_int8_rows_read_back_within_their_step() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(50, 64) * torch.logspace(-2, 2, 50)[:, None]
    matrix[3] = 0
    packed = _packed({"m": matrix}, {"": "int8"})
    assert packed["m.int8"].dtype == torch.int8
    assert packed["m.scale"].dtype == torch.float16
    read = _unpacked(packed)["m"]
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert bool(((read - matrix).abs() <= 0.6 * step.clamp_min(2.0**-24)).all())
    assert bool((read[3] == 0).all())


def test_convolutions_keep_their_shape() -> None:
    kernel = torch.randn(8, 3, 3, 3)
    read = _unpacked(_packed({"k": kernel}, {"": "int8"}))["k"]
    assert read.shape == kernel.shape
    torch.testing.assert_close(read, kernel, atol=0.05, rtol=0)


def test_longest_prefix_wins_and_vectors_stay_exact() -> None:
    state = {
        "trunk.w": torch.randn(4, 4),
        "trunk.head.w": torch.randn(4, 4),
        "trunk.b": torch.randn(4),
        "other.w": torch.randn(4, 4),
        "steps": torch.tensor(7),
    }
    packed = _packed(state, {"trunk.": "int8", "trunk.head.": "fp16"})
    assert set(packed) == {"trunk.w.int8", "trunk.w.scale", *state} - {"trunk.w"}
    assert packed["trunk.head.w"].dtype == torch.float16
    assert torch.equal(packed["trunk.b"], state["trunk.b"])
    assert torch.equal(packed["other.w"], state["other.w"])
    read = _unpacked(packed)
    assert read["steps"] == 7
    assert read["trunk.head.w"].dtype == torch.float16


def test_a_kept_tensor_stays_as_it_came() -> None:
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        matrix = torch.randn(4, 4).to(dtype)
        packed = _packed({"m": matrix}, {"": "kept"})["m"]
        assert packed.dtype == dtype
        assert torch.equal(packed, matrix)


def test_shards_keep_order_and_limit() -> None:
    packed = {f"t{i}": torch.zeros(1000) for i in range(10)}
    groups = list(shards(packed.items(), limit=2**17 + 10_000))
    assert [len(g) for g in groups] == [2, 2, 2, 2, 2]
    assert [name for g in groups for name in g] == list(packed)
    assert [len(g) for g in shards([("big", torch.zeros(10**6))], limit=10)] == [1]
