"""A checkpoint in this process: questions → batches → model → answers. Imports torch.

::

    engine      LocalEngine: what happens to a batch
    batching    BatchSize: how many tiles at once
    replies     what the model said about a chip, as an answer

The only bridge between scenes and torch.
"""

from geoseg.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
