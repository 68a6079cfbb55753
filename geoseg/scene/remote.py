"""What a server says of a file, so that its pixels need not be sampled to know it again."""

from __future__ import annotations

import re

_SECONDS = 10


def validator(path: str) -> str | None:
    """The version a web server names for a file: ETag or date of change, and size.

    None for anything else than http, and where the server names none.
    """
    url = re.sub(r"^/vsicurl/", "", path)
    if not re.match(r"^https?://", url, re.IGNORECASE):
        return None
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    try:
        with urlopen(Request(url, method="HEAD"), timeout=_SECONDS) as answer:
            version = answer.headers["ETag"] or answer.headers["Last-Modified"]
            size = answer.headers["Content-Length"]
    except (URLError, HTTPException, OSError, ValueError):
        # Signed addresses allow nothing but GET: then the pixels themselves are sampled.
        return None
    return f"{version} {size}" if version and size else None
