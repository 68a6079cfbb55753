"""A pipeline that does what a test tells it, in place of the real one."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from geoseg.events import FailedTile, Layer, Listener, Progress, Result


def layer(features: int, instruction: str = "ice rinks") -> Layer:
    return Layer("out.gpkg", "01_ice_rinks", instruction, 0, features, "target", (), "EPSG:1", None)


def result(*layers: Layer, failed: tuple[FailedTile, ...] = (), warnings=()) -> Result:
    return Result("out.gpkg", layers, 3.2, 12, failed, warnings)


class FakePipeline:
    """Records the request and plays the given script."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}
        self.script: Callable[[Listener], Result] = self.nothing_found

    @staticmethod
    def nothing_found(listener: Listener) -> Result:
        listener(Progress(12, 12))
        listener(layer(0))
        return result(layer(0))

    def run(self, request: SimpleNamespace, listener: Listener) -> Result:
        self.request = vars(request)
        over = self.script(listener)
        listener(over)
        return over


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    module = ModuleType("geoseg.pipeline")
    module.Request = SimpleNamespace  # type: ignore[attr-defined]
    module.run = fake.run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "geoseg.pipeline", module)
    return fake
