"""The ledger: every tile's answer kept, so that a run resumes and fusion can be replayed.

::

    keys      RunKey: what an answer depends on beside window and instruction
    logits    float logits ↔ int8, cropped and deflated
    lock      one process at a time, held by the operating system
    plan      Plan: what a run was about, kept for drawing it again
    rows      what is written for one tile
    schema    the tables, and opening the file that holds them
    store     Ledger: record, resume, replay
    opening   open_ledger, open_ledgers: held against other processes
    snapshot  read_ledger: every run of a ledger, as it stands
    merging   merge_ledgers: several ledgers of one setting become one
    sharing   how far tiles agree where they overlap
"""

from geoseg.ledger.keys import RunKey
from geoseg.ledger.logits import StoredLogits
from geoseg.ledger.merging import Merged, merge_ledgers
from geoseg.ledger.opening import open_ledger, open_ledgers
from geoseg.ledger.plan import Plan
from geoseg.ledger.rows import AnswerRow, State
from geoseg.ledger.sharing import Shared, shared_cells
from geoseg.ledger.snapshot import latest_runs, read_ledger
from geoseg.ledger.store import Ledger

__all__ = [
    "AnswerRow",
    "Ledger",
    "Merged",
    "Plan",
    "RunKey",
    "Shared",
    "State",
    "StoredLogits",
    "latest_runs",
    "merge_ledgers",
    "open_ledger",
    "open_ledgers",
    "read_ledger",
    "shared_cells",
]
