"""The engine contract on a tiny checkpoint, and what happens to tiles that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from geoseg.dialogue import Instruction, Target, TileAnswer
from geoseg.engines import Engine, EngineSpec, Quantize, Question, open_engine
from geoseg.engines.local import LocalEngine
from geoseg.engines.local import engine as engine_module
from geoseg.engines.local import inquiry as inquiry_module
from geoseg.engines.local.drafts import Drafts
from geoseg.errors import CheckpointError, EngineError, InstructionError
from geoseg.grid import Window
from geoseg.scene import Chip
from geoseg.segearth.checkpoint import save
from geoseg.segearth.generate import Generation
from geoseg.segearth.model import Pixels, SegEarth
from geoseg.segearth.prompt import PromptBatch, TextCodec
from geoseg.tiling import Tile
from tests.unit.engines.contract import EngineContract, ask, assert_same
from tests.unit.segearth.tinytalk import tiny_codec, tiny_config, tiny_model, tiny_tokenizer

ROADS = Instruction("find the roads")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint with a window of 128 px."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(tiny_config(tiny_codec(tokenizer), window=128, input_size=64))
    place = tmp_path_factory.mktemp("engine") / "tiny"
    save(model, place, tokenizer.to_str(), "", store={})
    return place


@pytest.fixture
def codec() -> TextCodec:
    return tiny_codec(tiny_tokenizer())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, codec: TextCodec) -> list[str]:
    """Sentences put in the model's mouth, one per chip of a batch, the last one repeated."""
    sentences = ["the <p>roads</p>[SEG]"]

    def speak(
        model: SegEarth, image_tokens: torch.Tensor, prompt: PromptBatch, **options: object
    ) -> tuple[Generation, ...]:
        del prompt, options
        width = model.config.language.hidden
        replies = []
        for i in range(len(image_tokens)):
            ids = codec.encode_answer(sentences[min(i, len(sentences) - 1)])[:-1]
            segs = ids.count(codec.seg)
            generator = torch.Generator().manual_seed(0)
            states = torch.randn(segs, width, generator=generator).to(image_tokens.dtype)
            sure = torch.linspace(1.0, 0.5, max(segs, 1))[:segs]
            replies.append(Generation(ids, "stop", states, sure))
        return tuple(replies)

    monkeypatch.setattr(inquiry_module, "generate", speak)
    return sentences


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[LocalEngine]:
    """One tile at a time, on the CPU."""
    with LocalEngine(EngineSpec(str(folder), device="cpu")) as engine:
        yield engine


def _chip(index: int, height: int = 128, width: int = 128) -> Chip:
    window = Window(0, 128 * index, width, height)
    rgb = np.random.default_rng(index).integers(0, 256, (3, height, width), dtype=np.uint8)
    return Chip(Tile(index, window, window), rgb, np.ones((height, width), dtype=np.bool_))


def _answers(engine: LocalEngine, chips: Sequence[Chip]) -> list[TileAnswer]:
    return ask(engine, chips, ROADS)


class TestContract(EngineContract):
    """The promises of every engine, by a model that finds something in every chip."""

    in_flight = 2

    @pytest.fixture
    def engine(self, folder: Path, said: list[str]) -> Iterator[Engine]:
        with open_engine(EngineSpec(str(folder), device="cpu", batch=2)) as engine:
            yield engine


def test_targets_have_the_chips_shape_and_are_negative_where_invalid(
    plain: LocalEngine, said: list[str]
) -> None:
    chip = _chip(0, 101, 66)
    chip.valid[:50] = False
    (answer,) = _answers(plain, [chip])
    (found,) = answer.targets
    assert found.target == Target("road")
    assert answer.text == "the <p> roads </p> [SEG]"
    assert found.logits.shape == (26, 17)
    assert found.logits.dtype == np.float16
    assert (found.logits[:12] == -16).all()
    assert 0.5 < found.score <= 1


def test_several_segs_of_one_thing_are_one_target(plain: LocalEngine, said: list[str]) -> None:
    said[:] = ["the <p>roads</p>[SEG] and <p>water</p>[SEG]"]
    (apart,) = _answers(plain, [_chip(0)])
    said[:] = ["the <p>roads</p>[SEG] and the <p>road</p>[SEG]"]
    (together,) = _answers(plain, [_chip(0)])
    assert {t.target.phrase for t in apart.targets} == {"road", "water"}
    first, second = apart.targets
    (merged,) = together.targets
    np.testing.assert_array_equal(merged.logits, np.maximum(first.logits, second.logits))
    assert min(first.score, second.score) <= merged.score <= max(first.score, second.score)
    assert first.instances == ()
    for one, instance in zip((first, second), merged.instances, strict=True):
        assert instance.score == pytest.approx(one.score)
        np.testing.assert_array_equal(instance.logits, one.logits)


def test_seg_without_a_phrase_is_named_by_the_instruction(
    plain: LocalEngine, said: list[str]
) -> None:
    said[:] = ["[SEG]"]
    (answer,) = _answers(plain, [_chip(0)])
    assert answer.targets[0].target == Target.named(ROADS.text)


