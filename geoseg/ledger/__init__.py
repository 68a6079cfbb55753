"""The ledger: every tile's answer kept, so that a run resumes and fusion can be replayed.

::

    keys      RunKey: what an answer depends on beside window and instruction
    logits    float logits ↔ int8, cropped and deflated
    lock      one process at a time, held by the operating system
    schema    the tables, and opening the file that holds them
    store     open_ledger, Ledger: record, resume, replay
"""

from geoseg.ledger.keys import RunKey
from geoseg.ledger.logits import StoredLogits
from geoseg.ledger.store import AnswerRow, Ledger, State, open_ledger

__all__ = ["AnswerRow", "Ledger", "RunKey", "State", "StoredLogits", "open_ledger"]
