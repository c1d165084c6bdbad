"""The same process for SpiffWorkflow: a BPMN model of the complaint, and one case run through it.

What it is: each state as a user task, followed by an exclusive gateway whose flows carry the guards
of the definition as Python expressions; a refused event falls back to its user task. Joint handling
is a parallel gateway with three user tasks. A clock is a set of non-interrupting boundary timers,
one a rung of its ladder, which is BPMN's word for an escalation; or one a clock, at its deadline;
or none at all. They stand on every state in which the clock may run, or only on the first one:
no way of drawing a clock costs less than that, and the reminders of later states are given up.
What SpiffWorkflow is spared: roles, checks of forms, decision tables, the journal, working time,
event ids, and a clock that outlasts a state as one object.
Who may import it: the benchmarks.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from benchmarks.path import OPENING, Step

FREE = "actor not in accused"
HELPING = "not (actor in accused and (complaint_class == 'B' or staff_conduct))"
"""The prohibitions of the definition: nobody handles a complaint about oneself, though in some
classes that person may help to put things right, by these events."""
HELP = frozenset({"coordinate"})

CLASS = "complaint_class"

FLOWS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "received": (("acknowledge", "apology_given", "acknowledged"),),
    "acknowledged": (
        (
            "classify",
            f"(default_confirmed or {CLASS} != 'A2') and ({CLASS} != 'B' or accused)",
            "investigating",
        ),
        ("confirm_default", "in_writing and overdue_instalments > 0", "acknowledged"),
    ),
    "investigating": (
        ("coordinate", "complaint_class in ('A1', 'A2')", "investigating"),
        (
            "find",
            "len(evidence) > 0 and (complaint_class != 'B' or misconduct != '') and upheld",
            "verified",
        ),
        ("find", "len(evidence) > 0 and not upheld", "not_upheld"),
        ("confirm_default", "complaint_class == 'A1' and in_writing", "investigating"),
    ),
    "verified": (
        ("open_joint_handling", "complaint_class == 'A2' and default_confirmed", "joint_split"),
        ("decide_discipline", "complaint_class == 'B' and misconduct != ''", "discipline_decided"),
        ("propose", "complaint_class in ('A1', 'C')", "solution_proposed"),
    ),
    "not_upheld": (("explain", "True", "fed_back"),),
    "joint_plan": (("propose", "True", "solution_proposed"),),
    "discipline_decided": (
        ("talk", "True", "discipline_decided"),
        ("propose", "True", "solution_proposed"),
    ),
    "solution_proposed": (
        ("customer_agrees", "True", "executing"),
        ("customer_rejects", "True", "investigating"),
    ),
    "executing": (("report_result", "True", "fed_back"),),
    "fed_back": (
        ("callback_satisfied", "line != 'repair_hotline'", "closed"),
        ("callback_dissatisfied", "line != 'repair_hotline'", "investigating"),
        ("callback_attempt", "line != 'repair_hotline'", "fed_back"),
        ("close_unreachable", "len(attempt_days) >= 3", "closed_unreachable"),
    ),
    "closed": (("watch_call", "line != 'repair_hotline'", "closed"),),
}
"""State to its events, guards and targets."""

WITHDRAWN = "withdrawn"
ENDS = ("closed_unreachable", WITHDRAWN)
PARTIES = ("debt_collection", "service_centre", "whole_machine")

CLOCKS: dict[str, tuple[str, ...]] = {
    "received": ("response", "prelim", "solution"),
    "acknowledged": ("prelim", "solution"),
    "investigating": ("prelim", "solution"),
    "verified": ("solution",),
    "not_upheld": ("solution",),
    "joint_plan": ("solution",),
    "discipline_decided": ("solution",),
    "solution_proposed": ("customer_answer",),
    "executing": ("execution",),
    "fed_back": ("callback",),
    "closed": ("improvement", "watch_call", "watch_period"),
}
HOURS: dict[str, int] = {
    "response": 2,
    "prelim": 48,
    "solution": 72,
    "customer_answer": 72,
    "execution": 24,
    "callback": 72,
    "improvement": 240,
    "watch_call": 720,
    "watch_period": 4320,
}

Rungs = tuple[tuple[str, float], ...]
RUNGS: Rungs = (("due", 1.0), ("remind", 0.75), ("next_level", 1.5))
DAY_RUNGS: Rungs = (*RUNGS, ("remind_on_the_day", 0.9))
"""The ladder, the deadline first: when its rungs are reached, as shares of the budget. Clocks of
days have one more."""
BY_DAYS = frozenset({"customer_answer", "improvement", "watch_call", "watch_period"})

EACH = len(DAY_RUNGS)

BLANK: dict[str, Any] = {
    "accused": [],
    "attempt_days": [],
    "complaint_class": "",
    "default_confirmed": False,
    "in_writing": False,
    "misconduct": "",
    "overdue_instalments": 0,
    "staff_conduct": False,
}
"""What is absent, as the definition's expressions see it."""


