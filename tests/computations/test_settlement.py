"""What advanced parts are worth, against exact fractions; and a month of messages in any order."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.computations import COMPUTATIONS, InputInvalid, run
from surfaces.rehearse import Reply
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case
from workflows.core.effects import Compute, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program

RULES = Rules()
ZONE = ZoneInfo("Asia/Shanghai")
KEY = "LY01-2026-10"
CENTRE = Actor("lin.fang", ("service_clerk",))
REVIEWER = Actor("wu.jianguo", ("maker_service_centre",))
SYSTEM = Actor("schedule", ("system",))
OPENING = {"centre": "LY01", "month": "2026-10"}
POSTED = {
    "cost_list": True,
    "return_list": True,
    "waybill": "SF1390027715",
    "inspected_by": "huang.wei",
}


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


# --- the computation alone ------------------------------------------------------------------


PAYS = ("settlement_price", "lower_price", "none")
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "qty": st.integers(0, 50),
            "unit_price": st.integers(0, 5_000_000),
            "pay": st.sampled_from(PAYS),
            "fee_percent": st.sampled_from([0, 1, 7, 10, 33, 100]),
        },
        optional={"actual_price": st.integers(0, 5_000_000)},
    ),
    max_size=30,
)


def fee_by_hand(amount: int, percent: int) -> int:
    """Half a fen counts as one."""
    return floor(Fraction(amount * percent, 100) + Fraction(1, 2))


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_lines_are_priced_as_by_hand(lines: list[dict[str, Any]]) -> None:
    told = run("price_lines", {"lines": lines})
    for index, line in enumerate(lines):
        price, actual = line["unit_price"], line.get("actual_price", line["unit_price"])
        if line["pay"] == "none":
            price = 0
        elif line["pay"] == "lower_price" and actual < price:
            price = actual
        amount = price * line["qty"]
        excess = max(0, actual - line["unit_price"]) * line["qty"]
        assert told["amounts"][index] == amount
        assert told["fees"][index] == fee_by_hand(amount, line["fee_percent"])
        assert told["totals"][index] == told["amounts"][index] + told["fees"][index]
        assert told["borne"][index] == (excess if line["pay"] == "lower_price" else 0)
    for one, each in (("amount", "amounts"), ("fee", "fees"), ("total", "totals")):
        assert told[one] == sum(told[each])
    assert told["borne_total"] == sum(told["borne"])
    assert {len(told[each]) for each in ("amounts", "fees", "totals", "borne")} == {len(lines)}


@pytest.mark.parametrize(
    ("amount", "fee"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2), (14535, 1454), (14534, 1453)]
)
def test_half_a_fen_counts_as_one(amount: int, fee: int) -> None:
    line = {"qty": 1, "unit_price": amount, "pay": "settlement_price", "fee_percent": 10}
    assert run("price_lines", {"lines": [line]})["fee"] == fee


def test_the_sum_is_of_rounded_lines() -> None:
    line = {"qty": 1, "unit_price": 5, "pay": "settlement_price", "fee_percent": 10}
    assert run("price_lines", {"lines": [line, line]})["fee"] == 2


@pytest.mark.parametrize(
    "wrong",
    [{"qty": -1}, {"unit_price": 23.5}, {"pay": "whatever"}, {"fee_percent": 101}, {"vat": 13}],
)
def test_what_is_no_line_is_refused(wrong: dict[str, Any]) -> None:
    line = {"qty": 1, "unit_price": 5, "pay": "settlement_price", "fee_percent": 10} | wrong
    with pytest.raises(InputInvalid):
        run("price_lines", {"lines": [line]})


def test_the_definition_declares_what_there_is() -> None:
    COMPUTATIONS.check([RULES["settlement"].process])


# --- a month of messages --------------------------------------------------------------------


Result = Literal["accepted", "scrapped_local", "not_returned", "rejected"]
RESULTS: tuple[Result, ...] = ("accepted", "scrapped_local", "not_returned", "rejected")
KINDS = ("none", "tyre", "bucket")
SOURCES = ("lonking", "qualified_supplier", "urgent_request", "external")


@dataclass(frozen=True)
class Part:
    """A line that a repair claims, and what becomes of its spent part."""

    serial: str
    line: int
    qty: int
    price: int
    actual: int
    source: str
    kind: str
    assembly: bool
    seal: bool
    consent: bool
    result: Result

    @property
    def id(self) -> str:
        return f"{self.serial}-{self.line}"

    def record(self) -> dict[str, Any]:
        bought = {"actual_price": self.actual} if self.source == "external" else {}
        consent = {"consent": "TY-2026-031"} if self.consent else {}
        return {
            "line": self.line,
            "part_name": "配件",
            "qty": self.qty,
            "category": "rubber_seal" if self.seal else "hydraulic",
            "kind": self.kind,
            "is_assembly": self.assembly,
            "source": self.source,
            "unit_price": self.price,
            **bought,
            **consent,
        }

    def worth(self, reviewed: bool) -> int:
        """What the norm gives for it, said another way than the definition does."""
        kept = self.result == "accepted" or (self.result == "scrapped_local" and self.seal)
        if reviewed and not kept:
            return 0
        if self.source == "external":
            return self.qty * min(self.actual, self.price) if self.consent else 0
        amount = self.qty * self.price
        earns = self.source in ("lonking", "qualified_supplier")
        earns = earns and self.kind == "none" and not self.assembly
        return amount + (fee_by_hand(amount, 10) if earns else 0)


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Part], list[tuple[str, int]], list[int]]:
    """Parts of a few services; what is told of them, shuffled, some of it twice; and which part
    results come only after the list is out."""
    parts = [
        Part(
            serial=f"XC-20261020-{service:03}",
            line=line,
            qty=draw(st.integers(1, 4)),
            price=draw(st.integers(1, 2_000_000)),
            actual=draw(st.integers(1, 2_000_000)),
            source=draw(st.sampled_from(SOURCES)),
            kind=draw(st.sampled_from(KINDS)),
            assembly=draw(st.booleans()),
            seal=draw(st.booleans()),
            consent=draw(st.booleans()),
            result=draw(st.sampled_from(RESULTS)),
        )
        for service in range(draw(st.integers(1, 3)))
        for line in range(1, draw(st.integers(2, 4)))
    ]
    services = sorted({part.serial for part in parts})
    told = [(what, n) for what in ("note", "lines") for n in range(len(services))]
    told += [("result", n) for n in range(len(parts))]
    again = draw(st.lists(st.sampled_from(told), max_size=6))
    late = draw(st.lists(st.integers(0, len(parts) - 1), unique=True))
    return parts, draw(st.permutations([*told, *again])), late


class Month:
    """A settlement on the core, told one thing a second."""

    def __init__(self) -> None:
        self.runner = CoreRunner(RULES)
        self.now = instant("2026-10-25T09:00:00")
        self.case = f"settlement:{KEY}"
        opening = Incoming("start", "open", SYSTEM, OPENING)
        self.done(self.runner.start("settlement", KEY, opening, self.now))

    def done(self, asked: Any) -> Reply:
        reply: Reply = asyncio.run(asked)
        return reply

    def send(self, name: str, actor: Actor, data: dict[str, Any], event: str = "") -> Reply:
        self.now += 1
        return self.done(self.runner.send(self.case, Incoming(name, event, actor, data), self.now))

    def sent(self, name: str, actor: Actor, data: dict[str, Any], event: str = "") -> Reply:
        reply = self.send(name, actor, data, event)
        assert reply.refusal is None, reply.refusal
        return reply

    def until(self, text: str) -> None:
        self.now = instant(text)
        self.done(self.runner.pass_time(self.now, False))

    @property
    def data(self) -> dict[str, Any]:
        return self.runner.case(self.case).data

    @property
    def state(self) -> str:
        return self.runner.case(self.case).state


def repair(serial: str) -> Actor:
    return Actor(f"warranty_repair:{serial}", ("process:warranty_repair",))


def noted(serial: str) -> dict[str, Any]:
    return {"repair": serial, "serial": serial, "service_date": "2026-10-20"}


def claimed(serial: str, parts: Sequence[Part]) -> dict[str, Any]:
    return noted(serial) | {"lines": [p.record() for p in parts if p.serial == serial]}


def tell_result(month: Month, part: Part, event: str) -> None:
    sender = Actor(f"spent_part_return:{part.id}", ("process:spent_part_return",))
    told = {"part": part.id, "serial": part.serial, "line": part.line, "result": part.result}
    month.sent("part_result", sender, told, event)


def tell(month: Month, parts: Sequence[Part], told: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Tell everything; messages that come twice have the same id, as links give them."""
    services = sorted({part.serial for part in parts})
    for what, number in told:
        event = f"{what}/{number}"
        if what == "result":
            tell_result(month, parts[number], event)
            continue
        serial = services[number]
        name = "note_service" if what == "note" else "add_lines"
        data = noted(serial) if what == "note" else claimed(serial, parts)
        month.sent(name, repair(serial), data, event)
        yield serial if what == "lines" else ""


