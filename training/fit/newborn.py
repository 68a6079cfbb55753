"""Models that training starts from: fresh ones, and known ones that learn new words.

A fresh model speaks the words of its examples, and no others. One that has a vocabulary of its own
for answers gets rows for what it lacks: a user's data names things that the checkpoint never did.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from torch import nn

from geoseg.errors import InstructionError
from geoseg.segearth.checkpoint import Checkpoint, save
from geoseg.segearth.config import PRESETS
from geoseg.segearth.model import SegEarth, build
from geoseg.segearth.prompt import TextCodec
from training.fit.recipe import Base
from training.nano.ancestors import let_queries_through

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_MARKERS = ("[SEG]", "<p>", "</p>", "[EOS]")


def word_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Lower-case whole words of the texts, with the markers of the nano template."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words: dict[str, None] = {}
    for text in texts:
        for marker in _MARKERS:
            text = text.replace(marker, " ")
        pieces = splitter.pre_tokenize_str(normalizer.normalize_str(text))
        words.update(dict.fromkeys(piece for piece, _ in pieces))
    vocab = {word: i for i, word in enumerate([*_SPECIAL, *sorted(words)])}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.WordPiece()
    special = [AddedToken(word, normalized=False) for word in (*_SPECIAL, *_MARKERS)]
    tokenizer.add_special_tokens(special)
    return tokenizer


def newborn(base: Base, texts: Sequence[str], seed: int) -> tuple[SegEarth, Tokenizer]:
    """A model with fresh weights; InstructionError for a preset that reads no plain words."""
    preset = PRESETS.get(base.preset)
    if preset is None or preset.trunk is None:
        able = ", ".join(name for name, config in PRESETS.items() if config.trunk is not None)
        raise InstructionError(
            f"The recipe starts from a fresh model of preset {base.preset!r}, which is not one "
            f"of {able}.",
            hint="Others start from a checkpoint: give base.checkpoint or --checkpoint.",
        )
    tokenizer = word_tokenizer(texts)
    unspoken = {tokenizer.token_to_id(word) for word in ("[PAD]", "[CLS]", "[SEP]")}
    ids = tuple(i for i in range(tokenizer.get_vocab_size()) if i not in unspoken)
    config = dataclasses.replace(
        preset,
        input_size=base.input_size or preset.input_size,
        trunk=dataclasses.replace(preset.trunk, vocab=tokenizer.get_vocab_size()),
        language=dataclasses.replace(preset.language, vocab=len(ids)),
        answer_token_ids=ids,
    )
    torch.manual_seed(seed)
    model = build(config)
    let_queries_through(model)
    return model.eval(), tokenizer


def save_newborn(model: SegEarth, tokenizer: Tokenizer, folder: Path) -> str:
    """Write a fresh model as a checkpoint, so that its run can be continued; returns its hash."""
    card = "# A fresh model\n\nIts weights are random: it is where a run of training started.\n"
    return save(model, folder, tokenizer.to_str(), card, store={"": "fp32"}, overwrite=True)


def unspoken_tokens(codec: TextCodec, answers: Sequence[str]) -> tuple[int, ...]:
    """Ids of tokens that the answers need and the model's answer vocabulary lacks, ascending."""
    if not codec.answer_token_ids:
        return ()
    needed: set[int] = set()
    for answer in answers:
        needed.update(codec.tokenizer.encode(answer, add_special_tokens=False).ids)
    return tuple(sorted(needed - set(codec.answer_token_ids)))


@torch.no_grad()
def with_words(checkpoint: Checkpoint, tokens: Sequence[int]) -> Checkpoint:
    """The checkpoint with a row for each of these tokens at the end of its answer vocabulary.

    A new row starts from the instruction trunk's word, at the length of the rows that are there;
    where the trunk does not know the token, near the mean of the rows, each a little elsewhere.
    """
    model, codec = checkpoint.model, checkpoint.codec
    if not tokens:
        return checkpoint
    assert model.language.head is None, "only a tied head comes with an answer vocabulary"
    known = model.language.phi.embed_tokens.weight
    source = torch.Generator().manual_seed(0)
    drawn = torch.randn(len(tokens), known.shape[1], generator=source).to(known.dtype)
    added = known.mean(0) + known.std() * drawn
    if model.trunk is not None and model.trunk.bert.config.hidden_size == known.shape[1]:
        words = model.trunk.bert.embeddings.word_embeddings.weight
        length = known.norm(dim=1).mean()
        for row, token in zip(added, tokens, strict=True):
            if token < len(words):
                row.copy_(words[token] * (length / words[token].norm().clamp(min=1e-6)))
    table = nn.Embedding(len(known) + len(tokens), known.shape[1], dtype=known.dtype)
    table.weight.copy_(torch.cat([known, added]))
    model.language.phi.embed_tokens = table
    ids = (*codec.answer_token_ids, *tokens)
    language = dataclasses.replace(model.config.language, vocab=len(ids))
    model.config = dataclasses.replace(model.config, language=language, answer_token_ids=ids)
    spoken = TextCodec(codec.tokenizer, codec.template, ids)
    return Checkpoint(model, spoken, checkpoint.hash)
