"""An event for a case that a lapse has ended: late, and written down by whoever was to send it.

What it is: the row that `workflows.ended` finds, kept, and the answer to the sender.
What it is not: the sending, or a way to move an ended case.
Who may import it: the surfaces.
"""

import time
from typing import Any

from activities.records import Records
from surfaces.ledger import Ledger
from workflows.ended import LATE, row_after_end
from workflows.payloads import EventArgument, rules_of


async def late_rejected(
    records: Records, ledger: Ledger, ended: int, event: str, argument: EventArgument
) -> dict[str, Any] | None:
    """The answer to an event that comes after the lapse that ended its case, and its row in the
    journal; None if no lapse ended it, or the event was not possible before either.

    Raises `IllegalEvent` for one that occurred before the case or in the future.
    """
    program, now = rules_of(ledger.pinned).program, max(int(time.time()), ended)
    row = row_after_end(program, ledger.journal, event, argument, now)
    if row is None:
        return None
    seq = await records.late_rejected(row, ledger.case, ledger.number)
    return {"case": ledger.case, "seq": seq, "status": LATE, "state": row.state, "ended": True}