@given(months())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_line_is_paid_twice_and_none_is_lost(
    world: tuple[list[Part], list[tuple[str, int]], list[int]],
) -> None:
    parts, told, late = world
    month = Month()
    early = [one for one in told if one[0] != "result" or one[1] not in late]
    claims = {serial for serial in tell(month, parts, early) if serial}
    # The same claim under another message is refused whole.
    for serial in claims:
        refused = month.send("add_lines", repair(serial), claimed(serial, parts))
        assert refused.refusal is not None
        assert refused.refusal["code"] == "guard_refused"
    assert sorted(line["id"] for line in month.data["lines"]) == sorted(p.id for p in parts)
    month.until("2026-11-03T10:00:00")
    month.sent("submit", CENTRE, POSTED)
    assert month.state == "submitted"
    assert month.data["total"] == sum(part.worth(reviewed=False) for part in parts)
    month.until("2026-11-05T10:00:00")
    month.sent("receive_parts", REVIEWER, {})
    for number in late:
        month.sent("decide_by_result", REVIEWER, {})
        tell_result(month, parts[number], f"result/{number}")
    month.sent("decide_by_result", REVIEWER, {})
    month.sent("review", REVIEWER, {})
    assert month.state == "reviewed"
    assert month.data["total"] == sum(part.worth(reviewed=True) for part in parts)
    by_line = {line["id"]: line["total"] for line in month.data["lines"]}
    assert by_line == {part.id: part.worth(reviewed=True) for part in parts}
    assert all(service["signed"] for service in month.data["services"])


