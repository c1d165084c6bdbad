"""A tiny language for tests of the core: a definition as text, instants as local time, one case.

`process` makes a program from YAML; `World` opens a case and sends it events, in Shanghai time.
Every decision is kept, so that rows and notices are lists a test can look at.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from definitions.model import Process
from definitions.reader import read
from workflows.core.case import Actor, Case, Cycle, Incoming
from workflows.core.deadlines import Deadline
from workflows.core.decide import Decision, decide, look, open_case, wakeup
from workflows.core.effects import ClockView, Notify, OpenCase, Request, Row
from workflows.core.errors import IllegalEvent
from workflows.core.plan import plan
from workflows.core.program import Program

ZONE = ZoneInfo("Asia/Shanghai")
ROLES = ("agent", "boss", "team_a", "team_b", "team_c")

CALENDARS = """
calendars:
  office:
    calendar: office
    title: {zh: 办公室, en: Office}
    zone: Asia/Shanghai
    week: {mon: ["09:00-18:00"], tue: ["09:00-18:00"], wed: ["09:00-18:00"],
           thu: ["09:00-18:00"], fri: ["09:00-18:00"]}
    from: 2026-01-01
    through: 2026-12-31
    off: [2026-10-01..2026-10-07]
    work: {2026-09-20: ["09:00-17:00"]}
"""
HEAD = """
process: sample
version: 1
title: {zh: 样例, en: Sample}
calendar: office
owner: agent
roles:
  agent: {title: {zh: 专员, en: Agent}}
  boss: {title: {zh: 主管, en: Boss}}
  team_a: {title: {zh: 甲组, en: Team A}}
  team_b: {title: {zh: 乙组, en: Team B}}
  team_c: {title: {zh: 丙组, en: Team C}}
  client: {title: {zh: 客户, en: Client}, kind: customer}
ladders:
  plan:
    hours:
      - {id: remind, level: L0, at: 75%, to: assignee}
      - {id: superior, level: L1, at: due, to: boss}
      - {id: next, level: L2, at: "50% after due, at least 1 hour, at most 24 hours", to: team_a}
    days:
      - {id: before, level: L0, at: 09:00 on the last working day before due, to: assignee}
      - {id: remind, level: L0, at: 09:00 on the due day, to: assignee}
      - {id: superior, level: L1, at: due, to: boss}
      - {id: next, level: L2, at: 1 working_day after due, to: team_a}
