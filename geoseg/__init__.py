"""geoseg finds what a sentence describes in a large GeoTIFF and writes georeferenced polygons.

    import geoseg
    ships = geoseg.segment("harbour.tif", "the ships moored at the pier")

Names are imported when they are used: `import geoseg` alone loads neither torch nor rasterio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoseg.dialogue import Instruction as Instruction
    from geoseg.dialogue import Target as Target
    from geoseg.dialogue import TileAnswer as TileAnswer
    from geoseg.engines import Engine as Engine
    from geoseg.engines import EngineSpec as EngineSpec
    from geoseg.engines import Question as Question
    from geoseg.engines import open_engine as open_engine
    from geoseg.errors import Cancelled as Cancelled
    from geoseg.errors import CheckpointError as CheckpointError
    from geoseg.errors import EngineError as EngineError
    from geoseg.errors import GeosegError as GeosegError
    from geoseg.errors import InstructionError as InstructionError
    from geoseg.errors import OutputError as OutputError
    from geoseg.errors import SceneError as SceneError
    from geoseg.errors import TilingError as TilingError
    from geoseg.features import Feature as Feature
    from geoseg.pipeline import PlanReport as PlanReport
    from geoseg.pipeline import Request as Request
    from geoseg.pipeline import Revision as Revision
    from geoseg.pipeline import answer_scene as answer_scene
    from geoseg.pipeline import plan as plan
    from geoseg.pipeline import refine as refine
    from geoseg.pipeline import revise as revise
    from geoseg.pipeline import run as run
    from geoseg.pipeline import segment as segment
    from geoseg.scene import Scene as Scene
    from geoseg.scene import open_scene as open_scene

_HOMES = {
    "Cancelled": "errors",
    "CheckpointError": "errors",
    "Engine": "engines",
    "EngineError": "errors",
    "EngineSpec": "engines",
    "Feature": "features",
    "GeosegError": "errors",
    "Instruction": "dialogue",
    "InstructionError": "errors",
    "OutputError": "errors",
    "PlanReport": "pipeline",
    "Question": "engines",
    "Request": "pipeline",
    "Revision": "pipeline",
    "Scene": "scene",
    "SceneError": "errors",
    "Target": "dialogue",
    "TileAnswer": "dialogue",
    "TilingError": "errors",
    "answer_scene": "pipeline",
    "open_engine": "engines",
    "open_scene": "scene",
    "plan": "pipeline",
    "refine": "pipeline",
    "revise": "pipeline",
    "run": "pipeline",
    "segment": "pipeline",
}
"""The room each public name lives in."""

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("geoseg")
    if name not in _HOMES:
        raise AttributeError(f"module 'geoseg' has no attribute {name!r}")
    value = getattr(import_module(f"geoseg.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