# --- a computation that fails ---------------------------------------------------------------


@dataclass
class Bench:
    """A case in the hand, whose computations are answered by the test."""

    program: Program
    case: Case
    now: int
    asked: list[Compute] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)

    def send(self, name: str, actor: Actor, data: dict[str, Any], event: str = "") -> None:
        self.now += 1
        self.take(decide(self.program, self.case, Incoming(name, event, actor, data), self.now))

    def look(self, now: int) -> None:
        self.now = now
        self.take(look(self.program, self.case, now, whole_second=True))

    def take(self, decision: Decision) -> None:
        self.case = decision.case
        self.asked += [one for one in decision.requests if isinstance(one, Compute)]
        tells = (one for one in decision.requests if isinstance(one, Tell))
        self.told += [(one.event, one.business_key) for one in tells]
        self.notices += [(one.clock or one.kind, one.to) for one in decision.notices]

    def phases(self, clock: str) -> list[str]:
        return [cycle.phase for cycle in self.case.cycles if cycle.clock == clock]

    def answer(self) -> None:
        wanted = self.asked.pop()
        engine = Actor(self.case.id, ("system",))
        self.send("done", engine, run(wanted.computation, wanted.input), wanted.key)

    def fail(self) -> None:
        wanted = self.asked.pop()
        engine = Actor(self.case.id, ("system",))
        told = {"code": "computation_failed", "detail": "no answer"}
        self.send("failed", engine, told, f"{wanted.key}/failed")


PUMP = Part(
    *("XC-20261020-007", 1, 1, 238_000, 0, "lonking", "none", False, False, False, "accepted")
)


