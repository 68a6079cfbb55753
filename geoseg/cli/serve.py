"""`geoseg serve`: requests as lines in, events as lines out, the model loaded once."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoseg.cli import refine, run
from geoseg.cli.commanding import terminated_like_interrupted
from geoseg.cli.console import Console
from geoseg.cli.drawing import apply_preset
from geoseg.cli.lines import GRACE_S, listen
from geoseg.cli.main import as_geoseg_error
from geoseg.cli.options import engine_options, picture_options, verbose_option
from geoseg.cli.request_file import merge_body
from geoseg.cli.scenes import listed_scenes
from geoseg.errors import GeosegError, InstructionError
from geoseg.events import Failure, Listener

if TYPE_CHECKING:
    from geoseg.serving import Keeper, Server

Work = Callable[[Listener], object]


@click.command("serve", short_help="Take requests from a program and keep the model loaded.")
@click.option(
    "--idle",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="MINUTES",
    help="End when nobody has asked for so long.",
)
@verbose_option
@click.pass_context
def command(ctx: click.Context, /, idle: float) -> int:
    """Work for a program: requests are lines on standard input, events lines on standard output.

    docs/protocol.md describes both. Jobs are done one after the other; the model stays loaded
    between them. Ends with its standard input, when it is told to quit, or when it is idle.

    \b
    {"cmd":"preview","id":"p","scene":"a.tif","x":7.1,"y":46.2,"instruction":"roofs","folder":"."}
    {"cmd":"run","id":"a","scene":"a.tif","instructions":["roofs"],"output":"roofs.gpkg"}
    {"cmd":"quit"}
    """
    console = ctx.ensure_object(Console)
    console.speak_lines()
    console.greet_only("auto")
    from geoseg.serving import Keeper, Server

    server = Server(console.send, idle * 60)
    keeper = Keeper()
    listen(lambda body: _obey(body, server, keeper, console), lambda: _hung_up(server, console))
    with terminated_like_interrupted():
        try:
            server.serve()
        finally:
            console.stopper.disarm()
            keeper.close()
    return 0


def _obey(body: dict[str, Any], server: Server, keeper: Keeper, console: Console) -> None:
    """Do what one line says; what it says wrongly is an `error` of its id."""
    from geoseg.serving import Job

    cmd, key = body.pop("cmd"), str(body.pop("id", ""))
    if cmd == "quit":
        server.close()
    elif cmd in ("pause", "resume", "cancel"):
        server.tell(key, cmd)
    elif cmd in WORKS:
        try:
            server.submit(Job(key, _explained(WORKS[cmd](body, keeper))))
        except click.ClickException as error:
            code = InstructionError.code
            console.send(Failure(code, error.format_message(), "See docs/protocol.md."), key)
        except Exception as error:
            console.send(Failure.of(as_geoseg_error(error), traceback.format_exc()), key)
    else:
        known = ", ".join([*WORKS, "pause", "resume", "cancel", "quit"])
        text = f"There is no command {cmd!r}."
        console.send(Failure(InstructionError.code, text, f"Commands: {known}."), key)


def _explained(work: Work) -> Work:
    """The work, whose errors are all geoseg's own, with a way out."""

    def explained(listener: Listener) -> object:
        try:
            return work(listener)
        except GeosegError:
            raise
        except Exception as error:
            raise as_geoseg_error(error) from error

    return explained


def _hung_up(server: Server, console: Console) -> None:
    """Nobody listens any more: end at once, and without more words if that takes too long."""
    server.close()
    time.sleep(GRACE_S)
    console.stopper.force()


def _run(body: dict[str, Any], keeper: Keeper) -> Work:
    """As `geoseg run --request`."""
    ctx = run.command.make_context("run", [])
    given = {key: value for key, value in ctx.params.items() if key != "request"}
    merged = merge_body(ctx, "the line", body, given) | {"progress": "jsonl"}
    arguments = apply_preset(ctx, listed_scenes(ctx, merged))
    run.require(ctx, arguments)
    _require_file(ctx, arguments)

    def work(listener: Listener) -> object:
        from geoseg.pipeline import Request
        from geoseg.pipeline import run as pipeline_run

        return pipeline_run(Request(**_silent(arguments)), listener, engines=keeper)

    return work


def _refine(body: dict[str, Any], keeper: Keeper) -> Work:
    """As `geoseg refine`."""
    ctx = refine.command.make_context("refine", [str(body.get("ledger", ""))])
    arguments = apply_preset(ctx, merge_body(ctx, "the line", body, dict(ctx.params)))
    _require_file(ctx, arguments)

    def work(listener: Listener) -> object:
        from geoseg.pipeline import Revision, revise

        return revise(Revision(**_silent(arguments)), listener)

    return work


@click.command("preview")
@click.argument("scene")
@click.option("--instruction", default="")
@click.option("--x", type=float)
@click.option("--y", type=float)
@click.option("--crs")
@click.option("--folder", default="")
@engine_options
@picture_options
def preview_command(**given: Any) -> dict[str, Any]:
    """What a request for a preview may say; read as options are, never called."""
    return given


def _preview(body: dict[str, Any], keeper: Keeper) -> Work:
    """One window."""
    ctx = preview_command.make_context("preview", [str(body.get("scene", ""))])
    arguments = merge_body(ctx, "the line", body, dict(ctx.params))
    missing = [key for key in ("scene", "instruction", "folder") if not arguments[key]]
    missing += [key for key in ("x", "y") if arguments[key] is None]
    if missing:
        raise click.UsageError(f"the line: {', '.join(missing)} must be given.", ctx)
    place = tuple(arguments.pop(key) for key in ("x", "y", "crs"))
    folder, instruction = Path(arguments.pop("folder")), arguments.pop("instruction")

    def work(listener: Listener) -> object:
        from geoseg.pipeline import Request
        from geoseg.serving import Place, preview

        request = Request(**arguments, instructions=(instruction,))
        return preview(request, Place(*place), folder, listener, keeper)

    return work


def _require_file(ctx: click.Context, arguments: dict[str, Any]) -> None:
    """Standard output belongs to the events."""
    if arguments["output"] in (None, "", "-"):
        raise click.UsageError("Where should the polygons go? Name a file as output.", ctx)


def _silent(arguments: dict[str, Any]) -> dict[str, Any]:
    """What the pipeline takes: how a command speaks is no part of it."""
    return {key: value for key, value in arguments.items() if key not in ("progress", "quiet")}


WORKS: dict[str, Callable[[dict[str, Any], Keeper], Work]] = {
    "run": _run,
    "preview": _preview,
    "refine": _refine,
}
"""What a line may ask for; each reads its object and gives the work."""
