"""What each key of a scenario means, one sentence a key.

What it is: the other half of the table behind `docs/reference.md`; see `reference_meanings`.
What it is not: rules.
Only `surfaces.reference_meanings` imports it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_BY: Final = {
    "id": "The person or program.",
    "roles": "The roles in which it acts.",
}
SCENARIO_MEANINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "File": {
            "scenario": "What it shows, in a few words.",
            "process": "The process.",
            "norm": "The rules that it covers.",
            "start": "The opening of the first case.",
            "steps": "What happens then, in order.",
        },
        "Start": {
            "at": "When. The first start needs an instant; one inside a step has the step's time.",
            "process": "Another process; left out, the scenario's.",
            "key": "The case's key.",
            "data": "The data given.",
            "by": "Who opens it; left out, the system.",
            "id": "The event id; left out, made up.",
            "occurred_at": "When it was really opened, if that was earlier.",
            "refused": "Whether it is refused, or the code with which it is.",
            "expect": "What should be seen.",
        },
        "By": _BY,
        "Step": {
            "at": "When: an instant, or an offset such as `+1h30m` from the step before. Left "
            "out, at the same time.",
            "send": "The event or task. A step without `send` and `start` lets time pass, to the "
            "end of its second.",
            "start": "Another case that is opened.",
            "message": "The event comes as a message of another case.",
            "case": "Which case, as `process:key`; left out, the first.",
            "by": "Who sends it; left out, the system.",
            "data": "What the form is filled with.",
            "id": "The event id; left out, made up.",
            "occurred_at": "When it really occurred, if it is told late.",
            "refused": "Whether it is refused, or the code with which it is.",
            "twice": "It is sent twice with the same id; the answers must be the same.",
            "down": "No worker runs from this step on, for this long.",
            "expect": "What should be seen afterwards.",
        },
        "Message": {"from": "The case that sends it, as `process:key`; it need not be there."},
        "Expect": {
            "state": "The state.",
            "clocks": "Clocks by name: what they look like, or a phase alone, or a list of "
            "cycles, or `null` for a clock that never ran.",
            "notices": "Notices since the step before; `[]` for none at all.",
            "cases": "Cases opened since the step before.",
            "documents": "Documents filled in since the step before; `[]` for none at all.",
            "data": "Case fields.",
            "closed": "Whether it is closed, or since when.",
            "ended": "Whether it has ended, or when.",
            "events": "Events that are possible now.",
            "owner": "The id of the owner.",
            "answer": "Parts of the answer to the sender.",
        },
        "ClockExpect": {
            "phase": "The phase.",
            "due": "The deadline. A day's end is the next day's 00:00, with `exclusive: true`.",
            "exclusive": "Whether the deadline is a day's end.",
            "breached": "When it was missed; `null` if it was not.",
            "retracted": "Whether a breach was taken back, or how.",
            "cycle": "The number of the cycle.",
            "remaining": "The time left, as a length or in seconds.",
            "provisional": "Whether the calendar does not know the deadline's day yet.",
            "ended": "When the cycle ended.",
            "level": "The highest level fired.",
            "assignee": "The role that owes it.",
        },
        "RetractedExpect": {
            "breached": "The instant of the breach taken back.",
            "at": "When it was taken back.",
            "by_event": "The id of the event that did it.",
        },
        "NoticeExpect": {
            "clock": "The clock.",
            "rung": "The rung's id or its level.",
            "to": "The role.",
            "at": "The instant.",
            "kind": "What kind of notice.",
            "case": "Another case than the step's.",
            "count": "How many such notices.",
        },
        "DocumentExpect": {
            "document": "The document.",
            "number": "The number printed on it.",
            "case": "Another case than the step's.",
        },
        "CaseExpect": {
            "process": "Its process.",
            "count": "How many such cases.",
            "key": "Its key.",
            "state": "Its state.",
            "clocks": "Its clocks.",
            "data": "Its data.",
        },
    }
)
