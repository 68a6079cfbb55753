"""Arrow batches handed to C code, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from geoseg.export.drafts import write_failure


def stream(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    write: Callable[[pa.RecordBatchReader], Any],
    path: Path,
) -> None:
    """Let C code pull batches; what a generator raises on the way is raised here again."""
    raised: list[BaseException] = []

    def guarded() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except BaseException as error:
            raised.append(error)
            raise

    try:
        with write_failure(path):
            write(pa.RecordBatchReader.from_batches(schema, guarded()))
    finally:
        # The Arrow stream between the two reduces every exception to an error number.
        if raised:
            raise raised[0]
