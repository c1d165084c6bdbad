"""What happened in one step of a rehearsal, as plain values that any tool can judge.

What it is: the record of a step: what was sent and answered, and what could be seen after it.
What it is not: judging; the differences are given.
Who may import it: the surfaces.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from surfaces.instants import dated, shown
from surfaces.matching import Difference, Seen
from workflows.core.case import Incoming
from workflows.core.effects import CaseView, ClockView, Notify, Row


@dataclass(frozen=True, slots=True)
class Trace:
    """Step 0 is the start. `at` is the instant up to which things were decided."""

    number: int
    at: int
    zone: str
    event: Incoming | None
    answer: Mapping[str, Any]
    refusal: Mapping[str, Any] | None
    seen: Seen
    rows: tuple[tuple[str, Row], ...]
    differences: tuple[Difference, ...]

    def to_json(self) -> dict[str, Any]:
        """Instants are ISO 8601 in the case's zone."""
        view = self.seen.view
        return {
            "step": self.number,
            "at": shown(self.at, self.zone),
            "case": self.seen.case,
            "send": None if self.event is None else self.event.name,
            "event_id": None if self.event is None else self.event.id,
            "answer": dict(self.answer) or None,
            "refused": None if self.refusal is None else dict(self.refusal),
            **({"state": None} if view is None else _case(view, self.zone)),
            "notices": [_notice(notice, self.zone) for notice in self.seen.notices],
            "documents": [
                {
                    "case": paper.case,
                    "document": paper.document,
                    "number": paper.printed,
                    "at": shown(paper.at, self.zone),
                }
                for paper in self.seen.documents
            ],
            "rows": [{"case": case, **dated(asdict(row), self.zone)} for case, row in self.rows],
            "cases": [
                {"case": one.case, "process": one.process, "key": one.key, **_case(one, self.zone)}
                for one in self.seen.opened
            ],
            "differences": [difference.to_json() for difference in self.differences],
        }


def _case(view: CaseView, zone: str) -> dict[str, Any]:
    return {
        "state": view.state,
        "owner": view.owner,
        "closed": None if view.closed is None else shown(view.closed, zone),
        "ended": None if view.ended is None else shown(view.ended, zone),
        "next_wakeup": None if view.next_wakeup is None else shown(view.next_wakeup, zone),
        "clocks": [_clock(clock, zone) for clock in view.clocks],
        "tasks": [dated(asdict(task), zone) for task in view.tasks],
        "events": [event.name for event in view.events],
        "data": dict(view.data),
    }


def _clock(clock: ClockView, zone: str) -> dict[str, Any]:
    return dated(asdict(clock), zone)


def _notice(notice: Notify, zone: str) -> dict[str, Any]:
    plain = dated(asdict(notice), zone)
    del plain["facts"], plain["zone"], plain["seq"]
    return plain