def test_nothing_here_is_an_answer(plain: LocalEngine, said: list[str]) -> None:
    said[:] = ["there is nothing here."]
    (answer,) = _answers(plain, [_chip(0)])
    assert answer.targets == ()
    assert not answer.failed


def test_a_batch_equals_its_members(folder: Path, plain: LocalEngine, said: list[str]) -> None:
    chips = [_chip(0), _chip(1, 90, 128), _chip(2)]
    with LocalEngine(EngineSpec(str(folder), device="cpu", batch=3)) as engine:
        together = _answers(engine, chips)
    for one, other in zip(_answers(plain, chips), together, strict=True):
        np.testing.assert_allclose(
            one.targets[0].logits, other.targets[0].logits, atol=5e-3, rtol=0
        )


def test_chips_are_pulled_only_as_needed(folder: Path) -> None:
    pulled: list[int] = []

    def questions() -> Iterator[Question]:
        for index in range(6):
            pulled.append(index)
            yield Question(_chip(index), (ROADS,))

    with LocalEngine(EngineSpec(str(folder), device="cpu", batch=2)) as engine:
        answers = engine.answer(questions())
        next(answers)
        assert pulled == [0, 1]
        next(answers)
        assert pulled == [0, 1]
        next(answers)
        assert pulled == [0, 1, 2, 3]
        answers.close()
    assert pulled == [0, 1, 2, 3]


def test_a_failing_tile_does_not_lose_its_neighbours(folder: Path) -> None:
    chips = [_chip(0), _chip(1, 200, 128), _chip(2), _chip(3)]
    with LocalEngine(EngineSpec(str(folder), device="cpu", batch=4)) as engine:
        answers = _answers(engine, chips)
    assert [a.tile.index for a in answers] == [0, 1, 2, 3]
    assert [a.failed for a in answers] == [False, True, False, False]
    assert "128 x 200" in answers[1].text


def test_masks_that_are_not_finite_fail_their_tile(folder: Path, said: list[str]) -> None:
    with LocalEngine(EngineSpec(str(folder), device="cpu")) as engine:
        assert engine._checkpoint is not None
        with torch.no_grad():
            engine._checkpoint.model.seg_projector.bias.fill_(torch.nan)
        (answer,) = _answers(engine, [_chip(0)])
    assert answer.failed
    assert "not finite" in answer.text


