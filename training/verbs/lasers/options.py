"""Options of the stages, and the settings that they make. What is not given keeps its default."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.lasers.asking import AskSettings
    from training.lasers.filtering import FilterSettings
    from training.lasers.finish import FinishSettings
    from training.lasers.propose import ProposeSettings


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Of stage 1."""
    group = parser.add_argument_group("masks that are given and proposed")
    for name, about in (
        ("--samrs", "a subset of SAMRS, whose pictures and masks are taken"),
        ("--coco", "a COCO file about the pictures: boxes to look into, outlines to take as masks"),
    ):
        group.add_argument(name, type=Path, action="append", metavar="PATH", help=about)
    group.add_argument(
        "--proposer", choices=("none", "floodfill", "sam", "sam2"), help="[floodfill]"
    )
    group.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        help="of a SAM, as the transformers library has it; without it SAM is tiny and random",
    )
    group.add_argument("--device", help="[auto]")
    group.add_argument(
        "--inside",
        action="append",
        metavar="CATEGORY",
        help="look into the boxes of these, or of all [airplane, plane and ship]",
    )
    group.add_argument("--pictures", type=int, metavar="N", help="take so many, drawn by the seed")
    group.add_argument(
        "--group-by",
        metavar="REGEX",
        help="pictures in whose names it finds the same belong together [each for itself]",
    )
    group.add_argument("--quality", type=float, help="least of a proposal [the proposer's]")
    group.add_argument("--stability", type=float, help="least of a proposal [the proposer's]")
    group.add_argument("--min-pixels", type=int, help="least of a proposal [32]")


def add_masks(parser: argparse.ArgumentParser) -> None:
    """Of stage 2."""
    group = parser.add_argument_group("which masks stay")
    group.add_argument(
        "--min-component-px", type=int, help="smaller pieces of a mask are not counted [0]"
    )
    group.add_argument("--gold", type=Path, metavar="FILE", help="verified masks: see `gold`")
    group.add_argument(
        "--sigmas", type=float, help="how far from the verified shapes a shape may be [3]"
    )
    group.add_argument(
        "--quantiles", type=float, nargs=2, metavar=("LOW", "HIGH"), help="instead of --sigmas"
    )
    group.add_argument(
        "--allow-small-gold", action="store_true", help="fewer than 50 verified masks will do"
    )
    group.add_argument(
        "--unreviewed-masks",
        choices=("keep", "drop"),
        help="proposed masks that nobody judged [keep]",
    )


def add_asking(parser: argparse.ArgumentParser) -> None:
    """Of stage 3."""
    group = parser.add_argument_group("who writes, and how much")
    group.add_argument(
        "--llm", choices=("template", "local", "recorded", "command"), help="[template]"
    )
    group.add_argument(
        "--model", type=Path, metavar="FOLDER", help="for local: one of the transformers library"
    )
    group.add_argument(
        "--command", metavar="LINE", help="for command: reads a request as JSON, writes a reply"
    )
    group.add_argument("--recording", type=Path, metavar="FILE", help="for recorded: replies.jsonl")
    group.add_argument("--jobs", type=int, metavar="N", help="requests open at once [1]")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="for command [600]")
    if not any(action.dest == "device" for action in parser._actions):
        group.add_argument("--device", help="for local [auto]")
    group.add_argument("--per-target", type=int, metavar="N", help="questions about a target [1]")
    group.add_argument(
        "--together", type=float, help="questions about several, for each about one [0.25]"
    )
    group.add_argument("--per-picture", type=int, metavar="N", help="most questions [24]")


def add_ending(parser: argparse.ArgumentParser) -> None:
    """Of the end of stage 4."""
    group = parser.add_argument_group("the data set")
    group.add_argument("--test", type=float, help="share of the groups kept for testing [0.05]")
    group.add_argument(
        "--unreviewed", choices=("keep", "drop"), help="questions that nobody judged [keep]"
    )


def propose_settings(options: argparse.Namespace) -> ProposeSettings:
    """Of stage 1."""
    from geoseg.errors import InstructionError
    from training.lasers.propose import ProposeSettings

    if not options.images and not options.samrs:
        raise InstructionError("There is nothing to look at: give pictures, or --samrs.")
    given = _given(
        options, "proposer", "weights", "device", "pictures", "group_by", "quality", "stability"
    )
    given |= _given(options, "min_pixels", "seed")
    given |= {name: tuple(v) for name, v in _given(options, "samrs", "coco", "inside").items()}
    return ProposeSettings(images=tuple(options.images), **given)


def filter_settings(options: argparse.Namespace) -> FilterSettings:
    """Of stage 2."""
    from training.lasers.filtering import FilterSettings
    from training.lasers.gold import Accepting

    given = _given(options, "min_component_px", "gold")
    if options.unreviewed_masks:
        given["unreviewed"] = options.unreviewed_masks
    shapes = _given(options, "sigmas")
    if options.quantiles:
        shapes["quantiles"] = tuple(options.quantiles)
    accepting = Accepting(small=options.allow_small_gold, **shapes)
    return FilterSettings(accepting=accepting, **given)


def ask_settings(options: argparse.Namespace) -> AskSettings:
    """Of stage 3."""
    from training.lasers.asking import AskSettings
    from training.lasers.llm import ModelSettings
    from training.lasers.planning import Plan

    model = _given(options, "command", "recording", "timeout", "device")
    for name, option in (("name", options.llm), ("folder", options.model)):
        if option:
            model[name] = option
    plan = _given(options, "per_target", "together", "per_picture")
    return AskSettings(ModelSettings(**model), Plan(**plan), **_given(options, "jobs", "seed"))


def finish_settings(options: argparse.Namespace) -> FinishSettings:
    """Of the end of stage 4."""
    from training.lasers.finish import FinishSettings

    return FinishSettings(**_given(options, "test", "unreviewed", "seed"))


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name)) is not None}
