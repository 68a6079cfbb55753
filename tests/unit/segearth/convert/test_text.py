"""The tokenizer of a published folder, whichever files hold it."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import CodeGenTokenizer

from geoseg.errors import CheckpointError
from geoseg.segearth.convert.text import add_marker, tokenizer_of
from tests.unit.segearth.convert.authors import END, SEG_ID, write_text, write_tokenizer_json

_TEXT = "USER: find the buildings\n  near \u00e9tang<p>a</p>[SEG] now<|endoftext|>"


def test_vocabulary_and_merges_encode_as_transformers_does(tmp_path: Path) -> None:
    write_text(tmp_path)
    tokenizer, files = tokenizer_of([tmp_path])
    ids = tokenizer.encode(_TEXT, add_special_tokens=False).ids
    oracle = CodeGenTokenizer.from_pretrained(tmp_path, local_files_only=True)
    oracle.add_tokens(["    ", "[SEG]"])
    assert ids == oracle.encode(_TEXT, add_special_tokens=False)
    assert ids.count(SEG_ID) == 1
    assert tokenizer.decode(ids, skip_special_tokens=False) == _TEXT
    assert [path.name for path in files] == ["vocab.json", "merges.txt", "added_tokens.json"]


def test_one_file_and_what_was_added_later(tmp_path: Path) -> None:
    write_text(tmp_path / "a")
    write_text(tmp_path / "b")
    write_tokenizer_json(tmp_path / "b")
    two, one = (tokenizer_of([tmp_path / name])[0] for name in ("a", "b"))
    text = _TEXT.replace(END, "")
    assert one.encode(text).ids == two.encode(text).ids
    assert one.token_to_id("[SEG]") == SEG_ID


def test_the_first_folder_that_has_one_counts(tmp_path: Path) -> None:
    write_text(tmp_path / "base")
    (tmp_path / "adapter").mkdir()
    tokenizer, _ = tokenizer_of([tmp_path / "adapter", tmp_path / "base"])
    assert tokenizer.token_to_id("[SEG]") == SEG_ID
    with pytest.raises(CheckpointError, match="No tokenizer is in"):
        tokenizer_of([tmp_path / "adapter"])


def test_a_marker_takes_the_next_free_row_once(tmp_path: Path) -> None:
    write_text(tmp_path, seg=False)
    tokenizer, _ = tokenizer_of([tmp_path])
    assert add_marker(tokenizer, "[SEG]")
    assert tokenizer.token_to_id("[SEG]") == SEG_ID
    assert not add_marker(tokenizer, "[SEG]")


def test_broken_files_are_named(tmp_path: Path) -> None:
    write_text(tmp_path)
    (tmp_path / "vocab.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"vocab.json and .* cannot be read as a tokenizer"):
        tokenizer_of([tmp_path])
    write_text(tmp_path)
    (tmp_path / "added_tokens.json").write_text('{"[SEG]": "last"}')
    with pytest.raises(CheckpointError, match=r"gives '\[SEG\]' no id"):
        tokenizer_of([tmp_path])
