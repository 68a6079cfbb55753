import torch

from training.checkpoint import optimizer_moments, restore_moments


def test_moments_go_where_their_parameter_is():
    here = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([here])
    here.grad = torch.ones(3)
    optimizer.step()
    kept = optimizer_moments(optimizer, {here: "a"})
    there = torch.nn.Parameter(torch.ones(3, device="meta"))
    other = torch.optim.AdamW([there])
    restore_moments(other, {"a": there}, kept)
    devices = {key: value.device.type for key, value in other.state[there].items()}
    assert devices == {"step": "cpu", "exp_avg": "meta", "exp_avg_sq": "meta"}