def test_out_of_memory_halves_the_batch_for_good(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    encode = SegEarth.encode

    def scarce(self: SegEarth, pixels: Pixels) -> object:
        tried.append(len(pixels.segmentation))
        if len(pixels.segmentation) > 2:
            raise torch.OutOfMemoryError("no memory left")
        return encode(self, pixels)

    monkeypatch.setattr(SegEarth, "encode", scarce)
    with LocalEngine(EngineSpec(str(folder), device="cpu", batch=4)) as engine:
        answers = _answers(engine, [_chip(i) for i in range(8)])
    assert [a.tile.index for a in answers] == list(range(8))
    assert not any(a.failed for a in answers)
    assert tried == [4, 2, 2, 2, 2]


@pytest.mark.parametrize("where", ["remember", "generate"])
def test_memory_that_ends_later_halves_the_batch_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    tried: list[int] = []
    honest = getattr(inquiry_module, where)

    def scarce(model: SegEarth, image_tokens: torch.Tensor, *rest: Any, **options: Any) -> Any:
        tried.append(len(image_tokens))
        if len(image_tokens) > 2:
            raise torch.OutOfMemoryError("no memory left")
        return honest(model, image_tokens, *rest, **options)

    monkeypatch.setattr(inquiry_module, where, scarce)
    asked = (ROADS, Instruction("the trees"))
    with LocalEngine(EngineSpec(str(folder), device="cpu", batch=4)) as engine:
        answers = list(engine.answer(Question(_chip(i), asked) for i in range(6)))
    assert [(a.tile.index, i) for i, a in answers] == [(n, i) for n in range(6) for i in asked]
    assert not any(answer.failed for _, answer in answers)
    assert tried[0] == 4
    assert set(tried[1:]) == {2}


def test_one_tile_too_large_for_memory_fails_alone(
    plain: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(self: SegEarth, pixels: object) -> object:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(SegEarth, "encode", none)
    answers = _answers(plain, [_chip(0), _chip(1)])
    assert [a.failed for a in answers] == [True, True]
    assert "memory" in answers[0].text


def test_a_picture_is_encoded_once_and_remembered_once(
    plain: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(SegEarth, "encode", counted("encode", SegEarth.encode))
    monkeypatch.setattr(SegEarth, "masks", counted("masks", SegEarth.masks))
    monkeypatch.setattr(SegEarth, "understood", counted("understood", SegEarth.understood))
    for name in ("remember", "generate"):
        monkeypatch.setattr(inquiry_module, name, counted(name, getattr(inquiry_module, name)))
    asked = (ROADS, Instruction("the trees"), Instruction("water"))
    list(plain.answer(Question(_chip(i), asked) for i in range(4)))
    times = {"encode": 4, "remember": 4, "generate": 12, "masks": 4}
    assert {name: calls.count(name) for name in times} == times
    assert calls[:3] == ["understood"] * 3
    # Prompts of later tiles hold the states already.
    calls.clear()
    list(plain.answer([Question(_chip(0), (ROADS,))]))
    assert "remember" not in calls


def test_drafts_change_nothing_but_the_steps(
    plain: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips = [_chip(i % 2) for i in range(6)]
    asked = (ROADS, Instruction("the trees"))
    fed: list[object] = []
    generate = inquiry_module.generate

    def recorded(*arguments: Any, **options: Any) -> tuple[Generation, ...]:
        replies = generate(*arguments, **options)
        fed.append((options["drafts"], [reply.drafted for reply in replies]))
        return replies

    monkeypatch.setattr(inquiry_module, "generate", recorded)
    foreseen = list(plain.answer(Question(chip, asked) for chip in chips))
    assert fed[0] == ([None], [0])
    assert all(drafted > [0] for _, drafted in fed[4:])  # type: ignore[misc]
    monkeypatch.setattr(Drafts, "expected", lambda self, instruction: None)
    told = list(plain.answer(Question(chip, asked) for chip in chips))
    for (one, answer), (other, again) in zip(foreseen, told, strict=True):
        assert one == other
        assert_same(answer, again)


def test_what_one_instruction_breaks_the_other_survives(
    plain: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = Instruction("the trees")
    drawn = inquiry_module.tile_answer

    def picky(*arguments: Any) -> TileAnswer:
        if arguments[-1] == trees.text and arguments[0].index == 1:
            raise RuntimeError("no trees here, please")
        return drawn(*arguments)

    monkeypatch.setattr(inquiry_module, "tile_answer", picky)
    answers = list(plain.answer(Question(_chip(i), (ROADS, trees)) for i in range(3)))
    assert [(i, a.tile.index) for i, a in answers if a.failed] == [(trees, 1)]
    assert len(answers) == 6


def test_other_settings_have_another_hash(
    folder: Path, plain: LocalEngine, said: list[str]
) -> None:
    with LocalEngine(EngineSpec(str(folder), device="cpu")) as again:
        assert again.checkpoint_hash == plain.checkpoint_hash
    with LocalEngine(EngineSpec(str(folder), device="cpu", max_tokens=3)) as short:
        assert short.checkpoint_hash != plain.checkpoint_hash
    with LocalEngine(EngineSpec(str(folder), device="cpu", dtype="bfloat16")) as half:
        assert half.checkpoint_hash != plain.checkpoint_hash
        (answer,) = _answers(half, [_chip(0)])
    assert not answer.failed


def test_fewer_bits_are_less_memory_and_another_model(folder: Path, plain: LocalEngine) -> None:
    def size(engine: LocalEngine) -> int:
        assert engine._checkpoint is not None
        layers = engine._checkpoint.model.language.phi.layers
        return sum(t.nbytes for t in (*layers.parameters(), *layers.buffers()))

    hashes, sizes = [plain.checkpoint_hash], [size(plain)]
    kinds: tuple[Quantize, ...] = ("int8", "int4")
    for kind in kinds:
        with LocalEngine(EngineSpec(str(folder), device="cpu", quantize=kind)) as engine:
            (answer,) = _answers(engine, [_chip(0)])
            assert not answer.failed
            hashes.append(engine.checkpoint_hash)
            sizes.append(size(engine))
    assert len(set(hashes)) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < 0.5 * sizes[0]


def test_closing_gives_memory_back_to_the_system_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[int] = []
    monkeypatch.setattr(engine_module, "release_freed", lambda: released.append(1))
    engine = LocalEngine(EngineSpec(str(folder), device="cpu"))
    assert not released
    engine.close()
    engine.close()
    assert len(released) == 1


def test_a_lost_device_does_not_hide_why_the_engine_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(torch.cuda, "empty_cache", lost)
    engine = LocalEngine(EngineSpec(str(folder), device="cpu"))
    engine.device = "cuda:0"
    with pytest.raises(EngineError, match="failed on 16 windows"), engine:
        raise EngineError("The model failed on 16 windows in a row.")


def test_bad_recipes_and_closed_engines_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not there"):
        LocalEngine(EngineSpec(str(tmp_path / "none")))
    with pytest.raises(EngineError, match="'tpu' is not known") as unknown:
        LocalEngine(EngineSpec(str(folder), device="tpu"))
    assert unknown.value.code == "no_device"
    with pytest.raises(EngineError, match="'cuda:99' is not there"):
        LocalEngine(EngineSpec(str(folder), device="cuda:99"))
    engine = LocalEngine(EngineSpec(str(folder), device="cpu"))
    with pytest.raises(InstructionError, match="at most"):
        ask(engine, [_chip(0)], Instruction("road " * 500))
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        ask(engine, [_chip(0)], ROADS)
