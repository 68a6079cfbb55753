"""The ledger: every tile's answer kept, so that a run resumes and fusion can be replayed.

::

    keys      RunKey: what an answer depends on beside window and instruction
    logits    float logits ↔ int8, cropped and deflated
    lock      one process at a time, held by the operating system
    plan      Plan: what a run was about, kept for drawing it again
    rows      what is written for one tile
    schema    the tables, and opening the file that holds them
    store     open_ledger, Ledger: record, resume, replay
    snapshot  read_ledger: every run of a ledger, as it stands
"""

from geoseg.ledger.keys import RunKey
from geoseg.ledger.logits import StoredLogits
from geoseg.ledger.plan import Plan
from geoseg.ledger.rows import State
from geoseg.ledger.snapshot import read_ledger
from geoseg.ledger.store import AnswerRow, Ledger, open_ledger

__all__ = [
    "AnswerRow",
    "Ledger",
    "Plan",
    "RunKey",
    "State",
    "StoredLogits",
    "open_ledger",
    "read_ledger",
]
