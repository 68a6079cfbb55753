"""Steps of fixed shapes: the same tokens, one program per shape, and a way on where it fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

import pytest
import torch

from geoseg.segearth.generate import Generation, generate, graph
from tests.unit.segearth.loudtalk import KINDS, Talker, plain, talker

NEVER = 999
Program = Callable[..., tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    name = str(request.param)
    language = talker(name, 3).model.language
    language.compiled = True
    graph._shapes.pop(language, None)
    yield name
    language.compiled = False
    graph._shapes.pop(language, None)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_PATIENCE", 0)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes of the masks that the step, uncompiled, was run with."""
    shapes: list[tuple[int, ...]] = []

    def step(language: object, tokens: object, mask: torch.Tensor, *rest: object) -> object:
        shapes.append(tuple(mask.shape))
        return graph._step(language, tokens, mask, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(graph, "_program", lambda: step)
    return shapes


def _ask(asked: Talker, images: Sequence[int], limit: int = 6) -> tuple[Generation, ...]:
    prompt = asked.prompt(*[0] * len(images))
    tokens = asked.image_tokens[list(images)]
    return generate(asked.model, tokens, prompt, seg=NEVER, end=NEVER, max_new_tokens=limit)


def test_shapes_repeat_and_tokens_are_the_same(kind: str, ran: list[tuple[int, ...]]) -> None:
    asked = talker(kind, 3)
    for images in ([0, 1, 2], [2, 0], [1]):
        answers = _ask(asked, images)
        assert [a.ids for a in answers] == [plain(kind, 3, i, 0).ids[:6] for i in images]
    assert set(ran) == {(4, 256), (1, 256)}
    assert len(ran) == 3 * 2 + 3 * 5  # two shapes tried three times each, then five steps a batch


def test_a_step_is_one_program(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.reset()
    programs = []

    def compiler(module: torch.fx.GraphModule, inputs: object) -> Callable[..., object]:
        programs.append(module)
        return module.forward

    # Stands for the compiler: it gets all of a step, once per shape, or fails.
    program = torch.compile(graph._step, backend=compiler, fullgraph=True, dynamic=False)
    monkeypatch.setattr(graph, "_program", lambda: program)
    asked = talker(kind, 3)
    for _ in range(2):
        answers = _ask(asked, [0, 1])
        assert [a.ids for a in answers] == [plain(kind, 3, i, 0).ids[:6] for i in range(2)]
    assert len(programs) == 1


def test_what_an_earlier_batch_left_is_not_felt(kind: str, ran: list[tuple[int, ...]]) -> None:
    asked = talker(kind, 3)
    _ask(asked, [0, 1])
    (static,) = graph._shapes[asked.model.language].buffers.values()
    assert static is not None
    with torch.inference_mode():
        for layer in graph._layers(static):
            layer.keys.fill_(torch.nan)
            layer.values.fill_(torch.inf)
    assert [a.ids for a in _ask(asked, [2, 1])] == [plain(kind, 3, i, 0).ids[:6] for i in (2, 1)]


def test_without_a_compiler_answers_are_slower_and_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no C compiler")

    said: list[str] = []
    monkeypatch.setattr(graph._log, "warning", lambda text, *of, **_: said.append(text % of))
    monkeypatch.setattr(graph, "_program", lambda: fails)
    asked = talker(kind, 3)
    for _ in range(2):
        assert _ask(asked, [1])[0].ids == plain(kind, 3, 1, 0).ids[:6]
    assert len(said) == 1
    assert "not compiled" in said[0]


def test_too_little_memory_is_for_the_caller(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(graph, "_program", lambda: fails)
    with pytest.raises(torch.OutOfMemoryError):
        _ask(talker(kind, 3), [1])


def test_a_shape_is_compiled_when_it_comes_again_and_again(
    kind: str, ran: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "_PATIENCE", 2)
    asked = talker(kind, 3)
    for runs in (0, 0, 3 + 5):
        assert _ask(asked, [1])[0].ids == plain(kind, 3, 1, 0).ids[:6]
        assert len(ran) == runs


@pytest.mark.parametrize(("rows", "rounded"), [(1, 1), (2, 4), (4, 4), (5, 16), (16, 16), (17, 32)])
def test_rows_are_rounded_up_to_few_shapes(rows: int, rounded: int) -> None:
    assert graph._round_rows(rows) == rounded


@pytest.mark.gpu
def test_a_recorded_graph_says_the_same() -> None:
    asked = talker("r2", 3)
    model, prompt = copy.deepcopy(asked.model).cuda(), asked.prompt(0, 0, 0).to("cuda")
    spoken = []
    for model.language.compiled in (False, True):
        for _ in range(2):
            answers = generate(
                model,
                asked.image_tokens.cuda(),
                prompt,
                seg=NEVER,
                end=NEVER,
                max_new_tokens=6,
            )
            spoken.append([answer.ids for answer in answers])
    assert None not in graph._shapes[model.language].buffers.values()
    assert spoken == [spoken[0]] * 4