"""
_TITLED = re.compile(r"title: (\w+)")


def process(body: str, calendars: str = CALENDARS) -> Program:
    """A program from the parts of a definition that matter to a test; `title: Word` is enough."""
    return Program(model(body, calendars))


@lru_cache(maxsize=256)
def model(body: str, calendars: str = CALENDARS) -> Process:
    """The model of such a definition. A part given in `body` replaces the usual one."""
    own = {line.partition(":")[0] for line in body.splitlines() if line[:1].isalpha()}
    parts = re.split(r"(?m)^(?=[a-z])", HEAD + calendars.lstrip())
    kept = "".join(part for part in parts if part.partition(":")[0] not in own)
    text = _TITLED.sub(r"title: {zh: \1, en: \1}", kept + body)
    return Process.model_validate_json(json.dumps(read(text.encode(), "test.yaml").value))


def cn() -> str:
    """The calendar of China as a `calendars:` part, named `cn`."""
    file = Path(__file__).parents[2] / "definitions" / "calendars" / "cn.yaml"
    lines = file.read_text("utf-8").splitlines()
    return "calendars:\n  cn:\n" + "".join(f"    {line}\n" for line in lines)


def t(text: str) -> int:
    """An instant: `2027-01-10 09:30[:15]`, `11-10 09:30` of 2026, or `9 09:30` of November."""
    day, _, clock = text.partition(" ")
    day = ("2026-11-", "2026-", "")[day.count("-")] + day.zfill(2)
    return int(datetime.fromisoformat(f"{day} {clock or '00:00'}").replace(tzinfo=ZONE).timestamp())


def said(instant: int | None) -> str | None:
    """An instant as `t` reads it, with its date, seconds only where there are some."""
    if instant is None:
        return None
    text = datetime.fromtimestamp(instant, ZONE).strftime("%m-%d %H:%M:%S")
    return text.removesuffix(":00")


@dataclass
class World:
    """One case and everything that was decided on it."""

    program: Program
    case: Case = field(init=False)
    decisions: list[Decision] = field(default_factory=list)
    sent: int = 0

    @property
    def rows(self) -> list[Row]:
        return [row for decision in self.decisions for row in decision.rows]

    @property
    def notices(self) -> list[Notify]:
        return [notice for decision in self.decisions for notice in decision.notices]

    @property
    def requests(self) -> list[Request]:
        return [asked for decision in self.decisions for asked in decision.requests]

    @property
    def opened(self) -> list[OpenCase]:
        return [asked for asked in self.requests if isinstance(asked, OpenCase)]

    def start(self, at: str, now: str = "", by: str = "agent", **data: Any) -> Decision:
        """Open the case at an instant, perhaps only reported at `now`. `imported=True` marks."""
        imported = bool(data.pop("imported", False))
        incoming = Incoming("start", "start", Actor(f"{by}1", (by,)), data, t(at))
        opened = open_case(self.program, "K-1", incoming, t(now or at), imported=imported)
        return self._keep(opened)

    def send(
        self,
        at: str,
        name: str,
        by: str = "agent",
        occurred: str = "",
        event_id: str | None = None,
        backlog: bool = False,
        **data: Any,
    ) -> Decision:
        """Send an event at an instant; it may have occurred earlier."""
        self.sent += 1
        identity = f"e{self.sent}" if event_id is None else event_id
        happened = t(occurred) if occurred else None
        incoming = Incoming(name, identity, Actor(f"{by}1", (by,)), data, happened)
        return self._keep(decide(self.program, self.case, incoming, t(at), backlog))

    def refused(self, at: str, name: str, **more: Any) -> IllegalEvent:
        """Send an event that must be refused, and change nothing."""
        before, decided = self.case, len(self.decisions)
        with pytest.raises(IllegalEvent) as refusal:
            self.send(at, name, **more)
        assert self.case == before
        assert len(self.decisions) == decided
        return refusal.value

    def look(self, at: str, over: bool = True) -> Decision:
        """Let time pass up to an instant, by default until its second is over."""
        return self._keep(look(self.program, self.case, t(at), over))

    def punctual(self, until: str) -> None:
        """Look at every wake-up up to an instant, as a shell does."""
        while (at := wakeup(self.program, self.case)) is not None and at <= t(until):
            assert at > self.case.settled or at == self.case.settled
            self._keep(look(self.program, self.case, at))
        self.look(until, over=False)

    def _keep(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        self.case = decision.case
        return decision

    # --- what is seen -----------------------------------------------------------------------

    def cycle(self, clock: str = "answer", n: int | None = None) -> Cycle:
        """The latest cycle of a clock, or one by its number."""
        mine = [c for c in self.case.cycles if c.clock == clock and n in (None, c.n)]
        return mine[-1]

    def phase(self, clock: str = "answer") -> str:
        return self.cycle(clock).phase

    def deadline(self, clock: str = "answer") -> Deadline | None:
        return plan(self.program, self.cycle(clock)).due

    def due(self, clock: str = "answer") -> str | None:
        """The deadline as text."""
        found = self.deadline(clock)
        return None if found is None else said(found.at)

    def breached(self, clock: str = "answer") -> str | None:
        return said(self.cycle(clock).breached)

    def view(self, clock: str = "answer") -> ClockView:
        return next(c for c in self.decisions[-1].view.clocks if c.clock == clock)

    def rungs(self, clock: str = "answer", kind: str = "rung") -> list[tuple[str, str | None]]:
        """Rungs that fired (or were skipped), with the instants for which they stand."""
        return [(r.name, said(r.at)) for r in self.rows if r.kind == kind and r.clock == clock]

    def standing(self, clock: str = "answer") -> dict[str, str | None]:
        """Where all rungs of the latest cycle stand."""
        return {rung.id: said(at) for rung, at in plan(self.program, self.cycle(clock)).rungs}

    def kinds(self, *names: str) -> list[str]:
        """Kinds of rows, in order; of these names only, if any."""
        return [row.kind for row in self.rows if not names or row.kind in names]


def said_to(notices: Iterable[Notify]) -> list[tuple[str, str]]:
    """To whom what was said."""
    return [(notice.rung or notice.kind, notice.to) for notice in notices]
