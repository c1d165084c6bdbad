"""The centre at work: cases on the core, and people who do what they owe, mostly in time.

What it is: one world of cases and one agenda. Whenever a case was decided about, the table says who
owes what next; when he will do it is drawn. Somebody who means to act in time looks at the clocks
and never lets the nearest one run out; of the others, who are late on purpose, it is noted here at
once which clocks that will cost. The judge compares these notes with the journal.
What it is not: the tables of the people, the machines' lives, or the judge.
Who may import it: the simulated year.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

from benchmarks.year.desk import DAY, HOUR, Desk, Duty, Table, instant
from benchmarks.year.filling import filled
from surfaces.rules import Rules
from surfaces.world import World
from workflows.core.case import Actor, Incoming
from workflows.core.decide import Decision
from workflows.core.effects import CaseView, Fill, Row
from workflows.core.errors import IllegalEvent
from workflows.core.worktime import Worktime

CODE, NAME, REGION = "LY01", "龙岩特约服务中心", "龙岩"
NEVER = 2**40
AGAIN = 60
"""So often somebody may do one thing in one state before that is a circle."""
TROUBLE = ("refused", "undelivered", "late_rejected")

Cycle = tuple[str, str, int]
"""Case, clock, number."""


@dataclass(slots=True)
class Plan:
    """What somebody will do in a case, and when; `late` are the cycles that will run out."""

    case: str
    duty: Duty
    at: int
    standing: object
    late: dict[Cycle, int] = field(default_factory=dict)


@dataclass
class Journal:
    """What happened, as far as it is judged and counted afterwards."""

    rows: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    breaches: dict[Cycle, int] = field(default_factory=dict)
    lapses: dict[Cycle, int] = field(default_factory=dict)
    stopped: Counter[tuple[str, str]] = field(default_factory=Counter)
    troubles: list[tuple[str, Row]] = field(default_factory=list)
    notices: Counter[str] = field(default_factory=Counter)
    links: Counter[tuple[str, str]] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)


class Centre:
    """One service centre."""

    def __init__(self, rules: Rules, table: Table, seed: int, late_share: float) -> None:
        self.seed = seed
        self.rules = rules
        self.world = World(rules, self)
        self.journal = Journal()
        self.faults: list[str] = []
        self.late: dict[Cycle, int] = {}
        """Noted lateness: until when."""
        self.results: dict[str, str] = {}
        """Of spent parts, as their people wrote it down."""
        self.struck: set[str] = set()
        """Lines of settlements that the maker struck."""
        self.machines: dict[str, Any] = {}
        self._table = table
        self._late_share = late_share
        self._agenda: list[tuple[int, int, Plan | Callable[[], None]]] = []
        self._number = 0
        self.plans: dict[str, Plan] = {}
        self._times: Counter[tuple[str, str, str]] = Counter()
        self._touched: dict[str, CaseView] = {}
        self.views: dict[str, CaseView] = {}
        days = rules["warranty_repair"].days("cn")
        if not isinstance(days, Worktime):
            raise TypeError("the calendar has no working time")
        self.days = days

    @property
    def now(self) -> int:
        return self.world.now

    # --- what is told by others ------------------------------------------------------------

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Do something at an instant."""
        self._push(when, what)

    def open(self, process: str, key: str, role: str, data: dict[str, Any], name: str = "") -> bool:
        """Open a case now; a refusal is a fault."""
        if f"{process}:{key}" in self.world:
            return False
        by = name or PEOPLE.get(role, role)
        event = Incoming("start", f"{process}/{key}", Actor(by, (role,)), data)
        try:
            self.world.open(process, key, event, self.now)
        except Exception as refused:  # noqa: BLE001 - whatever it is, it is a finding
            self.faults.append(f"{process}:{key} was not opened: {refused}")
            return False
        return True

    def send(self, case: str, event: str, role: str, data: dict[str, Any], by: str = "") -> bool:
        """Send an event now, with the rest of its form filled in; a refusal is a fault."""
        view = self.views[case]
        program = self.world.program(case)
        self._number += 1
        full = filled(program, view.state, event, data, self.now)
        sent = Incoming(
            event, f"e{self._number}", Actor(by or PEOPLE.get(role, role), (role,)), full
        )
        try:
            self.world.send(case, sent, self.now)
        except IllegalEvent as refused:
            said = f"{refused.code}: {refused.message}"
            self.faults.append(f"{case} in {view.state} refused {event} of {role}: {said[:300]}")
            return False
        return True

    def hours_of(self, machine: str) -> float:
        """What the meter of a machine shows now."""
        found = self.machines.get(machine)
        return 0.0 if found is None else found.hours(self.now)

    def urban(self, machine: str) -> bool:
        """Whether it works in the town, as one that nobody knows does."""
        found = self.machines.get(machine)
        return True if found is None else bool(found.urban)

    def distance(self, machine: str) -> float:
        """How many road kilometres it is away."""
        found = self.machines.get(machine)
        return 10.0 if found is None else float(found.km)

    # --- time ------------------------------------------------------------------------------

    def run(self, until: int, tell: Callable[[int], None]) -> None:
        """Let everything happen that happens before an instant."""
        told = 0
        while True:
            ring = self.world.next()
            mine = self._agenda[0][0] if self._agenda else until
            at = min(mine, until if ring is None else ring)
            if at >= until:
                break
            if ring is not None and ring <= mine:
                self.world.wake(ring)
            else:
                self._do(heappop(self._agenda)[2], at)
            self._look()
            if at - told > DAY:
                told = at
                tell(at)
        self.world.now = until
        for plan in self.plans.values():
            self.late.update({cycle: due for cycle, due in plan.late.items() if due < until})

    def _do(self, what: Plan | Callable[[], None], at: int) -> None:
        self.world.now = max(self.world.now, at)
        if not isinstance(what, Plan):
            what()
            return
        if self.plans.get(what.case) is not what:
            return
        del self.plans[what.case]
        self.late.update(what.late)
        view = self.views[what.case]
        desk = self.desk(view)
        key = (what.case, view.state, what.duty.event)
        self._times[key] += 1
        if self._times[key] > AGAIN:
            self.faults.append(f"{what.case} goes round in {view.state} with {what.duty.event}")
            return
        role, by = what.duty.role, what.duty.by or str(desk.get("engineer") or "")
        by = by if what.duty.by or role == "service_engineer" else ""
        if self.send(what.case, what.duty.event, role, what.duty.filled(desk), by):
            if what.duty.noted is not None:
                what.duty.noted(desk)
            self._touched.setdefault(what.case, self.views[what.case])

    def _push(self, at: int, what: Plan | Callable[[], None]) -> None:
        self._number += 1
        heappush(self._agenda, (max(at, self.now), self._number, what))

    # --- planning --------------------------------------------------------------------------

    def desk(self, view: CaseView) -> Desk:
        """A case before whoever works at it."""
        rng = Random(f"{self.seed}/{view.case}/{view.seq}")
        return Desk(self, view, self.now, rng)

    def duty(self, desk: Desk) -> Duty | None:
        """What is owed next, if anything is."""
        duties = self._table.get(desk.view.process, {}).get(desk.state, ())
        for number, duty in enumerate(duties):
            if duty.share < 1 and desk.chance(f"{number}{duty.event}") >= duty.share:
                continue
            if duty.when(desk):
                return duty
        return None

    def _look(self) -> None:
        """Plan anew for every case that was decided about."""
        while self._touched:
            case, view = self._touched.popitem()
            self._plan(case, view)

    def _plan(self, case: str, view: CaseView) -> None:
        old = self.plans.get(case)
        desk = self.desk(view)
        duty = None if view.ended is not None else self.duty(desk)
        clocks = [one for one in view.clocks if one.promise and one.ended is None]
        dues = {(case, one.clock, one.cycle): one.due for one in clocks if one.due is not None}
        standing = (view.number, view.state, tuple(sorted(dues.items())))
        if old is not None:
            if old.duty is duty and old.standing == standing:
                return
            # It came otherwise: what is not over yet need not run out any more.
            self.late.update({c: due for c, due in old.late.items() if due <= self.now})
            del self.plans[case]
        if duty is None:
            return
        open_ = {key: due for key, due in dues.items() if due > self.now}
        if not duty.event:
            self.plans[case] = Plan(case, duty, NEVER, standing, open_)
            return
        at = self._when(desk, duty)
        plan = Plan(case, duty, at, standing)
        late = not duty.punctual and desk.rng.random() < self._late_share
        if late and open_:
            plan.at = max(at, min(open_.values()) + int(desk.rng.uniform(0.5, 30) * HOUR))
        elif open_ and duty.at is None:
            left = min(open_.values()) - self.now
            if at > self.now + left // 2:
                plan.at = self.now + int(left * desk.rng.uniform(0.05, 0.3))
        if late:
            plan.late = {key: due for key, due in open_.items() if due < plan.at}
        self.plans[case] = plan
        self._push(plan.at, plan)

    def _when(self, desk: Desk, duty: Duty) -> int:
        if duty.at is not None:
            return max(duty.at(desk), self.now)
        low, high = duty.hours
        at = self.now + int(desk.rng.triangular(low, high, low + (high - low) / 4) * HOUR)
        return at if duty.day_and_night else self.working(at, desk.rng)

    def working(self, at: int, rng: Random) -> int:
        """This instant if somebody is at work, else soon after the next beginning."""
        if self.days.is_open(at):
            return at
        return self.days.opening(at) + rng.randrange(60, 5400)

    def workday(self, at: int, hour: float) -> int:
        """This hour when a working day has it next."""
        day = self.days.day_of(at)
        if not self.days.is_working_day(day) or instant(day, hour) < at:
            day = self.days.working_day_after(day, 1)
        return instant(day, hour)

    def workday_by(self, day: date, earliest: date, hour: float) -> int:
        """An hour of the last working day up to a day; of the day itself if there is none."""
        found = self.days.working_day_before(day + timedelta(days=1), 1)
        return instant(found if found >= earliest else day, hour)

    # --- what the world says ---------------------------------------------------------------

    def decided(self, decision: Decision) -> None:
        """Keep what is counted and judged; the case is planned for when the step is over."""
        case, log = decision.case, self.journal
        self.views[case.id] = self._touched[case.id] = decision.view
        for row in decision.rows:
            log.rows[row.kind] += 1
            match row.kind:
                case "breach":
                    log.breaches[case.id, row.clock, row.cycle] = row.at
                case "lapse":
                    log.lapses[case.id, row.clock, row.cycle] = row.at
                case "rung":
                    log.levels[row.level] += 1
                case "link":
                    log.links[case.id, str(row.data["key"])] += 1
                case "refused" | "undelivered" | "late_rejected":
                    log.troubles.append((case.id, row))
                case _:
                    pass
        for notice in decision.notices:
            log.notices[notice.key] += 1

    def opened(self, case: str) -> None:
        """Nothing to keep: the case is there."""

    def filled(self, document: Fill) -> None:
        """Count the papers."""
        self.journal.documents[document.form] += 1

    def troubled(self, what: str) -> None:
        """Nobody was told: that is always a fault."""
        self.faults.append(what)


PEOPLE = {
    "hotline_agent": "zhao.gang",
    "service_specialist": "li.na",
    "dispatcher": "xu.ping",
    "service_engineer": "he.jun",
    "service_centre": "chen.yong",
    "service_supervisor": "chen.yong",
    "service_clerk": "lin.fang",
    "spent_part_custodian": "zhang.qiang",
    "maker_service_centre": "wu.jianguo",
    "parts_company": "zheng.hui",
    "finance": "zhao.min",
    "sales_clerk": "sun.li",
    "sales": "qian.wei",
    "sales_manager": "zhou.tao",
    "service_manager": "huang.lei",
    "customer": "guest",
    "supervision_group": "feng.xue",
    "management": "ye.hong",
    "training_department": "tang.mei",
    "purchaser": "luo.bin",
}


def tables(*parts: Table) -> Table:
    """The tables of all people as one."""
    return {process: states for part in parts for process, states in part.items()}
