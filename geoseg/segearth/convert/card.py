"""The model card of a converted checkpoint: where its weights come from."""

from __future__ import annotations

import hashlib

from geoseg.segearth.convert.gather import Choices
from geoseg.segearth.convert.published import Published


def card_of(published: Published, choices: Choices) -> str:
    """Markdown; file names and sums, no paths of the machine it was made on."""
    report, template = published.report, published.config.template.name
    sums = []
    for path in published.files:
        with path.open("rb") as stream:
            sums.append(f"- `{path.name}` {hashlib.file_digest(stream, 'sha256').hexdigest()}")
    lines = [
        f"# {published.config.name}",
        "",
        _START if choices.mask2former is not None else _WHOLE,
        "",
        f"Prompt template: `{template}`. It was chosen at conversion, for the files do not say it; "
        "`geoseg model calibrate` finds the one with the lowest answer perplexity on labelled "
        "samples.",
        "",
        f"Tensors: {len(report.used)} used, {len(report.unused)} unused, "
        f"{len(report.missing)} missing and drawn with seed {choices.seed}.",
        *[f"{'' if i else chr(10)}- {note}" for i, note in enumerate(report.notes)],
        "",
        "Made from these files (SHA-256):",
        "",
        *sums,
        "",
        "geoseg has not measured these weights. Their licence is that of their source.",
    ]
    return "\n".join(lines) + "\n"


_WHOLE = (
    "Published weights of SegEarth-R2's architecture, renamed; numbers are as they were stored."
)
_START = (
    "A start for training, not a trained model: the language side of Mipha-3B, the mask side of "
    "Mask2Former. The projector from [SEG] states to queries is new."
)
