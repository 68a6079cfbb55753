"""From a request to a file."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace

from geoseg.engines import Engine, EngineSpec, open_engine
from geoseg.errors import Cancelled
from geoseg.events import Listener, Log, Result, StageName
from geoseg.ledger import RunKey, open_ledgers
from geoseg.pipeline.asking import Inquiry, answer_scenes
from geoseg.pipeline.kept import Kept, sources
from geoseg.pipeline.partial import PartialWriter
from geoseg.pipeline.planning import outlook
from geoseg.pipeline.record import Account
from geoseg.pipeline.request import Request
from geoseg.pipeline.survey import Survey, naming, survey
from geoseg.pipeline.telling import Teller
from geoseg.pipeline.writing import draw
from geoseg.rendering import Rendering
from geoseg.scene import Scene, choose_rendering

Engines = Callable[[EngineSpec], AbstractContextManager[Engine]]
"""Opens the engine of a recipe, for as long as it is held."""

_STAGES: dict[StageName, str] = {
    "read": "Reading the scene",
    "load_model": "Loading the model",
    "segment": "Asking about every tile",
    "vectorize": "Drawing polygons",
    "write": "Writing the file",
}


def run(
    request: Request, listener: Listener | None = None, *, engines: Engines | None = None
) -> Result:
    """Do what the request says; the output appears when it is whole, the ledger stays.

    The listener hears `Stage` and `Progress`, then a `Layer` per layer, and at last the `Result`.
    `engines` opens the engine, for those who keep one from run to run; None opens and closes one.
    One that raises, and Ctrl-C, end the run with Cancelled: the same request goes on from there.
    Raises GeosegError as its classes say.
    """
    account = Account(request.to_settings())
    request.check()
    tell = Teller(listener, _STAGES, lambda: _cancelled(request))
    with tell.cancellable(), ExitStack() as held:
        tell.enter("read")
        grounds = survey(request)
        renderings = [_rendering(request, ground.scene) for ground in grounds]
        kept, asked = _ask(request, grounds, renderings, tell, held, engines or open_engine)
        return draw(request, request.output_path, kept, replace(account, asked=asked), tell)


def _rendering(request: Request, scene: Scene) -> Rendering:
    with naming(request, scene.path):
        return choose_rendering(scene, request.bidx, request.stretch)


def _ask(
    request: Request,
    grounds: Sequence[Survey],
    renderings: Sequence[Rendering],
    tell: Teller,
    held: ExitStack,
    engines: Engines,
) -> tuple[tuple[Kept, ...], int]:
    """Ask every tile of every scene: (what is kept of each, how many questions were answered).

    The ledger is held open for who comes next, the engine is not.
    """
    tell.enter("load_model")
    with engines(request.engine) as engine:
        keys = [
            RunKey(
                ground.scene.fingerprint,
                ground.scene.grid,
                rendering,
                engine.checkpoint_hash,
                {"max_tokens": request.engine.max_tokens},
            )
            for ground, rendering in zip(grounds, renderings, strict=True)
        ]
        ledgers = held.enter_context(open_ledgers(request.ledger_path, keys, resume=request.resume))
        names = sources([ground.scene.path for ground in grounds])
        kept = tuple(map(Kept, ledgers, [ground.plan(request) for ground in grounds], names))
        for one in kept:
            one.ledger.keep(one.plan)
        tell.enter("segment")
        _introduce(request, grounds, engine.device, tell)
        inquiries = [
            Inquiry(ground.scene, ledger, ground.tiles, rendering)
            for ground, ledger, rendering in zip(grounds, ledgers, renderings, strict=True)
        ]
        asked = answer_scenes(
            inquiries,
            request.spoken(),
            engine,
            listener=tell,
            give_up_after=request.give_up_after,
            committed=None if request.partial is None else PartialWriter(request, kept, tell),
        )
    _give_memory_back()
    return kept, asked


def _introduce(request: Request, grounds: Sequence[Survey], device: str, tell: Teller) -> None:
    """Say what is known of the scenes, and what is about to happen."""
    for ground in grounds:
        for text in ground.scene.warnings:
            tell(Log("warning", f"{ground.scene.path}: {text}" if len(grounds) > 1 else text))
        if ground.outside:
            tell(Log("info", f"{ground.scene.path} lies outside the area of interest."))
    looked_at = [ground for ground in grounds if not ground.outside]
    tiles = sum(len(ground.tiles) for ground in looked_at)
    tell(Log("info", outlook(request, device, tiles, scenes=len(looked_at))))


def _give_memory_back() -> None:
    """Return what reader and engine freed to the system, where the C library can (glibc).

    It would keep the reader's blocks for itself, and the polygons' memory would come on top.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _cancelled(request: Request) -> Cancelled:
    ledger = request.ledger_path
    if not ledger.exists():
        return Cancelled("Stopped before the first tile was asked.")
    return Cancelled(
        f"Stopped. Finished tiles are kept in {ledger}.",
        hint="Give the same command again to go on from there.",
    )
