"""A checkpoint in this process: questions → batches → model → answers. Imports torch.

::

    engine      LocalEngine: batches, and what happens to one that fails
    batching    BatchSize: how many tiles at once
    inquiry     Inquiry: what one run asks, each thing computed once
    drafts      Drafts: what the next tile will be answered
    replies     what the model said and drew about a chip, as an answer

The only bridge between scenes and torch.
"""

from geoseg.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
