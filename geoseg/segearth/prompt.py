"""The language side as data: prompt templates, token ids, and the reading of replies.

The only place that knows what a prompt looks like. Inference and training both come here.

Letters: Q questions, L tokens after the image, A answer tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from tokenizers import Tokenizer
from torch import Tensor

from geoseg.errors import CheckpointError, InstructionError

IMAGE = "<image>"
QUESTION = "{q}"

_REPLY = re.compile(r"(?:<p>(?P<phrase>(?:(?!<p>|\[SEG\]).)*?)</p>\s*)?\[SEG\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """How an instruction becomes a prompt, and an answer becomes supervised text."""

    name: str
    """Key in TEMPLATES, for people."""

    wrapper: str
    """Text around the human turn; holds `{human}` once."""

    human: str
    """The human turn; holds `<image>` once and then `{q}` once."""

    answer_prefix: str
    """Text between the prompt and the answer, part of the answer tokens."""

    answer_suffix: str
    """Text between the answer and the end token, part of the answer tokens."""

    end: str
    """The token that ends an answer; one id in the tokenizer."""

    seg: str = "[SEG]"
    """The token whose hidden state becomes a mask; one id in the tokenizer."""

    max_question_tokens: int = 256
    """Longest instruction, in tokens."""

    def pieces(self) -> tuple[str, str, str]:
        """Text before the image, between image and question, after the question."""
        before, _, after = self.wrapper.replace("{human}", self.human).partition(IMAGE)
        between, _, rest = after.partition(QUESTION)
        return before, between, rest


_W1 = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions. USER: {human} ASSISTANT:"
)
_W2 = (
    "[INST] <<SYS>>\nYou are a helpful language and vision assistant. You are able to understand "
    "the visual content that the user provides, and assist the user with a variety of tasks using "
    "natural language.\n<</SYS>>\n\n{human} [/INST]"
)
_HUMAN = {
    "ha": (
        "This is an image <|vision_bos|> <image> <|vision_eos|> <|sep|> <|user|>, please doing "
        "Reasoning Segmentation according to the following instruction:\n{q}[SEG] <|assistant|>"
    ),
    "hb": (
        "This is an image \n<image>\n, please doing Reasoning Segmentation according to the "
        "following instruction:\n{q}[SEG] <|assistant|>"
    ),
    "hc": (
        "This is an image \n<image>\n. If the instruction is a question, provide segmentation "
        "result + explanation; if it's a declarative phrase, provide only the segmentation "
        "result\n. Please doing Referring or Reasoning Segmentation according to the following "
        "instruction:\n{q}"
    ),
}


def _published(wrapper: str, human: str) -> PromptTemplate:
    return PromptTemplate(
        name=f"{wrapper}-{human}",
        wrapper=_W1 if wrapper == "w1" else _W2,
        human=_HUMAN[human],
        answer_prefix=" \n",
        answer_suffix="" if wrapper == "w1" else " ",
        end="<|endoftext|>",
    )


TEMPLATES: dict[str, PromptTemplate] = {
    **{f"{w}-{h}": _published(w, h) for w in ("w1", "w2") for h in _HUMAN},
    "nano": PromptTemplate(
        name="nano",
        wrapper="{human}",
        # The instruction trunk is a BERT: it reads the question between its own two markers.
        human="<image>[CLS]{q}[SEP]",
        answer_prefix="",
        answer_suffix="",
        end="[EOS]",
        max_question_tokens=128,
    ),
}
"""By name: wrappers w1 and w2 with the human turns ha, hb and hc of published code, and nano."""


@dataclass(frozen=True, slots=True, eq=False)
class PromptBatch:
    """Prompts of Q questions, as token ids."""

    before: Tensor
    """(n,) ids in front of the image; the same for every question."""

    after: Tensor
    """(Q, L) ids behind the image, padded on the right with 0."""

    after_mask: Tensor
    """(Q, L) bool, False on padding."""

    states: Tensor | None = None
    """(Q, L, D) outputs of the instruction trunk for `after`, when they are known already."""

    def repeat(self, times: int) -> PromptBatch:
        """The prompt of one question, asked `times` times (views, no copies)."""
        states = None if self.states is None else self.states.expand(times, -1, -1)
        return PromptBatch(
            self.before, self.after.expand(times, -1), self.after_mask.expand(times, -1), states
        )

    def to(self, device: torch.device | str) -> PromptBatch:
        """The same prompts on another device."""
        states = None if self.states is None else self.states.to(device)
        return PromptBatch(
            self.before.to(device), self.after.to(device), self.after_mask.to(device), states
        )


@dataclass(frozen=True)
class TextCodec:
    """Text to ids and back, for one tokenizer and one template.

    Prompt ids are ids of the tokenizer. Answer ids are rows of the language model's answer
    vocabulary: the i-th row speaks token `answer_token_ids[i]`; with no list both are the same.
    """

    tokenizer: Tokenizer
    template: PromptTemplate
    answer_token_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for marker in (self.template.seg, self.template.end):
            if len(self._ids(marker)) != 1:
                raise CheckpointError(
                    f"The tokenizer splits {marker!r} into {len(self._ids(marker))} tokens where "
                    "the model needs one. Use the tokenizer.json that belongs to the checkpoint."
                )
            self.rows((self._ids(marker)[0],))

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {token: row for row, token in enumerate(self.answer_token_ids)}

    @cached_property
    def _markers(self) -> re.Pattern[str]:
        special = [t.content for t in self.tokenizer.get_added_tokens_decoder().values()]
        words = sorted({*special, self.template.seg, self.template.end}, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, words)))

    @property
    def seg(self) -> int:
        """Answer row of the `[SEG]` token."""
        return self.rows(self._ids(self.template.seg))[0]

    @property
    def end(self) -> int:
        """Answer row of the end token."""
        return self.rows(self._ids(self.template.end))[0]

    def rows(self, token_ids: Sequence[int]) -> tuple[int, ...]:
        """Rows of the answer vocabulary for tokenizer ids; CheckpointError if one has no row."""
        if not self.answer_token_ids:
            return tuple(token_ids)
        try:
            return tuple(self._row_of[token] for token in token_ids)
        except KeyError as unknown:
            word = self.tokenizer.id_to_token(unknown.args[0])
            raise CheckpointError(
                f"The token {word!r} is not in the answer vocabulary of this model "
                f"({len(self.answer_token_ids)} tokens); add its id to answer_token_ids."
            ) from None

    def encode_prompt(self, questions: Sequence[str]) -> PromptBatch:
        """Prompts for instructions; InstructionError if one is longer than the template allows."""
        before, between, rest = self.template.pieces()
        head, tail = self._ids(between), self._ids(rest)
        after = [[*head, *self._question_ids(q), *tail] for q in questions]
        ids, mask = _padded(after)
        return PromptBatch(torch.tensor(self._ids(before), dtype=torch.long), ids, mask)

    def encode_answer(self, answer: str) -> tuple[int, ...]:
        """Answer rows to be spoken for a text, the end token last."""
        t = self.template
        text = f"{t.answer_prefix}{answer}{t.answer_suffix}"
        return (*self.rows(self._ids(text)), self.end)

    def encode_answers(self, answers: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(Q, A) answer rows padded on the right with 0, and their (Q, A) bool mask."""
        return _padded([list(self.encode_answer(answer)) for answer in answers])

    def decode_answer(self, rows: Sequence[int]) -> str:
        """The text of answer rows, up to the end token."""
        kept = list(rows)
        if self.end in kept:
            kept = kept[: kept.index(self.end)]
        ids = [self.answer_token_ids[row] for row in kept] if self.answer_token_ids else kept
        return str(self.tokenizer.decode(ids, skip_special_tokens=False)).strip()

    def _question_ids(self, question: str) -> list[int]:
        # Markers that a user types are words of nobody: they must not become [SEG] or [CLS].
        ids = self._ids(self._markers.sub(" ", question).strip())
        if not ids:
            raise InstructionError(
                f"The instruction {question!r} holds no words. Say what to look for, for example "
                '"the buildings".'
            )
        if len(ids) > self.template.max_question_tokens:
            raise InstructionError(
                f"The instruction is {len(ids)} tokens long; this model reads at most "
                f"{self.template.max_question_tokens}. Shorten it or split it in several."
            )
        return ids

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids) if text else []


def parse_reply(text: str) -> tuple[str | None, ...]:
    """Per `[SEG]` of a reply, in order, the text of the `<p>…</p>` right before it, or None."""
    phrases = (match.group("phrase") for match in _REPLY.finditer(text))
    return tuple(
        None if phrase is None or not phrase.strip() else phrase.strip() for phrase in phrases
    )


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)
    width = int(lengths.max()) if len(rows) else 0
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
    return ids, torch.arange(width)[None] < lengths[:, None]