SEAL = replace(PUMP, line=2, seal=True, result="scrapped_local")
UNSIGNED = "XC-20261021-008"


def bench(*parts: Part) -> Bench:
    program = RULES["settlement"]
    now = instant("2026-10-20T16:00:00")
    opened = open_case(program, KEY, Incoming("start", "open", SYSTEM, OPENING), now)
    world = Bench(program, opened.case, now)
    for serial in (PUMP.serial, UNSIGNED):
        world.send("note_service", repair(serial), noted(serial))
    world.send("add_lines", repair(PUMP.serial), claimed(PUMP.serial, parts or [PUMP]))
    return world


def test_a_list_that_cannot_be_priced_is_in_time_and_waits_for_a_human() -> None:
    world = bench()
    world.now = instant("2026-11-05T23:59:58")
    world.send("submit", CENTRE, POSTED)
    world.fail()
    assert world.case.state == "pricing_failed"
    assert world.phases("submission") == ["met"]
    assert world.notices[-1] == ("event", "maker_service_centre")
    world.look(world.now + 24 * 3600)
    assert world.notices[-2:] == [
        ("repricing", "maker_service_centre"),
        ("repricing", "service_manager"),
    ]
    world.send("retry_pricing", REVIEWER, {})
    world.answer()
    assert (world.case.state, world.case.data["total"]) == ("submitted", 261_800)
    assert world.phases("repricing") == ["met"]


def test_an_amount_forfeited_that_cannot_be_priced_keeps_the_case_open() -> None:
    world = bench()
    world.look(instant("2026-11-06T08:00:00"))
    assert world.case.state == "forfeited"
    world.fail()
    assert world.notices[-1] == ("event", "maker_service_centre")
    assert world.phases("forfeit_amount") == ["running"]
    world.look(world.now + 24 * 3600)
    assert world.notices[-1] == ("forfeit_amount", "service_manager")
    # Not even the end of the tolerance ends it.
    world.look(instant("2026-11-13T08:00:00"))
    assert world.case.ended is None
    world.send("recompute", REVIEWER, {})
    world.answer()
    assert (world.case.state, world.case.data["total"]) == ("forfeited", 261_800)
    assert world.phases("forfeit_amount") == ["met"]
    assert world.case.ended is not None


def test_nobody_else_answers_for_the_computation() -> None:
    world = bench()
    world.now = instant("2026-11-03T10:00:00")
    world.send("submit", CENTRE, POSTED)
    with pytest.raises(IllegalEvent) as refused:
        world.send("done", CENTRE, run("price_lines", world.asked[0].input))
    assert refused.value.code == "not_allowed_here"


# --- who is told ----------------------------------------------------------------------------


def test_services_without_a_signature_are_told_that_the_list_is_out() -> None:
    world = bench()
    world.now = instant("2026-11-03T10:00:00")
    world.send("submit", CENTRE, POSTED)
    assert world.told == [("list_submitted", UNSIGNED)]


def test_services_without_a_signature_are_told_of_the_forfeiture() -> None:
    world = bench()
    world.look(instant("2026-11-06T00:00:00"))
    assert world.told == [("list_submitted", UNSIGNED)]


def test_parts_without_a_result_are_told_that_the_review_is_closed() -> None:
    world = bench(PUMP, SEAL)
    world.now = instant("2026-11-03T10:00:00")
    world.send("submit", CENTRE, POSTED)
    world.answer()
    world.send("receive_parts", REVIEWER, {})
    struck = {"line_id": PUMP.id, "allowed": False, "reason": "无旧件"}
    world.send("decide_line", REVIEWER, struck)
    result = {"part": SEAL.id, "serial": SEAL.serial, "line": 2, "result": SEAL.result}
    sender = Actor(f"spent_part_return:{SEAL.id}", ("process:spent_part_return",))
    world.send("part_result", sender, result)
    world.send("decide_by_result", REVIEWER, {})
    world.send("review", REVIEWER, {})
    world.answer()
    world.told.clear()
    world.send("confirm", CENTRE, {})
    assert world.told == [("review_closed", PUMP.id)]
