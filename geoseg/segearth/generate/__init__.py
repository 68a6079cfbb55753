"""Greedy answers, fast and exact: the answer is what the model would say token by token, alone.

::

    answers   Generation, and an answer while it grows: greedy decoding of one row, as a rule
    cache     keys and values of a batch, in buffers with room for the answer
    prefix    Prefix: what the model remembers of a picture, shared by all questions about it
    drafts    expected answers, checked in the same pass that reads the prompt
    steps     the tokens after that, one at a time for all rows
    graph     the same steps in fixed shapes, replayed as a CUDA graph
    greedy    generate, remember

Shapes: image tokens (Q, T, D) in; per question the answer rows, the (S, D) states and (S,)
probabilities of its S [SEG] tokens out. The state is taken at the [SEG] token itself, as in
training, so a [SEG] that comes last costs one more step.

What is promised: batches, prefixes, drafts and fixed shapes change which sums are computed
together, never which are computed. Tokens are those of greedy decoding of each question alone, as
long as its two best tokens differ by more than the rounding of the number format (in float32 some
1e-5 of a logit); states and probabilities agree within that rounding. No token is sampled: a map
does not change between runs.
"""

from geoseg.segearth.generate.answers import Finish, Generation
from geoseg.segearth.generate.greedy import generate, remember
from geoseg.segearth.generate.prefix import Prefix

__all__ = ["Finish", "Generation", "Prefix", "generate", "remember"]
