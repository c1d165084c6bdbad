"""Cases that open by the calendar: when, under which key, with which data.

What it is: a schedule of a process made ready. An occasion is one instant at which the schedule
is due; any other instant stands for the last occasion before it, so that a run that was asked for
by hand, or comes late, opens what was to be opened then.
What it is not: a client or a timer; Temporal's schedules are.
Who may import it: the surfaces and the composition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from definitions.expressions import EvaluationError, Scope, ValueType, compile_expression
from definitions.forms import start_items
from definitions.model import Process
from definitions.scope import schedule_scope
from definitions.sending import as_payload
from workflows.core.case import Actor
from workflows.core.days import functions
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.starting import start_arguments

PREFIX: Final = "duecourse-"
_MONTHS: Final = 12


def schedule_id(process: str, schedule: str) -> str:
    """The name of a schedule in Temporal. Ids of processes and schedules have no hyphen."""
    return f"{PREFIX}{process}-{schedule}"


@dataclass(frozen=True, slots=True)
class Opening:
    """One case that an occasion opens."""

    organisation: str
    key: str
    data: dict[str, Any]


class Occasions:
    """One schedule of a process, in the zone of the process's calendar."""

    def __init__(self, process: Process, schedule: str) -> None:
        self.process = process
        self.schedule = process.schedules[schedule]
        self.id = schedule_id(process.process, schedule)
        program = Program(process)
        self.zone = program.zone
        self._place = ZoneInfo(program.zone)
        self._scope: Scope = schedule_scope(self.schedule)
        self._functions = functions(program.days(process.calendar))

    # --- when -------------------------------------------------------------------------------

    def last(self, at: int) -> int:
        """The occasion at `at`, or the last one before."""
        month = self._month(at)
        return next(found for found in self._from(month, -1) if found <= at)

    def coming(self, after: int, count: int) -> tuple[int, ...]:
        """The next occasions after an instant."""
        found = (one for one in self._from(self._month(after), 1) if one > after)
        return tuple(islice(found, count))

    def _month(self, at: int) -> int:
        local = datetime.fromtimestamp(at, self._place)
        return local.year * _MONTHS + local.month - 1

    def _from(self, month: int, step: int) -> Iterator[int]:
        """Occasions from a month on, or back."""
        hour, minute = map(int, self.schedule.time.split(":"))
        while True:
            year, number = divmod(month, _MONTHS)
            if number % self.schedule.months == 0:
                day = self.schedule.day
                moment = datetime(year, number + 1, day, hour, minute, tzinfo=self._place)
                yield int(moment.timestamp())
            month += step

    # --- what -------------------------------------------------------------------------------

    def opening(self, at: int, organisation: str) -> Opening:
        """The case that the occasion at `at` opens. Raises `IllegalEvent` (`expression_failed`)."""
        values = {
            "schedule.at": at,
            "schedule.month": f"{datetime.fromtimestamp(at, self._place):%Y-%m}",
            "schedule.organisation": organisation,
        }
        data = {
            name: self._value(source, None, values) for name, source in self.schedule.data.items()
        }
        return Opening(
            organisation,
            str(self._value(self.schedule.key, ValueType.TEXT, values)),
            {name: value for name, value in data.items() if value not in ("", None)},
        )

    def arguments(self, at: int, organisation: str, now: int) -> dict[str, Any]:
        """What `client.start_workflow` needs for it, task queue aside. Raises as `opening` and
        `start_arguments` do."""
        opening = self.opening(at, organisation)
        nominal = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
        return start_arguments(
            self.process,
            key=opening.key,
            data=as_payload(start_items(self.process), opening.data),
            actor=Actor(self.id, ("system",)),
            event_id=f"{self.id}/{nominal}/{organisation}",
            now=now,
            occurred_at=at,
        )

    def _value(self, source: str, expect: ValueType | None, values: dict[str, Any]) -> Any:
        expression = compile_expression(source, self._scope, expect, self._functions)
        try:
            return expression.evaluate(values.__getitem__)
        except EvaluationError as error:
            raise IllegalEvent("expression_failed", detail=str(error)) from None
