"""In a process of its own: the setting is the process's."""

import subprocess
import sys

import pytest

_PAGES = """
import resource, numpy
from geoseg.segearth import memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        numpy.ones(6 << 20)  # 48 MB each
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
assert memory.keep_freed()
faults()
kept = faults()
assert memory.release_freed()
faults()
print(kept, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is asked on Linux alone")
def test_kept_memory_is_not_cleared_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PAGES], capture_output=True, text=True, check=True
    )
    kept, released = map(int, done.stdout.split())
    assert kept < 100
    assert released > 20 * 20  # at least every huge page of every buffer
