"""What one person sees of a case, and what he is to do about it.

What it is: the words in which the tables of the people are written: a `Duty` is an event that
somebody owes in a state, a `Desk` the case as it lies before him. Chance comes from the case's own
seed, so that what one person draws changes nothing for another.
What it is not: time passing (`centre`) or the tables (`repairs`, `machines`, `offices`).
Who may import it: the simulated year.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from workflows.core.effects import CaseView, ClockView

if TYPE_CHECKING:
    from benchmarks.year.centre import Centre

ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Desk:
    """A case before somebody, at an instant."""

    centre: "Centre"
    view: CaseView
    now: int
    rng: Random

    @property
    def data(self) -> Mapping[str, Any]:
        return self.view.data

    @property
    def state(self) -> str:
        return self.view.state

    def get(self, name: str) -> Any:
        """A field, or ''."""
        return self.view.data.get(name, "")

    def clock(self, name: str) -> ClockView | None:
        """The cycle of a clock that runs, if one does."""
        found = [one for one in self.view.clocks if one.clock == name and one.due is not None]
        return next((one for one in found if one.ended is None), None)

    def before(self, name: str, share: float, otherwise: float = 6.0) -> int:
        """An instant so far on the way to a deadline; if there is none ahead, in so many hours."""
        clock = self.clock(name)
        left = 0 if clock is None or clock.due is None else clock.due - self.now
        return self.now + int(left * share if left > 0 else otherwise * HOUR)

    def chance(self, what: str) -> float:
        """A number from 0 to 1 that belongs to this case and question."""
        return Random(f"{self.centre.seed}/{self.view.case}/{what}").random()

    @property
    def today(self) -> str:
        return day_of(self.now).isoformat()


Value = Any | Callable[[Desk], Any]


def always(_: Desk) -> bool:
    return True


@dataclass(frozen=True)
class Duty:
    """An event that a role owes; without a name it is never done, on purpose. `hours`: from when
    it can be done until it is, at leisure; `at` an instant that was appointed instead. `share` of
    the cases meet it at all. `day_and_night` is not put off to working time, and with a `punctual`
    one nobody is ever late."""

    event: str
    role: str
    hours: tuple[float, float] = (0.5, 6.0)
    data: Mapping[str, Value] = field(default_factory=dict)
    when: Callable[[Desk], bool] = always
    at: Callable[[Desk], int] | None = None
    share: float = 1.0
    day_and_night: bool = False
    punctual: bool = False
    by: str = ""
    noted: Callable[[Desk], None] | None = None
    """What is written down outside the engine when it is done."""

    def filled(self, desk: Desk) -> dict[str, Any]:
        """The form's values."""
        return {
            name: value(desk) if callable(value) else value for name, value in self.data.items()
        }


Table = Mapping[str, Mapping[str, tuple[Duty, ...]]]
"""By process and state: the first duty that is met is the next one."""


def day_of(at: int) -> date:
    """The local day of an instant."""
    return datetime.fromtimestamp(at, ZONE).date()


def instant(day: date, hour: float = 9.0) -> int:
    """An hour of a local day."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return int((start + timedelta(hours=hour)).timestamp())


def iso(at: int) -> str:
    """An instant as a form takes it."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def next_month(month: str, day: int) -> date:
    """A day of the month after one that is written 2026-11."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, day)


def money(fen: Any) -> str:
    """As a form takes it."""
    return f"{int(fen) // 100}.{int(fen) % 100:02}"
