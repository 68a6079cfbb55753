"""Score a checkpoint on data sets, or masks that are ready.

CHECKPOINT is a name or folder; each DATA is the folder of a benchmark in its own format, or one
that `geoseg dataset` wrote. Or give --masks FILE (what it holds is told in training/eval/masks.py),
or --outcomes of evaluations that ran before, such as parts on several machines. --table prints a
table of the paper, with a row for what was scored. Under torchrun or `accelerate launch` all
processes share the pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.data.records import Samples
    from training.eval.conventions import Conventions, Decoding
    from training.eval.outcomes import Outcome


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("checkpoint", nargs="?", help="name or folder")
    parser.add_argument("data", nargs="*", type=Path, help="folders of data sets")
    parser.add_argument("--masks", type=Path, metavar="FILE", help="score these, ask no model")
    parser.add_argument("--outcomes", type=Path, nargs="+", metavar="FILE", help="of earlier runs")
    parser.add_argument("--split", nargs="+", default=["test"], help="one or several [test]")
    parser.add_argument("--kind", default="", help="of the data; as a rule it is recognised")
    parser.add_argument(
        "--pairing",
        choices=("ordered", "strict", "hungarian", "union"),
        default="ordered",
        help="of several masks: ordered, as the released script does it [default]; strict, which "
        "counts masks too many and too few; hungarian, the best assignment; union",
    )
    parser.add_argument(
        "--empty",
        choices=("release", "rmsin"),
        default="release",
        help="IoU where nothing is there and nothing was found: 1 [release] or 0",
    )
    parser.add_argument(
        "--pr", choices=("ge", "gt"), default="ge", help="Pr@t counts IoU >= t [ge] or > t"
    )
    parser.add_argument(
        "--frame",
        choices=("native", "1024", "480"),
        default="native",
        help="pixels in which a checkpoint's masks are compared [native]; 1024 and 480 as "
        "published scripts",
    )
    parser.add_argument(
        "--teacher-forced",
        action="store_true",
        help="the model reads the true answers, which leaks number and names of the targets",
    )
    parser.add_argument("--max-new-tokens", type=int, help="of an answer [as the checkpoint says]")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument("-o", "--out", type=Path, help="folder for outcomes.jsonl and report.json")
    parser.add_argument("--resume", action="store_true", help="go on with the outcomes in --out")
    parser.add_argument("--table", choices=("2", "3", "4"), help="of the paper")
    parser.add_argument("--name", default="measured", help="of the row in the table")
    parser.add_argument("--submission", type=Path, metavar="ZIP", help="write masks, score nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(options: argparse.Namespace) -> int:
    """Score, and report."""
    from training.eval.conventions import Conventions
    from training.eval.tallies import Rules

    _check(options)
    if options.submission is not None:
        return _submit(options)
    asked = options.checkpoint is not None
    decoding: Decoding = "given"
    if asked:
        decoding = "teacher-forced" if options.teacher_forced else "generated"
    rules = Rules(options.empty, options.pr)
    conventions = Conventions(options.pairing, rules, options.frame, decoding)
    if options.outcomes:
        from training.eval.runs import kept_conventions

        conventions = kept_conventions(options.outcomes, rules)
    outcomes = _outcomes(options, conventions)
    if asked and _follows():
        return 0
    body, text = _told(options, outcomes, conventions)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "report.json").write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    sys.stdout.write((json.dumps(body, ensure_ascii=False) if options.json else text) + "\n")
    return 0


def _check(options: argparse.Namespace) -> None:
    from geoseg.errors import InstructionError

    sources = [options.checkpoint is not None, options.masks is not None, bool(options.outcomes)]
    if sum(sources) > 1 or not (any(sources) or options.table):
        raise InstructionError(
            "Nothing says what to score, or several things do.",
            hint="Give CHECKPOINT and DATA, or --masks FILE, or --outcomes FILE, or --table alone.",
        )
    if options.checkpoint is not None and not options.data:
        raise InstructionError(
            f"The checkpoint {options.checkpoint} is to be asked about nothing.",
            hint="Give the folder of a data set behind it.",
        )
    if options.masks is not None and options.frame != "native":
        raise InstructionError(
            f"The masks of {options.masks} are compared in the pixels that they have; --frame "
            f"{options.frame} is for what a checkpoint finds.",
            hint="Leave --frame out, or put masks of that frame into the file.",
        )


def _outcomes(options: argparse.Namespace, conventions: Conventions) -> tuple[Outcome, ...]:
    from training.eval.masks import read_masks
    from training.eval.outcomes import merged, read_outcomes

    if options.masks is not None:
        return read_masks(options.masks, options.pairing)
    if options.outcomes:
        return merged(one for path in options.outcomes for one in read_outcomes(path))
    if options.checkpoint is None:
        return ()
    from training.eval.asking import open_examinee
    from training.eval.runs import evaluate

    sets = [samples for _, samples in _sets(options)]
    examinee = open_examinee(
        options.checkpoint,
        device=options.device,
        forced=options.teacher_forced,
        max_new_tokens=options.max_new_tokens,
    )
    told = {"data": [str(path) for path in options.data], "splits": options.split}
    return evaluate(
        examinee,
        sets,
        conventions,
        out=options.out,
        resume=options.resume,
        settings={**told, "max_new_tokens": examinee.limit},
    )


def _sets(options: argparse.Namespace) -> Iterator[tuple[str, Samples]]:
    """(split, samples) of every folder."""
    from training.data.loaders import LOADERS, kind_of

    for folder in options.data:
        kind = options.kind or kind_of(folder)
        for split in options.split:
            yield split, LOADERS[kind](folder, split)


def _told(
    options: argparse.Namespace, outcomes: tuple[Outcome, ...], conventions: Conventions
) -> tuple[Any, str]:
    from training.eval.reports import as_text, report, to_json
    from training.eval.tables import measured_row, paper_table, table_json, table_text

    if options.table is None:
        found = report(outcomes, conventions, seed=options.seed)
        return to_json(found), as_text(found)
    table = paper_table(options.table)
    rows = (
        [measured_row(options.table, options.name, outcomes, conventions.rules)] if outcomes else []
    )
    return table_json(table, conventions, rows), table_text(table, conventions, rows)


def _submit(options: argparse.Namespace) -> int:
    """Write the masks that the checkpoint finds, hidden truth or not."""
    from geoseg.errors import InstructionError
    from training.data.loaders.lasers import SUBSETS
    from training.eval.asking import ask_all, by_picture, open_examinee
    from training.eval.frames import found_in
    from training.eval.submission import MaskName, write_submission

    if options.checkpoint is None or options.teacher_forced:
        raise InstructionError(
            "A submission needs a checkpoint that generates its answers.",
            hint="Give CHECKPOINT and DATA, without --teacher-forced.",
        )
    # A question that stands in several files is answered in each.
    if options.split == ["test"]:
        options.split = list(SUBSETS)
    sets = [samples for _, samples in _sets(options)]
    examinee = open_examinee(
        options.checkpoint, device=options.device, max_new_tokens=options.max_new_tokens
    )

    def masks() -> Iterator[Any]:
        for samples in sets:
            for group in by_picture(samples):
                for sample, reply, box in ask_all(examinee, group):
                    stem, _, question = sample.id.rpartition("/")
                    for number, mask in enumerate(found_in(reply.logits, box, "native")):
                        name = MaskName(sample.image_path.stem, question, stem, number)
                        yield name, mask.numpy()

    count = write_submission(options.submission, masks())
    sys.stdout.write(f"{options.submission} holds {count} masks.\n")
    return 0


def _follows() -> bool:
    """Whether this is one of several processes, and not the one that reports."""
    from training.eval.runs import Part

    return Part.of_environment().place > 0
