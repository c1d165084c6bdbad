"""Small definitions and stories made by chance, for the laws that hold for all of them."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from definitions.model import Process
from tests.core.calendars import SOURCES
from tests.core.world import t
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case
from workflows.core.effects import Notify, Row
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program

BEGIN = t("2026-09-17 08:00")
"""A Thursday before a make-up Sunday and two holidays."""
AGENT = Actor("agent1", ("agent",))
HOUR, DAY = 3600, 86_400

LADDERS = {
    "plan": {
        "hours": [
            {"id": "early", "level": "L0", "at": "30%", "to": "assignee"},
            {"id": "remind", "level": "L0", "at": "75%", "to": "assignee"},
            {"id": "due", "level": "L1", "at": "due", "to": "boss"},
            {"id": "next", "level": "L2", "at": "50% after due, at least 1 hour", "to": "boss"},
            {"id": "last", "level": "L3", "at": "1 working_day after due", "to": "boss"},
        ],
        "days": [
            {"id": "before", "level": "L0", "at": "09:00 on the last working day before due",
             "to": "assignee"},
            {"id": "day", "level": "L0", "at": "09:00 on the due day", "to": "assignee"},
            {"id": "due", "level": "L1", "at": "due", "to": "boss"},
            {"id": "next", "level": "L2", "at": "1 working_day after due", "to": "boss"},
        ],
    }
}  # fmt: skip
BUDGETS = (
    "30 minutes", "2 hours", "8 hours", "30 hours", "30 working_minutes", "4 working_hours",
    "20 working_hours", "1 days", "3 days", "1 working_day", "2 working_days same_time",
    "4 working_days", "1 months", "day 20 of month", "day 1 of next month",
)  # fmt: skip
TABLE = {
    "inputs": {"level": "data.level"},
    "output": "budget",
    "rows": [
        {"when": {"level": 1}, "then": "1 hours"},
        {"when": {"level": 2}, "then": "6 working_hours"},
        {"then": "2 working_days"},
    ],
}
EVENTS = (
    "ask", "reply", "note", "level1", "level2", "hold", "resume", "again", "ask", "reply", "close",
    "reopen",
)  # fmt: skip
STATES = {
    "working": {
        "title": {"zh": "处理", "en": "Working"},
        "on": {"ask": {"to": "waiting"}, "close": {"to": "done"}},
    },
    "waiting": {
        "title": {"zh": "等待", "en": "Waiting"},
        "on": {"reply": {"to": "working"}, "close": {"to": "done"}},
    },
    "done": {
        "title": {"zh": "完成", "en": "Done"},
        "closed": True,
        "on": {"reopen": {"to": "working", "reopens": True}},
    },
    "lost": {"title": {"zh": "失效", "en": "Lost"}, "closed": True},
}
ANYWHERE = {
    "note": {"within": "any"},
    "again": {},
    "level1": {"set": {"level": 1}},
    "level2": {"set": {"level": 2}},
    "hold": {"hold": {"max": "30 hours"}},
    "resume": {"release": True},
}


def _clock(values: dict[str, Any]) -> dict[str, Any]:
    return {"title": {"zh": "时限", "en": "Clock"}, "ladder": "plan", **values}


clocks = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("response", "resolution", "reply")),
        "budget": st.sampled_from(BUDGETS) | st.just({"table": "by_level"}),
        "calendar": st.sampled_from(("office", "lunch", "night", "berlin", "always")),
        "start": st.sampled_from(("opened", "note", "enter waiting", ["opened", "reply"])),
        "stop": st.sampled_from(("close", "reply", "note")),
        "pause": st.fixed_dictionaries(
            {
                "states": st.sampled_from(([], ["waiting"])),
                "holds": st.booleans(),
            }
        ),
        "change": st.sampled_from(("carry", "carry", "restart", "stricter_wins")),
    },
    optional={
        "reset": st.just("again"),
        "lapse": st.sampled_from(({"to": "lost"}, {"to": "lost", "roll": "next_working_day"})),
        "reopen": st.sampled_from(("resume", "restart", "none")),
        "outlives": st.just(True),
    },
).map(_clock)


def _timer(values: dict[str, Any]) -> dict[str, Any]:
    """The same without what only a promise has; it always lapses."""
    plain = {key: value for key, value in values.items() if key != "ladder"}
    return {**plain, "kind": "timer", "lapse": values.get("lapse", {"to": "lost"})}


def _repeating(values: dict[str, Any]) -> dict[str, Any]:
    """A timer that goes off again and again, where the case stays or not."""
    title = {"zh": "节拍", "en": "Beat"}
    return {"title": title, "kind": "timer", "calendar": "lunch", **values}


repeaters = st.fixed_dictionaries(
    {
        "budget": st.sampled_from(("5 hours", "8 working_hours", "3 days", "2 working_days")),
        "repeat": st.integers(1, 9),
        "start": st.sampled_from(("opened", "enter waiting", "closed", "note")),
        "lapse": st.sampled_from(
            ({"set": {"beats": "data.beats + 1"}}, {"set": {"level": 2}}, {"to": "working"})
        ),
    },
    optional={
        "cancel": st.just("level1"),
        "stop": st.just("close"),
        "reset": st.just("again"),
        "outlives": st.just(True),
        "reopen": st.just("restart"),
    },
).map(_repeating)


WINDOW = _clock(
    {"kind": "reply", "budget": "20 days", "start": "closed", "stop": "reopen"}
)  # keeps a closed case from ending at once


@lru_cache(maxsize=512)
def _program(text: str) -> Program:
    return Program(Process.model_validate_json(text))


def _made(chosen: list[dict[str, Any]]) -> Program:
    source = {
        "process": "sample",
        "version": 1,
        "title": {"zh": "样例", "en": "Sample"},
        "calendar": "office",
        "owner": "agent",
        "tolerance": "400 days",
        "calendars": {name: values | {"calendar": name} for name, values in SOURCES.items()},
        "ladders": LADDERS,
        "tables": {"by_level": TABLE},
        "data": {
            "level": {"type": "int", "default": 3},
            "beats": {"type": "int", "default": 0},
        },
        "clocks": {f"c{n}": values for n, values in enumerate(chosen)} | {"window": WINDOW},
        "states": STATES,
        "anywhere": ANYWHERE,
    }
    return _program(json.dumps(source))


timers = clocks.map(_timer)
programs = st.builds(
    lambda some, one, beating: _made([*some, *one, *beating]),
    st.lists(clocks, min_size=1, max_size=3),
    st.lists(timers, max_size=1),
    st.lists(repeaters, max_size=1),
)

pauses_between = st.sampled_from(
    (0, 1, 60, 900, 1800, HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 16 * HOUR, DAY, 2 * DAY, 5 * DAY)
)


@dataclass(frozen=True)
class Sent:
    """An event that occurs at an instant."""

    at: int
    name: str
    id: str

    def incoming(self, occurred: int | None = None) -> Incoming:
        return Incoming(self.name, self.id, AGENT, {}, occurred)


@st.composite
def stories(draw: st.DrawFn, size: int = 8) -> list[Sent]:
    """Events in the order of their instants."""
    at, story = BEGIN, []
    for n in range(draw(st.integers(size // 2, size))):
        at += draw(pauses_between)
        story.append(Sent(at, draw(st.sampled_from(EVENTS)), f"e{n}"))
    return story


class Told:
    """A case with everything that was decided on it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        opening = Incoming("start", "start", AGENT, {}, BEGIN)
        self.rows: list[Row] = []
        self.notices: list[Notify] = []
        self.refused: list[str] = []
        self.case: Case = self._keep(open_case(program, "K", opening, BEGIN))

    def _keep(self, decision: Decision) -> Case:
        self.rows += decision.rows
        self.notices += decision.notices
        self.case = decision.case
        return decision.case

    def send(self, event: Incoming, now: int, backlog: bool = False) -> None:
        """Send an event; a refusal is remembered."""
        try:
            self._keep(decide(self.program, self.case, event, now, backlog))
        except IllegalEvent as refusal:
            self.refused.append(f"{event.id} {refusal.code}")

    def look(self, now: int) -> None:
        self._keep(look(self.program, self.case, now))

    def ledger(self) -> list[Row]:
        """The journal without the instants at which things were noticed."""
        return [replace(row, recorded=0) for row in self.rows]
