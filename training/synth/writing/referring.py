"""RRSIS-D, RefSegRS, RISBench and EarthReason. Their formats: `training.data.loaders`."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geoseg.dataset import decode_rle
from training.data.fixtures.writing import save_json, save_picture, save_text
from training.synth.writing.records import Asked, SceneRecord

_RRSISD: Final = [
    "Expressway-Service-area",
    "Expressway-toll-station",
    "airplane",
    "airport",
    "baseballfield",
    "basketballcourt",
    "bridge",
    "chimney",
    "dam",
    "golffield",
    "groundtrackfield",
    "harbor",
    "overpass",
    "ship",
    "stadium",
    "storagetank",
    "tenniscourt",
    "trainstation",
    "vehicle",
    "windmill",
]
_RRSISD_OF: Final = {
    **{name: name for name in _RRSISD},
    "expressway service area": "Expressway-Service-area",
    "expressway toll station": "Expressway-toll-station",
    "baseball field": "baseballfield",
    "basketball court": "basketballcourt",
    "golf field": "golffield",
    "ground track field": "groundtrackfield",
    "storage tank": "storagetank",
    "tennis court": "tenniscourt",
    "train station": "trainstation",
    "plane": "airplane",
    "small car": "vehicle",
    "small vehicle": "vehicle",
    "van": "vehicle",
    "bus": "vehicle",
    "cargo truck": "vehicle",
}
"""Our categories that RRSIS-D has, by its names."""


def write_rrsisd(root: Path, records: Iterable[SceneRecord]) -> None:
    """RRSIS-D's tree: a picture for each of the questions that its categories can answer."""
    refs: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    base = root / "images" / "rrsisd"
    for record, asked in _single(records):
        if asked.categories[0] not in _RRSISD_OF:
            continue
        number = len(refs) + 1
        name, kind = f"{number:05d}.jpg", _RRSISD.index(_RRSISD_OF[asked.categories[0]])
        _save(record.image, base / "JPEGImages" / name)
        about = _voc(record, asked, name, _RRSISD[kind])
        save_text(about, base / "ann_split" / f"{number:05d}.xml")
        refs.append(_ref(record, asked, number, kind))
        size = {"height": record.height, "width": record.width}
        images.append({"file_name": name, **size, "id": number})
        annotations.append(
            {
                "id": number,
                "image_id": number,
                "categories_id": kind,
                "area": asked.areas[0],
                "bbox": list(asked.boxes[0]),
                "segmentation": [asked.masks[0]],
            }
        )
    names = [{"id": index, "name": name} for index, name in enumerate(_RRSISD)]
    tables = {"images": images, "annotations": annotations, "categories": names}
    save_json(tables, root / "rrsisd" / "instances.json")
    (root / "rrsisd" / "refs(unc).p").write_bytes(pickle.dumps(refs, protocol=2))


def write_refsegrs(root: Path, records: Iterable[SceneRecord]) -> None:
    """RefSegRS's tree: one picture for each line."""
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for number, (record, asked) in enumerate(_single(records)):
        _save(record.image, root / "images" / f"{number}.tif")
        save_picture(_plane(asked), root / "masks" / f"{number}.tif")
        lists[record.split].append(f"{number} {asked.text}")
    _save_lists(root, lists)


def write_risbench(root: Path, records: Iterable[SceneRecord]) -> None:
    """RISBench's tree: picture and mask of one name for each line."""
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for number, (record, asked) in enumerate(_single(records)):
        name = f"{record.split}_{number:06d}.png"
        _save(record.image, root / "img_rgb" / name)
        save_picture(_plane(asked), root / "mask" / name)
        lists[record.split].append(f"{name} {asked.text}")
    _save_lists(root, lists)


def write_earthreason(root: Path, records: Iterable[SceneRecord]) -> None:
    """EarthReason's tree: requests that never name the target, and pictures without one."""
    for split in ("train", "val", "test"):
        for folder in ("images", "labels", "QAs"):
            (root / split / folder).mkdir(parents=True, exist_ok=True)
    for record in records:
        for order, asked in enumerate(record.asked):
            if len(asked.masks) > 1 or (asked.masks and "implicit" not in asked.tags):
                continue
            stem, base = f"scene_{record.number:06d}_{order}", root / record.split
            _save(record.image, base / "images" / f"{stem}.jpg")
            label = _plane(asked) if asked.masks else np.zeros((record.height, record.width), "u1")
            save_picture(label, base / "labels" / f"{stem}.png")
            answers = [asked.answer.replace("<p>", "").replace("</p>[SEG]", "")]
            talk = {"questions": [asked.text], "answer": answers if asked.masks else []}
            save_json(talk, base / "QAs" / f"{stem}.json")


def _single(records: Iterable[SceneRecord]) -> Iterator[tuple[SceneRecord, Asked]]:
    """Questions about one target."""
    for record in records:
        for asked in record.asked:
            if len(asked.masks) == 1:
                yield record, asked


def _plane(asked: Asked) -> NDArray[np.uint8]:
    return decode_rle(asked.masks[0]).astype(np.uint8) * np.uint8(255)


def _save(image: bytes, path: Path) -> None:
    """The picture in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        path.write_bytes(image)
    else:
        save_picture(np.asarray(Image.open(io.BytesIO(image))), path)


def _save_lists(root: Path, lists: dict[str, list[str]]) -> None:
    for split, lines in lists.items():
        save_text("".join(f"{line}\n" for line in lines), root / f"output_phrase_{split}.txt")


def _ref(record: SceneRecord, asked: Asked, number: int, kind: int) -> dict[str, Any]:
    words = asked.text.lower().rstrip(".?")
    sentence = {"tokens": words.split(), "raw": asked.text, "sent": words, "sent_id": number}
    return {
        "image_id": number,
        "ref_id": number,
        "ann_id": number,
        "split": record.split,
        "file_name": f"{number:05d}.jpg",
        "category_id": kind,
        "sent_ids": [number],
        "sentences": [sentence],
    }


def _voc(record: SceneRecord, asked: Asked, name: str, kind: str) -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), asked.boxes[0], strict=True)
    box = "".join(f"<{key}>{side}</{key}>" for key, side in sides)
    return (
        f"<annotation><filename>{name}</filename><size><width>{record.width}</width><height>"
        f"{record.height}</height><depth>3</depth></size><split>{record.split}</split><object>"
        f"<name>{kind}</name><bndbox>{box}</bndbox><description>{escape(asked.text)}"
        "</description></object></annotation>\n"
    )
