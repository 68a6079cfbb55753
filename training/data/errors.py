"""DataError: a data set that is not what it should be."""

from __future__ import annotations

from geoseg.errors import GeosegError


class DataError(GeosegError, ValueError):
    """A file or record of a data set cannot be used. The message begins with which one."""

    exit_status = 3
    code = "image_unreadable"

    def __init__(self, where: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{where}: {reason}", hint=hint)
        self.where = where
        self.reason = reason
