"""An engine that outlives a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from geoseg.engines import Engine, EngineSpec, open_engine
from geoseg.errors import EngineError


class Keeper:
    """Opens engines and keeps the last one: its weights stay where they are."""

    def __init__(self) -> None:
        self._spec: EngineSpec | None = None
        self._engine: Engine | None = None

    @contextmanager
    def __call__(self, spec: EngineSpec) -> Iterator[Engine]:
        """The engine of a recipe: the one that is kept, if it is of the same."""
        if self._engine is None or self._spec != spec:
            self.close()
            self._engine, self._spec = open_engine(spec), spec
        try:
            yield self._engine
        except EngineError:
            self.close()  # a device that failed once is opened anew
            raise

    def close(self) -> None:
        """Free the device."""
        engine, self._engine, self._spec = self._engine, None, None
        if engine is not None:
            engine.close()
