"""Freed memory kept for the next picture, on Linux.

The C library hands every large buffer back to the system and gets it again page by page, each page
cleared first. A model that frees and takes the same hundred megabytes for every picture spends up
to half of its time on that.
"""

from __future__ import annotations

import ctypes
import sys

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_DEFAULT_MMAPS = 65_536
_ADAPTED_TRIM = 64 * 2**20  # where glibc ends up by itself once it has seen large buffers
_NEVER = 2**31 - 1


def keep_freed() -> bool:
    """Keep freed memory in this process; False where the C library cannot be told.

    The peak does not grow by it, but memory once used stays with the process.
    """
    library = _library()
    if library is None:
        return False
    return all(library.mallopt(*told) == 1 for told in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER)))


def release_freed() -> bool:
    """Hand freed memory back again, now and from now on, as glibc does by itself."""
    library = _library()
    if library is None:
        return False
    told = ((_MMAP_MAX, _DEFAULT_MMAPS), (_TRIM_THRESHOLD, _ADAPTED_TRIM))
    done = all(library.mallopt(*one) == 1 for one in told)
    library.malloc_trim(0)
    return done


def _library() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") else None  # musl has none
