"""A published folder as our model sees it: a config, every tensor by our name, and a report.

    files → plain names (LoRA merged) → our names → sizes → what is missing is refused, or drawn

Tensors are read when they are used. Everything is decided from the tensors that are there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from tokenizers import Tokenizer

from geoseg.errors import CheckpointError
from geoseg.segearth.assembly import disagreement, hollow
from geoseg.segearth.checkpoint import codec_for
from geoseg.segearth.config import SegEarthConfig
from geoseg.segearth.convert import files, names
from geoseg.segearth.convert.fresh import draw
from geoseg.segearth.convert.gather import Choices, Gathered, gather
from geoseg.segearth.convert.report import Report
from geoseg.segearth.convert.sizes import config_of
from geoseg.segearth.convert.text import add_marker, tokenizer_of
from geoseg.segearth.prompt import TEMPLATES, PromptTemplate
from geoseg.segearth.stored import StoredTensor

_READER = 1  # counts up when the same files would be read differently
_EMBED, _HEAD = "language.phi.embed_tokens.weight", "language.head.weight"


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """A published checkpoint, ready to be filled into a model or written."""

    config: SegEarthConfig
    tensors: dict[str, StoredTensor]
    """All that the model needs, by our names, in the number formats of the source."""

    tokenizer: Tokenizer
    report: Report
    files: tuple[Path, ...]
    """Everything that was read."""


def read_published(folder: Path, choices: Choices | None = None) -> Published:
    """Read a folder in the published layout; CheckpointError if it is not a whole, sound model."""
    choices = choices or Choices()
    template = _template(choices.template)
    source = gather(folder, choices)
    named, used, unused = _named(source)
    files.require_floats(named, folder)
    config = config_of(named, source.facts, source.name, template)
    named, notes = _trimmed(named, used, unused, config)
    missing = _completed(named, config, choices, folder)
    tokenizer, texts = tokenizer_of(source.folders)
    if choices.mask2former and add_marker(tokenizer, template.seg):
        seg = tokenizer.token_to_id(template.seg)
        notes = (*notes, f"{template.seg} takes row {seg}, which no token had.")
    _check_rows(tokenizer, config)
    report = Report(str(folder), used, unused, missing, (*source.notes, *notes))
    return Published(config, named, tokenizer, report, (*source.files, *texts))


def fingerprint(published: Published) -> str:
    """SHA-256 over all files read and the template: the same weights asked otherwise differ."""
    digest = hashlib.sha256(f"{_READER}\n".encode())
    for path in published.files:
        with path.open("rb") as stream:
            digest.update(
                f"{path.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode()
            )
    digest.update(json.dumps(asdict(published.config.template), sort_keys=True).encode())
    digest.update(json.dumps(published.report.missing, sort_keys=True).encode())
    return digest.hexdigest()


def _template(name: str) -> PromptTemplate:
    known = [key for key in TEMPLATES if key.startswith("w")]
    if name not in known:
        raise CheckpointError(
            f"The prompt template {name!r} is not one of published models. Choose one of "
            f"{', '.join(known)}."
        )
    return TEMPLATES[name]


def _named(
    source: Gathered,
) -> tuple[dict[str, StoredTensor], dict[str, str], dict[str, str]]:
    """Tensors by our names; published name → ours; published name → why it is not used."""
    named: dict[str, StoredTensor] = {}
    used: dict[str, str] = {}
    unused = dict.fromkeys(source.replaced, "training has put another in its place")
    for name, tensor in source.tensors.items():
        ours = names.ours(name)
        if ours is None:
            unused |= dict.fromkeys(source.origins[name], names.unused_because(name))
            continue
        parts = names.split_fused(ours, tensor)
        named.update(parts)
        used |= {origin: " ".join(parts) for origin in source.origins[name]}
    return named, used, unused


def _trimmed(
    named: dict[str, StoredTensor],
    used: dict[str, str],
    unused: dict[str, str],
    config: SegEarthConfig,
) -> tuple[dict[str, StoredTensor], tuple[str, ...]]:
    """Without SigLIP's layers behind the one that is read, and without rows of no token."""
    assert config.siglip is not None
    kept = dict(named)
    for name in named:
        layer = name.removeprefix("tower.encoder.layers.").partition(".")[0]
        if layer.isdigit() and int(layer) >= config.siglip.layers:
            del kept[name]
    for origin, ours in list(used.items()):
        if ours in named and ours not in kept:
            unused[origin] = "a layer behind the one that is read"
            del used[origin]
    notes = []
    vocab = config.language.vocab
    for name in (_EMBED, _HEAD, _HEAD.replace("weight", "bias")):
        rows = kept[name].shape[0] if name in kept and kept[name].shape else vocab
        if rows > vocab:
            kept[name] = kept[name].rows(0, vocab)
            notes.append(
                f"{name}: {rows - vocab} rows beyond {vocab} are left out. The other of head and "
                "embedding ends there, and no token has them, so they could never be answered."
            )
    return kept, tuple(notes)


def _completed(
    named: dict[str, StoredTensor], config: SegEarthConfig, choices: Choices, folder: Path
) -> dict[str, str]:
    """Adds what may be drawn; what was added. CheckpointError if more is missing, or misshapen."""
    try:
        state = hollow(config).state_dict()
    except (ValueError, RuntimeError, AssertionError, ArithmeticError) as error:
        raise CheckpointError(
            f"No model has the sizes of the tensors in {folder} ({error}). Fetch them again."
        ) from error
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    missing = [name for name in expected if name not in named]
    allowed = choices.allow_missing
    if choices.mask2former is not None:
        allowed = (*allowed, "seg_projector.")
    refused = [name for name in missing if not names.is_allowed(name, allowed)]
    if refused:
        raise CheckpointError(_lacks(refused, folder, choices))
    problem = disagreement({n: s for n, s in expected.items() if n in named}, named)
    if problem:
        raise CheckpointError(
            f"The weights in {folder} do not fit together: {problem}. Fetch them again, or give "
            "weights of SegEarth-R2."
        )
    named.update(draw(config, missing, choices.seed))
    return dict.fromkeys(missing, f"drawn at random, seed {choices.seed}")


def _lacks(refused: list[str], folder: Path, choices: Choices) -> str:
    parts = Counter(names.published_part(name) for name in refused)
    listed = ", ".join(f"{count} of {part}" for part, count in parts.items())
    hint = ""
    if choices.mask2former is None and {"model.vision_tower_mask.", "predictor."} <= set(parts):
        hint = " To start training from Mipha, give Mask2Former's .pkl as well."
    return (
        f"{folder} lacks {len(refused)} tensors that the model needs ({listed}), such as "
        f"{refused[0]}. Nothing is made up in their place unless you allow it for a prefix.{hint}"
    )


def _check_rows(tokenizer: Tokenizer, config: SegEarthConfig) -> None:
    """CheckpointError if a token has no row, or if [SEG] or the end token is not one token."""
    codec_for(config, tokenizer)
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if highest >= config.language.vocab:
        raise CheckpointError(
            f"The tokenizer has ids up to {highest}, but embedding and head share only "
            f"{config.language.vocab} rows. Use the tokenizer that belongs to the weights."
        )
