"""The language side: instruction trunk, projector, causal model with a splice for image tokens.

Sequence of the causal model: [before] [image] [instruction] [answer], causal throughout; the
instruction part is padded on its right, so positions count valid tokens only.
Shapes: tokens in (Q, L), states out (Q, L, D). Letters: Q questions, T image tokens, L tokens,
D width, V answer vocabulary. Paper: section 4, Figure 4 (a).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel, Cache, PhiConfig, PhiModel

from geoseg.segearth import attention_rows
from geoseg.segearth.last_states import states_at


class Projector(nn.Sequential):
    """Vision width to language width: Linear, exact GELU, Linear ("mlp2x_gelu")."""

    def __init__(self, vision: int, hidden: int) -> None:
        super().__init__(nn.Linear(vision, hidden), nn.GELU(), nn.Linear(hidden, hidden))


class InstructionTrunk(nn.Module):
    """BERT whose token states become instruction tokens, through one Linear."""

    def __init__(
        self,
        hidden: int,
        layers: int,
        heads: int,
        *,
        mlp: int,
        vocab: int,
        max_positions: int,
        out: int,
    ) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=vocab,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=mlp,
            max_position_embeddings=max_positions,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.bridge = nn.Linear(hidden, out)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(Q, L) ids and bool mask to the (Q, L, D) states of the BERT, before the Linear."""
        states: Tensor = self.bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states

    def forward(self, states: Tensor) -> Tensor:
        """(Q, L, D) states to (Q, L, out) instruction tokens."""
        tokens: Tensor = self.bridge(states)
        return tokens


def positions(mask: Tensor) -> Tensor:
    """(Q, S) index of each token among the valid ones of its row, from (Q, S) bool."""
    return (mask.long().cumsum(dim=1) - 1).clamp_min(0)


@dataclass(frozen=True, slots=True, eq=False)
class TokenSequence:
    """Embedded tokens, ready for the causal model."""

    embeds: Tensor
    """(Q, S, D)."""

    mask: Tensor
    """(Q, S) bool, False on padding."""

    def positions(self) -> Tensor:
        """(Q, S) index of each token among the valid ones of its row."""
        return positions(self.mask)

    def last_valid(self) -> Tensor:
        """(Q,) index of the last valid token of each row."""
        steps = torch.arange(self.mask.shape[1], device=self.mask.device)
        return torch.where(self.mask, steps, -1).amax(dim=1)

    def then(self, embeds: Tensor, mask: Tensor) -> TokenSequence:
        """This sequence followed by another part."""
        return TokenSequence(
            torch.cat([self.embeds, embeds.to(self.embeds.dtype)], dim=1),
            torch.cat([self.mask, mask], dim=1),
        )


class CausalLanguage(nn.Module):
    """Phi-style decoder with its own head over the answer vocabulary."""

    def __init__(
        self,
        hidden: int,
        layers: int,
        heads: int,
        *,
        mlp: int,
        vocab: int,
        partial_rotary: float,
        max_positions: int,
        tied: bool,
        head_bias: bool = False,
    ) -> None:
        super().__init__()
        # Left out, the rotated share would silently be Phi-1's 0.5.
        rotary = {
            "rope_type": "default",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": partial_rotary,
        }
        config = PhiConfig(
            rope_parameters=rotary,
            vocab_size=vocab,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=mlp,
            max_position_embeddings=max_positions,
            # The same function as Phi's "gelu_new", in one kernel rather than eight.
            hidden_act="gelu_pytorch_tanh",
            # Markers are the codec's business; these need not be rows of a small vocabulary.
            bos_token_id=None,
            eos_token_id=None,
        )
        config._attn_implementation = attention_rows.NAME
        self.phi = PhiModel(config)
        self.compiled = False
        """Whether answers are spoken by a compiled step of fixed shapes; worth it on CUDA."""

        self.head = None if tied else nn.Linear(hidden, vocab, bias=head_bias)

    def embed(self, ids: Tensor) -> Tensor:
        """(Q, L) answer rows to (Q, L, D)."""
        embeds: Tensor = self.phi.embed_tokens(ids)
        return embeds

    def forward(
        self, sequence: TokenSequence, rows: attention_rows.RowRequest | None = None
    ) -> Tensor:
        """(Q, S, D) states after the final norm; fills `rows` if given."""
        states: Tensor = self.phi(
            inputs_embeds=sequence.embeds,
            attention_mask=sequence.mask.long(),
            position_ids=sequence.positions(),
            use_cache=False,
            rows=rows,
        ).last_hidden_state
        return states

    def extend(
        self, embeds: Tensor, mask: Tensor, cache: Cache, wanted: Tensor | None = None
    ) -> Tensor:
        """(Q, n, D) states of the newest n tokens, whose embeddings are `embeds`.

        `mask` (Q, S) bool is True on the valid ones of all S tokens, these n last. The cache holds
        the tokens before them and takes them in. With `wanted` (Q, J), indices among the n, only
        the (Q, J, D) states of these, which is less work.
        """
        places = positions(mask)[:, -embeds.shape[1] :]
        if wanted is not None:
            return states_at(self.phi, embeds, wanted, mask=mask, places=places, cache=cache)
        states: Tensor = self.phi(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=places,
            cache=cache,
            use_cache=True,
        ).last_hidden_state
        return states

    def logits(self, states: Tensor) -> Tensor:
        """(…, D) states to (…, V) logits over answer rows."""
        if self.head is None:
            return F.linear(states, self.phi.embed_tokens.weight)
        logits: Tensor = self.head(states)
        return logits

    def choose(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """(…, D) states to the most probable answer rows (…,) and their probabilities, float32."""
        logits = self.logits(states).float()
        best, rows = logits.max(dim=-1)
        return rows, (best - logits.logsumexp(dim=-1)).exp()
