"""A quick examination of nano on batches: masks given the right words, and masks it finds alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from geoseg.segearth.model import Encoded, SegEarth
from geoseg.segearth.prompt import TextCodec, parse_reply
from training.nano.passes import Batch, answers, encode, read

_PHRASE = re.compile(r"<p>\s*(.*?)\s*</p>")


@dataclass(slots=True, eq=False)
class Tally:
    """Sums over everything examined so far."""

    cells: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    """Phrase → cells in the intersection and in the union."""

    right: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Kind of question → answers with the expected phrases, and answers."""

    def add(self, phrase: str, found: Tensor, batch: Batch, mask: int) -> None:
        """Count one predicted mask (h, w) against mask number `mask` of the batch."""
        target, known = batch.masks[mask] >= 0.5, batch.known[mask]
        both = self.cells[phrase]
        both[0] += float((found & target & known).sum())
        both[1] += float(((found | target) & known).sum())

    def ious(self) -> dict[str, float]:
        """IoU per phrase that occurred."""
        return {p: round(i / u, 3) for p, (i, u) in sorted(self.cells.items()) if u}


@torch.inference_mode()
def examine(model: SegEarth, codec: TextCodec, batches: Iterable[Batch]) -> Mapping[str, object]:
    """IoU per phrase, teacher-forced and generated, and how often presence is judged right."""
    model.eval()
    forced, spoken = Tally(), Tally()
    for batch in batches:
        encoded = encode(model, batch.rgb)
        _force(model, codec, encoded, batch, forced)
        _speak(model, codec, encoded, batch, spoken)
    return {
        "forced": forced.ious(),
        "spoken": spoken.ious(),
        **{f"{kind}_right": round(r / n, 3) for kind, (r, n) in sorted(spoken.right.items())},
    }


def _force(model: SegEarth, codec: TextCodec, encoded: Encoded, batch: Batch, tally: Tally) -> None:
    reading, ids, _ = read(model, codec, encoded, batch, learn=False)
    states = reading.hidden[ids == codec.seg]
    logits = model.masks(encoded.features, states, batch.owner, aux=False)[-1]
    phrases = [phrase for answer in batch.answers for phrase in _PHRASE.findall(answer)]
    for i, phrase in enumerate(phrases):
        tally.add(phrase, logits[i] > 0, batch, i)


def _speak(model: SegEarth, codec: TextCodec, encoded: Encoded, batch: Batch, tally: Tally) -> None:
    first = 0
    generations = answers(model, codec, encoded, batch)
    for question, (given, expected) in enumerate(zip(generations, batch.answers, strict=True)):
        phrases = _PHRASE.findall(expected)
        said = parse_reply(codec.decode_answer(given.ids))
        kind = "present" if phrases else "absent"
        tally.right[kind][0] += list(said) == phrases
        tally.right[kind][1] += 1
        owner = batch.asked[question].expand(len(said))
        logits = model.masks(encoded.features, given.seg_hidden, owner, aux=False)[-1]
        for offset, phrase in enumerate(phrases):
            named = [logits[i] > 0 for i, spoken in enumerate(said) if spoken == phrase]
            found = torch.stack([torch.zeros_like(batch.known[0]), *named]).any(0)
            tally.add(phrase, found, batch, first + offset)
        first += len(phrases)
