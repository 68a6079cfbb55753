"""Run inside a candidate Python (`PY -I probe.py`): what it is and whether geoseg is in it.

Standard library of any Python 3; imports nothing heavy, prints one JSON object.
"""

import importlib.util
import json
import platform
import struct
import sys


def version_of(name):
    """Version of an installed package, or None."""
    try:
        from importlib.metadata import PackageNotFoundError, version
    except ImportError:
        return None
    try:
        return version(name)
    except PackageNotFoundError:
        return None


facts = {
    "executable": sys.executable,
    "real": getattr(sys, "_base_executable", sys.executable),
    "version": ".".join(map(str, sys.version_info[:3])),
    "bits": struct.calcsize("P") * 8,
    "platform": platform.platform(),
    "prefix": sys.prefix,
    "venv": sys.prefix != sys.base_prefix,
    "can_make": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
    "geoseg": version_of("geoseg"),
    "torch": version_of("torch"),
}
sys.stdout.write(json.dumps(facts) + "\n")