class Spiff:
    """The model, parsed once, with at most this many timers a clock: none, 1 for the deadline, or
    `EACH` rung; `once` puts them on the first state only in which the clock runs."""

    def __init__(self, timers: int, once: bool = False) -> None:
        self._timers = timers
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(io.BytesIO(model(timers, once).encode())))
        self._spec = parser.get_spec("complaint")
        self._within = parser.get_subprocess_specs("complaint")

    def run(self, steps: Sequence[Step]) -> tuple[str, ...]:
        """Open a case and send it the steps; the waiting user tasks afterwards."""
        flow = BpmnWorkflow(self._spec, self._within)
        flow.do_engine_steps()
        start = self._waiting(flow)[0]
        start.data.update(BLANK, **OPENING, **self._dues(), actor="li")
        start.run()
        flow.do_engine_steps()
        waiting = self._waiting(flow)
        for step in steps:
            task = waiting[0]
            task.data.update(step.data, event=step.name, actor=step.actor)
            task.run()
            flow.do_engine_steps()
            waiting = self._waiting(flow)
        return tuple(task.task_spec.name for task in waiting)

    def _dues(self) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            f"{rung}_{clock}": (now + timedelta(hours=hours * share)).isoformat()
            for clock, hours in HOURS.items()
            for rung, share in rungs_of(clock)[: self._timers]
        }

    @staticmethod
    def _waiting(flow: BpmnWorkflow) -> list[Any]:
        return list(flow.get_tasks(state=TaskState.READY, manual=True))


def rungs_of(clock: str) -> Rungs:
    """The ladder of a clock."""
    return DAY_RUNGS if clock in BY_DAYS else RUNGS


def model(timers: int, once: bool) -> str:
    """The BPMN text."""
    drawn, placed = _Drawing(), set[str]()
    drawn.add('<startEvent id="begin"/><userTask id="opening" name="opening"/>')
    drawn.flow("begin", "opening")
    drawn.flow("opening", "received")
    for state, ways in FLOWS.items():
        gate = f"{state}_decided"
        drawn.add(f'<userTask id="{state}" name="{state}"/>')
        drawn.add(f'<exclusiveGateway id="{gate}" default="{gate}_refused"/>')
        drawn.flow(state, gate)
        for number, (event, guard, target) in enumerate(ways):
            told = f"event == '{event}' and {HELPING if event in HELP else FREE} and ({guard})"
            drawn.flow(gate, target, told, f"{gate}_{number}")
        drawn.flow(gate, WITHDRAWN, "event == 'withdraw'", f"{gate}_withdrawn")
        drawn.flow(gate, state, name=f"{gate}_refused")
        for clock in CLOCKS[state]:
            for rung, _ in () if clock in placed else rungs_of(clock)[:timers]:
                drawn.timer(state, f"{rung}_{clock}")
            placed |= {clock} if once else set()
    _joint(drawn)
    for end in ENDS:
        drawn.add(f'<endEvent id="{end}"/>')
    return drawn.text()


def _joint(drawn: "_Drawing") -> None:
    drawn.add('<parallelGateway id="joint_split"/><parallelGateway id="joint_done"/>')
    for party in PARTIES:
        drawn.add(f'<userTask id="{party}" name="{party}"/>')
        drawn.flow("joint_split", party)
        drawn.flow(party, "joint_done")
    drawn.flow("joint_done", "joint_plan")


class _Drawing:
    """BPMN elements while they are collected."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def add(self, xml: str) -> None:
        self._parts.append(xml)

    def flow(self, source: str, target: str, when: str = "", name: str = "") -> None:
        told = f"<conditionExpression>{escape(when)}</conditionExpression>" if when else ""
        name = name or f"{source}_to_{target}"
        self.add(
            f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">'
            f"{told}</sequenceFlow>"
        )

    def timer(self, state: str, at: str) -> None:
        name = f"{state}_{at}"
        self.add(
            f'<boundaryEvent id="{name}" attachedToRef="{state}" cancelActivity="false">'
            f"<timerEventDefinition><timeDate>{at}</timeDate></timerEventDefinition>"
            f'</boundaryEvent><endEvent id="{name}_late"/>'
        )
        self.flow(name, f"{name}_late")

    def text(self) -> str:
        return (
            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
            ' targetNamespace="duecourse" id="benchmark">'
            f'<process id="complaint" isExecutable="true">{"".join(self._parts)}</process>'
            "</definitions>"
        )
