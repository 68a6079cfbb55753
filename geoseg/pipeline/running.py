"""From a request to a file."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack, suppress
from dataclasses import replace

from geoseg.engines import open_engine
from geoseg.errors import Cancelled
from geoseg.events import Listener, Log, Result, StageName
from geoseg.ledger import Ledger, Plan, RunKey, open_ledger
from geoseg.pipeline.asking import answer_scene
from geoseg.pipeline.drawing import draw
from geoseg.pipeline.planning import outlook
from geoseg.pipeline.record import Account
from geoseg.pipeline.request import Request
from geoseg.pipeline.survey import Survey, survey
from geoseg.pipeline.telling import Teller
from geoseg.rendering import Rendering
from geoseg.scene import choose_rendering

_STAGES: dict[StageName, str] = {
    "read": "Reading the scene",
    "load_model": "Loading the model",
    "segment": "Asking about every tile",
    "vectorize": "Drawing polygons",
    "write": "Writing the file",
}


def run(request: Request, listener: Listener | None = None) -> Result:
    """Do what the request says; the output appears when it is whole, the ledger stays.

    The listener hears `Stage` and `Progress`, then a `Layer` per layer, and at last the `Result`.
    One that raises, and Ctrl-C, end the run with Cancelled: the same request goes on from there.
    Raises GeosegError as its classes say.
    """
    account = Account(request.to_settings())
    request.check()
    tell = Teller(listener, _STAGES, lambda: _cancelled(request))
    with tell.cancellable(), ExitStack() as held:
        tell.enter("read")
        ground = survey(request)
        rendering = choose_rendering(ground.scene, request.bidx, request.stretch)
        ledger, plan, asked = _ask(request, ground, rendering, tell, held)
        return draw(request.drawing, plan, ledger, replace(account, asked=asked), tell)


def _ask(
    request: Request, ground: Survey, rendering: Rendering, tell: Teller, held: ExitStack
) -> tuple[Ledger, Plan, int]:
    """Ask every tile: (ledger, what it was asked, how many times).

    The ledger is held open for who comes next, the engine is not.
    """
    tell.enter("load_model")
    plan = ground.plan(request)
    with open_engine(request.engine) as engine:
        key = RunKey(
            ground.scene.fingerprint,
            ground.scene.grid,
            rendering,
            engine.checkpoint_hash,
            {"max_tokens": request.engine.max_tokens},
        )
        ledger = held.enter_context(open_ledger(request.ledger_path, key, resume=request.resume))
        ledger.keep(plan)
        tell.enter("segment")
        for text in ground.scene.warnings:
            tell(Log("warning", text))
        tell(Log("info", outlook(request, engine.device, len(plan.tiles))))
        asked = answer_scene(
            ground.scene,
            plan.instructions,
            engine,
            ledger,
            tiles=plan.tiles,
            rendering=rendering,
            listener=tell,
        )
    _give_memory_back()
    return ledger, plan, asked


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
