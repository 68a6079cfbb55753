from __future__ import annotations

import torch

from geoseg.segearth.assembly import assemble, hollow
from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import SegEarth
from geoseg.segearth.stored import stored


def test_a_hollow_model_has_its_tables_and_no_weights() -> None:
    model = hollow(PRESETS["r2"])
    assert all(parameter.is_meta for parameter in model.parameters())
    assert not any(table.is_meta for table in model.buffers())
    assert sum(p.numel() for p in model.parameters()) > 3e9
    later = torch.nn.Linear(2, 2)
    assert not later.weight.is_meta


def test_an_assembled_model_answers_as_the_one_it_came_from(model: SegEarth) -> None:
    tensors = {name: stored(tensor) for name, tensor in model.state_dict().items()}
    again = assemble(model.config, tensors, "memory")
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(again.encoder(pixels)[-1], model.encoder(pixels)[-1])
    tables = dict(model.named_buffers())
    for name, table in again.named_buffers():
        assert torch.equal(table, tables[name]), name


def test_half_precision_leaves_the_tables_of_the_model_exact(model: SegEarth) -> None:
    tensors = {name: stored(tensor) for name, tensor in model.state_dict().items()}
    half = assemble(model.config, tensors, "memory", dtype=torch.bfloat16)
    assert {p.dtype for p in half.parameters()} == {torch.bfloat16}
    assert half.language.phi.rotary_emb.inv_freq.dtype == torch.float32
