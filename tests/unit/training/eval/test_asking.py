"""A fresh tiny model asked about drawn samples: what counts is how, not how well."""

import json
import os
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from geoseg.errors import OutputError
from geoseg.segearth.checkpoint import codec_for
from training.__main__ import main
from training.data.errors import DataError
from training.data.fixtures import write
from training.data.loaders import load
from training.eval import asking
from training.eval.asking import Examinee, ask_all, by_picture, evaluate_samples
from training.eval.conventions import Conventions
from training.eval.outcomes import merged
from training.eval.runs import Part, evaluate
from training.eval.submission import parse_name
from training.fit.newborn import newborn, save_newborn
from training.fit.recipe import Base


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "lasers"
    write("lasers", root, 8, 1)
    return root


@pytest.fixture(scope="module")
def born(root):
    samples = [*load(root, "train"), *load(root, "test")]
    return newborn(Base(preset="tiny"), [t for s in samples for t in (s.instruction, s.answer)], 3)


@pytest.fixture(scope="module")
def ask(born):
    model, tokenizer = born
    codec = codec_for(model.config, tokenizer)

    def build(*, forced: bool = False, limit: int = 12) -> Examinee:
        cpu = torch.device("cpu")
        return Examinee(model, codec, cpu, torch.float32, "hash", forced, limit)

    return build


def test_forced_answers_have_as_many_masks_as_the_truth(root, ask):
    test = load(root, "test")
    conventions = Conventions("strict", decoding="teacher-forced")
    outcomes = evaluate(ask(forced=True), [test], conventions)
    assert len(outcomes) == len(test)
    assert all(one.found == one.targets for one in outcomes)
    assert {tag for one in outcomes for tag in one.tags} >= {"short", "explicit", "single"}


def test_parts_of_several_processes_are_the_whole(root, ask):
    """Also when a part is evaluated twice, as padded samplers do it."""
    train = load(root, "train")
    conventions = Conventions("strict", decoding="teacher-forced")
    whole = evaluate(ask(forced=True), [train], conventions)
    parts = [evaluate(ask(forced=True), [train], conventions, part=Part(i, 3)) for i in (0, 1, 2)]
    assert all(parts)
    assert merged([*parts[2], *parts[0], *parts[1], *parts[0]]) == whole


def test_generation_is_greedy_and_cut_answers_are_told(root, ask):
    test = load(root, "test")
    once = evaluate(ask(limit=5), [test], Conventions(decoding="generated"))
    assert once == evaluate(ask(limit=5), [test], Conventions(decoding="generated"))
    for one in once:
        # Each [SEG] said within the limit has a state, the last word too; later ones do not exist.
        assert one.answer.count("[SEG]") == one.found
    assert any(one.cut for one in once)


def test_alone_and_together_is_the_same(root, ask):
    group = next(by_picture(load(root, "test")))
    assert len(group) > 1
    together = list(evaluate_samples(ask(), group, Conventions()))
    alone = [one for sample in group for one in evaluate_samples(ask(), [sample], Conventions())]
    assert [one.answer for one in together] == [one.answer for one in alone]
    assert [one.found for one in together] == [one.found for one in alone]


def test_red_is_the_first_channel_in_the_encoders_units(tmp_path, root, ask, monkeypatch):
    sample = load(root, "test")[0]
    path = tmp_path / "red.png"
    Image.new("RGB", (sample.width, sample.height), (255, 0, 0)).save(path)
    examinee = ask()
    seen = []

    def encode(views, config):
        pixels = original(views, config)
        seen.append(pixels.segmentation)
        return pixels

    original = asking.from_views
    monkeypatch.setattr(asking, "from_views", encode)
    list(ask_all(examinee, [replace(sample, image_path=path)]))
    encoder = examinee.model.config.encoder
    red = [
        (value - m) / s for value, m, s in zip((255, 0, 0), encoder.mean, encoder.std, strict=True)
    ]
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx(red, rel=1e-5)


def test_withheld_masks_cannot_be_scored(root, ask):
    hidden = replace(load(root, "test")[0], masks=(), hidden=True)
    with pytest.raises(DataError, match="withheld"):
        list(evaluate_samples(ask(), [hidden], Conventions()))


def test_outcomes_are_kept_and_continued(root, ask, tmp_path):
    test = load(root, "test")
    conventions = Conventions("strict", decoding="teacher-forced")
    whole = evaluate(ask(forced=True), [test], conventions, out=tmp_path)
    path = tmp_path / "outcomes.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:2]), "utf-8")
    with pytest.raises(OutputError, match="--resume"):
        evaluate(ask(forced=True), [test], conventions, out=tmp_path)
    again = evaluate(ask(forced=True), [test], conventions, out=tmp_path, resume=True)
    assert again == whole
    assert len(path.read_text("utf-8").splitlines()) == len(lines)
    with pytest.raises(OutputError, match="other settings"):
        evaluate(ask(forced=True), [test], Conventions(), out=tmp_path, resume=True)


def test_the_verb(root, born, tmp_path, capsys):
    save_newborn(*born, tmp_path / "tiny")
    command = ["eval", str(tmp_path / "tiny"), str(root), "--max-new-tokens", "8"]
    assert main([*command, "-o", str(tmp_path / "out"), "--json", "--frame", "480"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["decoding"], body["frame"], body["pairing"]) == ("generated", "480", "ordered")
    kept = str(tmp_path / "out" / "outcomes.jsonl")
    assert main(["eval", "--outcomes", kept, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == body
    assert main(["eval", "--outcomes", kept, "--table", "2", "--name", "fresh"]) == 0
    assert "fresh" in capsys.readouterr().out
    assert main([*command, "--submission", str(tmp_path / "s.zip")]) == 0
    said = capsys.readouterr().out
    assert "masks" in said
    with zipfile.ZipFile(tmp_path / "s.zip") as archive:
        for name in archive.namelist():
            parse_name(name)
            with archive.open(name) as file:
                assert set(np.unique(np.asarray(Image.open(file)))) <= {0, 255}


def test_what_the_verb_refuses(tmp_path, capsys):
    assert main(["eval"]) == 2
    assert "Nothing says what to score" in capsys.readouterr().err
    assert main(["eval", "nano"]) == 2
    assert main(["eval", "--outcomes", str(tmp_path / "none.jsonl")]) == 3


@pytest.mark.slow
def test_two_processes_report_what_one_does(root, born, tmp_path, capsys):
    save_newborn(*born, tmp_path / "tiny")
    command = ["eval", str(tmp_path / "tiny"), str(root), "--max-new-tokens", "8", "--json"]
    assert main(command) == 0
    alone = json.loads(capsys.readouterr().out)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "training", *command],
            env={**shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=200)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert json.loads(said[0]) == alone
    assert said[1] == b""
