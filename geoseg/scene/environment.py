"""How GDAL is set while a scene is read; what the user set, in whatever way, stays."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import contextmanager

import rasterio
from rasterio import env as rasterio_env

BLOCK_CACHE = 64 * 2**20
"""Bytes of decoded blocks that GDAL may keep; its own default is 5 % of the machine's memory.

The reader decodes each block once and keeps it itself. The cache serves files behind a VRT.
"""

_REMOTE = {
    # Siblings (.ovr, .msk, .aux.xml) are asked for by name: no listing of a whole bucket.
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    # A slow line is patience, a silent one is a failure: seconds below this many bytes a second.
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    "GDAL_HTTP_LOW_SPEED_TIME": "20",
    "GDAL_HTTP_MAX_RETRY": "2",
    "GDAL_HTTP_RETRY_DELAY": "0.5",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": str(4 * 2**20),
}
"""For scenes behind a network."""

_SCHEMES = re.compile(
    r"^(https?|ftp|s3|gs|az|adl|oss|swift|hdfs|webhdfs)://"
    r"|/vsi(curl|s3|gs|az|adls|oss|swift|hdfs|webhdfs)(_streaming)?[/?]",
    re.IGNORECASE,
)


def is_remote(path: str) -> bool:
    """Whether a name that GDAL opens leads through a network."""
    return _SCHEMES.search(path) is not None


@contextmanager
def gdal_environment(path: str = "") -> Generator[None, None, None]:
    """Bound GDAL's block cache; for a remote path also set how it asks, retries and gives up."""
    # rasterio.Env takes bytes; the environment variable would take megabytes.
    wanted: dict[str, object] = {"GDAL_CACHEMAX": BLOCK_CACHE}
    if is_remote(path):
        wanted |= _REMOTE
    chosen = set(os.environ) | set(rasterio_env.getenv() if rasterio_env.hasenv() else ())
    with rasterio.Env(**{key: value for key, value in wanted.items() if key not in chosen}):
        yield
