from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoseg.errors import InstructionError
from geoseg.segearth.labelled import Labelled, read_labelled, read_picture

ENTRY = {
    "id": 7,
    "image_name": "port.png",
    "description": "Where do ships moor?",
    "answer": "At the <p>pier</p>[SEG].",
    "mask": [{"size": [4, 6], "counts": "not read"}],
}


def written(folder: Path, entries: object, images: str, name: str = "set.json") -> Path:
    for place in (folder, folder / images):
        place.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (1, 2, 3)).save(folder / images / "port.png")
    path = folder / name
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


@pytest.mark.parametrize("images", [".", "images", "../images"])
def test_pictures_lie_where_they_may(tmp_path: Path, images: str) -> None:
    path = written(tmp_path / "annotations", [ENTRY], images)
    (entry,) = read_labelled(path)
    assert entry.picture.samefile(path.parent / images / "port.png")
    assert (entry.question, entry.answer) == (ENTRY["description"], ENTRY["answer"])
    assert read_labelled(tmp_path) == read_labelled(tmp_path / "annotations") == (entry,)


def test_only_as_many_are_read_as_asked_for(tmp_path: Path) -> None:
    strange = {**ENTRY, "image_name": "gone.png"}
    path = written(tmp_path, [ENTRY, ENTRY, strange], "images")
    assert len(read_labelled(path, limit=2)) == 2
    with pytest.raises(InstructionError, match=r"'gone.png' of entry 2"):
        read_labelled(path)
    assert isinstance(read_labelled(path, limit=1)[0], Labelled)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "not a list with entries"),
        ({"a": 1}, "not a list with entries"),
        (["port.png"], "Entry 0 .* image_name, description, answer"),
        ([{k: v for k, v in ENTRY.items() if k != "answer"}], "no text as answer"),
    ],
)
def test_other_formats_are_refused(tmp_path: Path, entries: object, said: str) -> None:
    with pytest.raises(InstructionError, match=said):
        read_labelled(written(tmp_path, entries, "images"))


def test_unreadable_and_ambiguous_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InstructionError, match="cannot be read"):
        read_labelled(tmp_path / "nowhere.json")
    with pytest.raises(InstructionError, match="found: none"):
        read_labelled(tmp_path)
    broken = written(tmp_path, [ENTRY], "images", "a.json")
    broken.write_text("[", encoding="utf-8")
    with pytest.raises(InstructionError, match="cannot be read"):
        read_labelled(broken)
    written(tmp_path, [ENTRY], "images", "b.json")
    with pytest.raises(InstructionError, match=r"a\.json, b\.json"):
        read_labelled(tmp_path)


def test_pictures_become_rgb(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "rgb.png")
    rgb = read_picture(tmp_path / "rgb.png")
    assert torch.equal(rgb, torch.from_numpy(levels).permute(2, 0, 1))
    Image.fromarray(levels[..., 0]).save(tmp_path / "grey.png")
    assert torch.equal(read_picture(tmp_path / "grey.png"), rgb[:1].expand(3, -1, -1))


def test_other_pictures_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 6), dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InstructionError, match="'I;16'"):
        read_picture(tmp_path / "deep.png")
    (tmp_path / "text.png").write_text("no picture")
    for name in ("text.png", "nowhere.png"):
        with pytest.raises(InstructionError, match="cannot be read"):
            read_picture(tmp_path / name)
