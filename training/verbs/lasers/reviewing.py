"""What people decide: pages, decisions, second looks, gold sets."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.lasers.review.agreement import Agreement

_KINDS = ("question", "mask", "gold")


def add(steps: Any) -> None:
    """Review, with a step each, and gold."""
    about = "pages for a browser, decisions, second looks"
    review = steps.add_parser("review", help=about, description=f"{about.capitalize()}.")
    acts = review.add_subparsers(required=True, metavar="STEP")
    sheet = acts.add_parser("sheet", help="write pages with what nobody has judged yet")
    _add_common(sheet)
    sheet.add_argument("--category", help="of the masks for a gold set")
    sheet.add_argument("--all", action="store_true", help="what has been judged as well")
    _add_pages(sheet)
    sheet.set_defaults(step=_sheet)
    apply = acts.add_parser("apply", help="take over what pages saved")
    apply.add_argument("dir", type=Path, metavar="DIR")
    apply.add_argument("files", type=Path, nargs="+", metavar="FILE")
    apply.set_defaults(step=_apply)
    audit = acts.add_parser("audit", help="look at a random sample again; say how far both agree")
    _add_common(audit)
    audit.add_argument("--n", type=int, help="write pages with so many that were judged")
    audit.add_argument("--seed", type=int, default=0, help="of the sample [0]")
    _add_pages(audit)
    audit.set_defaults(step=_audit)
    told = "keep verified masks of a category, after which shapes are judged"
    gold = steps.add_parser("gold", help=told, description=f"{told.capitalize()}.")
    gold.add_argument("dir", type=Path, metavar="DIR")
    gold.add_argument("--category", required=True, action="append")
    gold.add_argument("--n", type=int, default=50, help="most of a category [50]")
    gold.add_argument("-o", "--out", type=Path, required=True, metavar="FILE")
    gold.set_defaults(step=_gold)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR")
    parser.add_argument("--kind", choices=_KINDS, default="question", help="[question]")


def _add_pages(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=100, help="most items of a page [100]")
    parser.add_argument("--reviewer", default="", help="filled in on the page")
    parser.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="for pages [DIR/review]")


def _sheet(options: argparse.Namespace) -> int:
    from training.lasers.review.items import list_items
    from training.lasers.stages import Workplace

    items = list_items(
        Workplace(options.dir), options.kind, category=options.category, everything=options.all
    )
    if not items:
        sys.stdout.write("There is nothing left to judge.\n")
        return 0
    return _write(options, items, audit=False)


def _apply(options: argparse.Namespace) -> int:
    from training.lasers.review.decisions import add_decisions, read_decisions, read_export
    from training.lasers.review.decisions import verdicts as judged
    from training.lasers.review.items import known_ids

    new = [one for path in options.files for one in read_export(path)]
    added = add_decisions(options.dir, new)
    sys.stdout.write(f"{added} of {len(new)} decisions are new.\n")
    known = known_ids(options.dir)
    if gone := sum(one.id not in known for one in new):
        sys.stdout.write(f"{gone} are about what is not, or no longer, in {options.dir}.\n")
    decisions = read_decisions(options.dir)
    for kind in _KINDS:
        verdicts = judged(decisions, kind)  # type: ignore[arg-type]
        if verdicts:
            stay = sum(verdicts.values())
            sys.stdout.write(f"{kind}: {len(verdicts)} judged, {stay} of them good.\n")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from training.lasers.review.agreement import audited, draw_sample
    from training.lasers.review.decisions import read_decisions
    from training.lasers.review.items import list_items
    from training.lasers.stages import Workplace

    decisions = read_decisions(options.dir)
    if options.n:
        drawn = draw_sample(decisions, options.kind, options.n, options.seed)
        items = list_items(Workplace(options.dir), options.kind, ids=drawn)
        if items:
            _write(options, items, audit=True)
        else:
            sys.stdout.write("Nothing that is still there was judged.\n")
    for name, found in audited(decisions, options.kind).items():
        sys.stdout.write(f"{name:10} {_told(found)}\n")
    return 0


def _told(found: Agreement) -> str:
    if not found.things:
        return "nothing was judged twice"
    kappa = "undefined, all alike" if found.kappa is None else f"{found.kappa:.2f}"
    return f"judged alike {found.raw:.1%} of {found.things}, Cohen's kappa {kappa}"


def _gold(options: argparse.Namespace) -> int:
    from training.lasers.gold import SIZE, collect_gold
    from training.lasers.stages import Workplace

    for category, kept in collect_gold(
        Workplace(options.dir), options.category, options.n, options.out
    ).items():
        few = f"; {SIZE} are asked for" if kept < SIZE else ""
        sys.stdout.write(f"{category}: {kept} verified masks{few}.\n")
    return 0


def _write(options: argparse.Namespace, items: list[Any], *, audit: bool) -> int:
    from training.lasers.review.sheet import SheetSettings, write_sheets

    settings = SheetSettings(options.size, options.reviewer, audit)
    folder = options.out or options.dir / "review"
    for path in write_sheets(items, options.kind, options.dir / "pictures", folder, settings):
        sys.stdout.write(f"{path}\n")
    return 0
