"""Several processes that train one model: each takes its share of a step's batches.

On a CPU shared with other work, processes of one thread each lose far less time than one process
of several threads, which wait for each other thousands of times a step.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed

_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Group:
    """This process among those that train together."""

    rank: int = 0
    """0 is the one that logs, saves and examines."""

    size: int = 1

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, in place."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        parts = flat.split([tensor.numel() for tensor in tensors])
        with torch.no_grad():
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view_as(tensor))


@contextmanager
def joined(group: Group, meeting: Path) -> Iterator[None]:
    """Meet the other processes at a file that none of them has used before."""
    if group.size == 1:
        yield
        return
    store = distributed.FileStore(str(meeting), group.size)
    distributed.init_process_group(
        "gloo", store=store, rank=group.rank, world_size=group.size, timeout=_PATIENCE
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def together(member: Callable[[Group], None], size: int) -> None:
    """Run `member` in `size` processes, this one being rank 0; returns when all have ended."""
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_apart, args=(member, Group(rank, size))) for rank in range(1, size)
    ]
    for process in others:
        process.start()
    try:
        member(Group(0, size))
    except BaseException:
        for process in others:
            process.terminate()
        raise
    for process in others:
        process.join()


def _apart(member: Callable[[Group], None], group: Group) -> None:
    # A session of its own: Ctrl-C reaches rank 0 alone, which tells the others when to stop.
    os.setsid()
    member(group)
