"""Everything that can go wrong, as one tree.

::

    GeosegError                      exit status, protocol code
    ├── InstructionError (ValueError)      2  bad_request
    ├── TilingError      (ValueError)      2  bad_request
    ├── SceneError       (OSError)         3  image_unreadable | no_crs | no_overlap | image_too_big
    ├── CheckpointError                    4  model_missing | no_network
    ├── EngineError      (RuntimeError)    5  internal | out_of_memory | no_device
    ├── OutputError      (OSError)         6  permission | disk_full | bad_request
    └── Cancelled                        130  cancelled

A message says what is wrong, the value with its unit, and what to do.
"""

from __future__ import annotations


class GeosegError(Exception):
    """Base of all errors that geoseg raises on purpose."""

    exit_status: int = 1
    """Exit status of the command line."""

    code: str = "internal"
    """Code of the error event in the progress protocol."""

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class InstructionError(GeosegError, ValueError):
    """The instruction or an option cannot be understood."""

    exit_status = 2
    code = "bad_request"


class TilingError(GeosegError, ValueError):
    """Window, overlap or stride do not fit each other."""

    exit_status = 2
    code = "bad_request"


class SceneError(GeosegError, OSError):
    """The scene cannot be read, placed on the ground, or has nothing in it."""

    exit_status = 3
    code = "image_unreadable"


class CheckpointError(GeosegError):
    """The checkpoint is missing, damaged, or not one of ours."""

    exit_status = 4
    code = "model_missing"


class EngineError(GeosegError, RuntimeError):
    """The engine could not answer."""

    exit_status = 5
    code = "internal"


class OutputError(GeosegError, OSError):
    """The result cannot be written."""

    exit_status = 6
    code = "permission"


class Cancelled(GeosegError):
    """The run was stopped by its user; the ledger is kept and the run can go on."""

    exit_status = 130
    code = "cancelled"
