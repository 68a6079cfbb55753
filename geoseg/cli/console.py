"""Where a command speaks: words and the bar on standard error, event lines on standard output."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import Literal

import click

from geoseg.cli.bar import Bar
from geoseg.cli.lines import EventLines, Rest, Stopper, watch_commands
from geoseg.errors import Cancelled, GeosegError, InstructionError
from geoseg.events import (
    PROTOCOL,
    Event,
    Failure,
    Hello,
    Layer,
    Log,
    Progress,
    Result,
    Stage,
)

ProgressStyle = Literal["auto", "bar", "jsonl", "none"]


class Console:
    """What one command line says, and to whom. It is a run's listener."""

    def __init__(self) -> None:
        self.verbosity = 0
        """−1 quiet, 0 normal, 1 with tracebacks and debug lines."""

        self.stopper = Stopper()
        self.rest = Rest()
        self._bar: Bar | None = None
        self._lines: EventLines | None = None
        self._greeted = False
        self._output: int | None = None

    def use(self, style: ProgressStyle, *, quiet: bool = False) -> None:
        """Speak as the options of a command ask for."""
        if quiet:
            self.verbosity = -1
        if style == "jsonl":
            self.speak_lines()
        elif style == "bar" or (style == "auto" and sys.stderr.isatty() and not quiet):
            self._bar = Bar(sys.stderr)

    def speak_lines(self) -> None:
        """Keep standard output for event lines, and listen for a cancel on standard input."""
        if self._lines is None:
            self._lines = EventLines()

    def keep_output(self) -> None:
        """Keep standard output for what the command writes there through `sys.stdout`.

        What C libraries print lands on standard error from then on.
        """
        self._output = own = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = os.fdopen(own, "w", encoding="utf-8")

    def greet(self, device: str) -> None:
        """Say hello, before heavy imports, and begin to listen for a cancel."""
        if self._lines is None or self._greeted:
            return
        self.greet_only(device)
        watch_commands(self.stopper, self.rest)

    def greet_only(self, device: str) -> None:
        """Say hello; who else listens is the command's own affair."""
        self._greeted = True
        python = sys.version.split()[0]
        self.send(Hello(installed_version(), PROTOCOL, python, os.getpid(), device))

    def send(self, event: Event, job: str | None = None) -> None:
        """An event line, of a server's job with its id; nothing where lines are not spoken."""
        if self._lines is not None:
            self._lines.send(event, job)

    def listen(self, event: Event) -> None:
        """Pass on what happened. Raises Cancelled when the run was asked to stop."""
        if isinstance(event, Result):
            self.stopper.disarm()
        if self._lines is not None:
            self._lines.send(event)
        self._show(event)
        if isinstance(event, Progress) and self.rest.asked:
            self.listen(Log("info", "Paused."))
            self.rest.wait()
        if self.stopper.asked and not isinstance(event, Result):
            raise Cancelled("Stopped by the program that started the run.")

    def say(self, text: str) -> None:
        """A line for people, unless they asked for quiet."""
        if self.verbosity >= 0:
            self._write(text)

    def warn(self, text: str) -> None:
        """A line for people that quiet does not silence."""
        self._write(f"Warning: {text}")

    def fail(self, error: GeosegError) -> int:
        """Report the error that ends this command line; its exit status."""
        self.stopper.disarm()
        trace = "".join(traceback.format_exception(error))
        self._send_failure(Failure.of(error, detail=trace))
        if self.verbosity > 0:
            self._write(trace.rstrip())
        self._write(str(error) if isinstance(error, Cancelled) else f"Error: {error}")
        self._give_up_output()
        return error.exit_status

    def fail_usage(self, error: click.ClickException) -> int:
        """Report a command line that click could not understand."""
        hint = "`geoseg --help` and `geoseg run --help` list what there is."
        self._send_failure(Failure(InstructionError.code, error.format_message(), hint))
        error.show(sys.stderr)
        return InstructionError.exit_status

    def _give_up_output(self) -> None:
        """What a reader that went away did not take is not offered again when Python ends."""
        if self._output is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._output)
            os.close(nowhere)

    def _send_failure(self, failure: Failure) -> None:
        if self._lines is None:
            return
        try:
            self.greet("auto")
            self._lines.send(failure)
        except Cancelled:
            self.verbosity = max(self.verbosity, 0)  # nobody reads lines: standard error is left

    def _show(self, event: Event) -> None:
        match event:
            case Progress():
                if self._bar is not None:
                    self._bar.draw(event)
            case Log(level, message):
                if level == "warning":
                    self.warn(message)
                elif self.verbosity >= (1 if level == "debug" else 0):
                    self._write(message)
            case Stage(_, label, index, count):
                if self.verbosity > 0:
                    self._write(f"({index + 1}/{count}) {label}")
            case Layer(features=found) if found:
                self.say(layer_text(event))
            case _:
                pass

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        with suppress(OSError):  # standard error may be closed; that is no reason to fail
            click.echo(text, err=True)


def layer_text(layer: Layer) -> str:
    """One line about a finished layer that has polygons; an empty one is told of at the end."""
    noun = "polygon" if layer.features == 1 else "polygons"
    return f"{layer.table}: {layer.features} {noun} for {brief(layer.instruction)}"


def brief(instruction: str, most: int = 120) -> str:
    """An instruction in quotation marks, cut where it would fill the screen."""
    return repr(instruction if len(instruction) <= most else f"{instruction[: most - 1]}…")


def installed_version() -> str:
    """Version of the library that runs."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("geoseg")
    except PackageNotFoundError:
        return "unknown"
