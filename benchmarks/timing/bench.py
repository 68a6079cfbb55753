"""Ways of asking, timed in turn, and the memory that each needs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.timing.clock import Clock, now
from benchmarks.timing.subjects import Subject
from benchmarks.timing.ways import Answers, Way, ask, device_of
from geoseg.segearth.memory import keep_freed, release_freed


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to be timed."""

    way: Way
    instructions: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A subject with its answers known, and how often everything is timed."""

    subject: Subject
    expected: Answers
    rounds: int

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return device_of(self.subject.plain)

    def seconds(self, jobs: Sequence[Job]) -> list[float]:
        """Median seconds per tile of each job; all jobs run once per round."""
        taken: list[list[float]] = [[] for _ in jobs]
        for _ in range(self.rounds):
            kept: bool | None = None
            for spent, job in zip(taken, jobs, strict=True):
                if job.way.kept is not kept:
                    kept = job.way.kept
                    self._settle(job)
                began = now(self.device)
                ask(self.subject, job.way, job.instructions, self.expected)
                spent.append((now(self.device) - began) / job.way.batch)
        return [statistics.median(spent) for spent in taken]

    def shares(self, job: Job) -> dict[str, float]:
        """Each part's share of the time."""
        self._settle(job)
        clocks = [Clock(self.device) for _ in range(self.rounds)]
        for clock in clocks:
            ask(self.subject, job.way, job.instructions, self.expected, clock)
        medians = {
            name: statistics.median(clock.seconds[name] for clock in clocks)
            for name in clocks[0].seconds
        }
        total = sum(medians.values())
        return {name: round(spent / total, 3) for name, spent in medians.items()}

    def peak_bytes(self, job: Job) -> int | None:
        """Most memory held: of the device on CUDA, else of the process; None if not known."""
        release_freed()
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            ask(self.subject, job.way, job.instructions, self.expected)
            return int(torch.cuda.max_memory_allocated(self.device))
        try:
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        except OSError:
            return None
        ask(self.subject, job.way, job.instructions, self.expected)
        return _peak_resident()

    def _settle(self, job: Job) -> None:
        """Tell the C library what to do with freed memory, and let it get used to it."""
        (keep_freed if job.way.kept else release_freed)()
        ask(self.subject, job.way, job.instructions, self.expected)


def _peak_resident() -> int:
    """Bytes, on Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return 1024 * int(peak)
