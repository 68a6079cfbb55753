import json
from functools import partial

import torch

from training.nano.parallel import Group, joined, together


def _member(folder, group):
    with joined(group, folder / "meeting"):
        tensors = [torch.full((2, 2), float(group.rank + 1)), torch.tensor([10.0 * group.rank])]
        group.add_up(tensors)
    (folder / f"{group.rank}.json").write_text(json.dumps([t.flatten().tolist() for t in tensors]))


def test_every_process_gets_the_sum(tmp_path):
    together(partial(_member, tmp_path), 2)
    for rank in (0, 1):
        assert json.loads((tmp_path / f"{rank}.json").read_text()) == [[3.0] * 4, [10.0]]


def test_one_process_alone_sums_nothing(tmp_path):
    tensor = torch.ones(3)
    with joined(Group(), tmp_path / "unused"):
        Group().add_up([tensor])
    assert tensor.tolist() == [1.0, 1.0, 1.0]
