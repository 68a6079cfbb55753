"""The tokenizer of a published folder, from local files alone.

Published folders hold `tokenizer.json`, or the older pair of `vocab.json` and `merges.txt` of the
byte-level BPE that GPT-2, CodeGen and Phi share; `added_tokens.json` names what came later, `[SEG]`
among it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from geoseg.errors import CheckpointError
from geoseg.segearth.checkpoint import read_tokenizer
from geoseg.segearth.convert.files import read_json

TEXT_FILES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "tokenizer_config.json",
)


def tokenizer_of(folders: Iterable[Path]) -> tuple[Tokenizer, tuple[Path, ...]]:
    """The tokenizer of the first folder that has one, and the files it came from."""
    looked = list(folders)
    for folder in looked:
        tokenizer = _base(folder)
        if tokenizer is not None:
            _add(tokenizer, _added(folder), folder)
            files = (folder / name for name in TEXT_FILES)
            return tokenizer, tuple(path for path in files if path.is_file())
    raise CheckpointError(
        f"No tokenizer is in {', '.join(map(str, looked))}. Put tokenizer.json, or vocab.json and "
        "merges.txt, beside the weights."
    )


def add_marker(tokenizer: Tokenizer, marker: str) -> bool:
    """Give a marker the next free id, unless it is one token already; whether it was new."""
    if tokenizer.token_to_id(marker) is not None:
        return False
    tokenizer.add_tokens([AddedToken(marker, normalized=False)])
    return True


def _base(folder: Path) -> Tokenizer | None:
    whole = folder / "tokenizer.json"
    if whole.is_file():
        return read_tokenizer(whole.read_text(encoding="utf-8"))
    vocab, merges = folder / "vocab.json", folder / "merges.txt"
    if not (vocab.is_file() and merges.is_file()):
        return None
    try:
        tokenizer = Tokenizer(BPE.from_file(str(vocab), str(merges)))
    except Exception as error:  # the library raises bare Exception
        raise CheckpointError(
            f"{vocab} and {merges} cannot be read as a tokenizer ({error}). Fetch them again."
        ) from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    end = "<|endoftext|>"
    if tokenizer.token_to_id(end) is not None:
        tokenizer.add_special_tokens([AddedToken(end, normalized=False)])
    return tokenizer


def _added(folder: Path) -> dict[str, int]:
    """Tokens that came after the vocabulary, with their ids."""
    found: dict[str, int] = {}
    decoder = read_json(folder / "tokenizer_config.json").get("added_tokens_decoder")
    for number, token in (decoder if isinstance(decoder, dict) else {}).items():
        if isinstance(token, dict) and isinstance(token.get("content"), str) and number.isdigit():
            found[token["content"]] = int(number)
    for word, number in read_json(folder / "added_tokens.json").items():
        if not isinstance(number, int):
            raise CheckpointError(f"{folder / 'added_tokens.json'} gives {word!r} no id.")
        found[word] = number
    return found


def _add(tokenizer: Tokenizer, added: dict[str, int], folder: Path) -> None:
    """Add what the vocabulary lacks, in order of ids; each must get the id that it has."""
    for word, number in sorted(added.items(), key=lambda item: item[1]):
        if tokenizer.token_to_id(word) is None:
            tokenizer.add_tokens([AddedToken(word, normalized=False)])
        if tokenizer.token_to_id(word) != number:
            raise CheckpointError(
                f"In {folder} the token {word!r} should have id {number}, but the vocabulary gives "
                f"it {tokenizer.token_to_id(word)}: its files are not of one tokenizer."
            )
