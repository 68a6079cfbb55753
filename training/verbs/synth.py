"""Draw scenes with exact truth, ask about them, and write a data set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("--n", type=int, required=True, help="scenes to draw")
    parser.add_argument("--sheet", action="store_true", help="one picture of all, OUT a .png")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--format",
        default="lasers",
        help="lasers, rrsisd, refsegrs, risbench, earthreason, samrs_sota, samrs_sior, samrs_fast, "
        "or geotiff for scenes of any size with their truth",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--side", type=int, default=512, help="of a picture, in pixels")
    parser.add_argument(
        "--gsd", type=float, default=0.3, help="metres per pixel of a geotiff, or of BACKGROUNDS"
    )
    parser.add_argument("--questions", type=int, default=6, help="for each picture")
    parser.add_argument("--land-use", default="", help="of all scenes; otherwise they take turns")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="flat colours, no look of a camera")
    parser.add_argument(
        "--backgrounds",
        type=Path,
        help="folder of real pictures of open ground to draw on, without what is drawn there",
    )


def run(options: argparse.Namespace) -> int:
    """Draw, write, and say what there is."""
    from training.synth.making import GEOTIFF, SynthRequest, make, make_ground

    request = SynthRequest(
        n=options.n,
        seed=options.seed,
        form=options.format,
        out=options.out,
        side=options.side,
        questions=options.questions,
        land_use=options.land_use,
        processes=options.processes,
        plain=options.plain,
        backgrounds=options.backgrounds,
        gsd=options.gsd,
    )
    if options.sheet:
        from training.synth.sheet import SheetRequest, draw_sheet

        sheet = draw_sheet(SheetRequest(options.n, seed=options.seed))
        options.out.parent.mkdir(parents=True, exist_ok=True)
        sheet.quantize(256).save(options.out, optimize=True)
        return 0
    if request.form == GEOTIFF:
        for scene in make_ground(request):
            sys.stdout.write(
                f"{scene.path}: {scene.things} things, {scene.parts} parts, {scene.sites} sites, "
                f"{scene.categories} categories\n"
            )
        return 0
    report = make(request).report()
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return 0
