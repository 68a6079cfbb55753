"""Make a data set like LaSeRS from pictures: masks, questions, review, splits.

DIR holds all that is made, stage after stage. A stage that was done for the same input and
settings is not done again; what was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from training.verbs.lasers import options as told
from training.verbs.lasers import reviewing

if TYPE_CHECKING:
    from training.lasers.stages import Done


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb: a stage each."""
    steps = parser.add_subparsers(required=True, metavar="STAGE")
    every = (told.add_sources, told.add_masks, told.add_asking, told.add_ending)
    for name, step, about, groups in (
        ("run", _run, "do all stages, one after the other", every),
        ("propose", _propose, "stage 1: gather and propose masks", every[:1]),
        ("filter", _filter, "stage 2: throw out masks that cannot be used", every[1:2]),
        ("ask", _ask, "stage 3: have categories, questions and answers written", every[2:3]),
        ("check", _check, "stage 4: flag what is odd about questions", ()),
        ("finish", _finish, "stage 4: write what stays in the format of LaSeRS", every[3:]),
    ):
        verb = steps.add_parser(name, help=about, description=f"{about.capitalize()}.")
        if name in ("run", "propose"):
            verb.add_argument("images", type=Path, nargs="*", help="pictures, and folders of them")
            verb.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", dest="dir")
        else:
            verb.add_argument("dir", type=Path, metavar="DIR")
        for add_options in groups:
            add_options(verb)
        if name in ("run", "propose", "ask", "finish"):
            verb.add_argument("--seed", type=int, help="of all that is drawn by chance [0]")
        verb.set_defaults(step=step)
    reviewing.add(steps)


def run(options: argparse.Namespace) -> int:
    """Do one stage, or all."""
    status: int = options.step(options)
    return status


def _run(options: argparse.Namespace) -> int:
    from training.lasers.run import PAPER, RunSettings, run
    from training.lasers.stages import Workplace

    settings = RunSettings(
        told.propose_settings(options),
        told.filter_settings(options),
        told.ask_settings(options),
        told.finish_settings(options),
    )
    _say(run(Workplace(options.dir), settings))
    sys.stdout.write(f"{options.dir / 'dataset'} is a data set in the format of LaSeRS. {PAPER}\n")
    return 0


def _propose(options: argparse.Namespace) -> int:
    from training.lasers.propose import propose
    from training.lasers.stages import Workplace

    return _say([propose(Workplace(options.dir), told.propose_settings(options))])


def _filter(options: argparse.Namespace) -> int:
    from training.lasers.filtering import filter_masks
    from training.lasers.stages import Workplace

    return _say([filter_masks(Workplace(options.dir), told.filter_settings(options))])


def _ask(options: argparse.Namespace) -> int:
    from training.lasers.asking import ask
    from training.lasers.stages import Workplace

    return _say([ask(Workplace(options.dir), told.ask_settings(options))])


def _check(options: argparse.Namespace) -> int:
    from training.lasers.checking import check
    from training.lasers.stages import Workplace

    return _say([check(Workplace(options.dir))])


def _finish(options: argparse.Namespace) -> int:
    from training.lasers.finish import finish
    from training.lasers.stages import Workplace

    return _say([finish(Workplace(options.dir), told.finish_settings(options))])


def _say(stages: Iterable[Done]) -> int:
    from training.lasers.run import told as line

    for done in stages:
        sys.stdout.write(f"{line(done)}\n  {done.hash[:16]}\n")
        sys.stdout.flush()
    return 0
