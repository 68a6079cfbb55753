"""Files on servers: what is said of one, and what to do when none comes."""

from __future__ import annotations

import re

from geoseg.errors import SceneError

_SECONDS = 10

_REFUSALS = (
    (
        r"credential|_KEY\b|\.aws|\.boto|code ?:? ?40[13]",
        "is kept from those who show no key",
        "Set the keys that GDAL asks for, or for a public bucket AWS_NO_SIGN_REQUEST=YES or "
        "GS_NO_SIGN_REQUEST=YES; an address with a signature may have run out.",
    ),
    (
        r"code ?:? ?4(04|10)|NoSuchKey|NoSuchBucket|does not exist",
        "is not there",
        "Check the address; in a browser it must download the file.",
    ),
    (
        r"code ?:? ?(429|5\d\d)",
        "is not given out by its server at the moment",
        "The address may be right; try again later.",
    ),
    (
        r"CURL error|could not resolve|failed to connect|timed? ?out",
        "cannot be reached",
        "Check the address, and that this machine has a network, with a proxy if it needs one; "
        "the same command works once the server answers.",
    ),
)
"""(what GDAL says, what that means, what to do): the first that fits."""


def refusal(path: str, reason: str) -> SceneError:
    """The error for a file on a server that GDAL, for the reason it says, could not open."""
    for words, meaning, hint in _REFUSALS:
        if re.search(words, reason, re.IGNORECASE):
            return SceneError(f"The scene {path} {meaning}: {reason}.", hint=hint)
    return SceneError(
        f"What the address {path} gives cannot be read as a raster: {reason}.",
        hint="It may be a page about the file, or one that asks to log in; name the file itself.",
    )


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
