"""The chain that is measured: repairs with their spent parts, and the settlements of their month.

What it is: data. What people send to a repair, to each of its parts and to a settlement, which part
comes back how, and what a centre is owed for it, computed here in decimals from what was planned.
What it is not: a test of the processes (scenarios do that), or the engine's own arithmetic.
Who may import it: the benchmarks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import cycle, islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from benchmarks.chain_forms import (
    ASSIGNED,
    DEPARTING,
    DIAGNOSED,
    IDENTIFIED,
    JUDGED,
    LEFT,
    NORMAL,
    PLANNED,
    PREPARED,
    RECORD,
    SIGNED,
    SUBMITTED,
)

ZONE = ZoneInfo("Asia/Shanghai")
REPAIR, PART, SETTLEMENT = "warranty_repair", "spent_part_return", "settlement"
KINDS = (REPAIR, PART, SETTLEMENT)

CENT = Decimal("0.01")
FEE = Decimal("0.10")
WITHOUT_FEE = frozenset({"tyre", "gearbox_assembly"})
"""Named assemblies earn no fee."""
SEAL = "rubber_seal"

Outcome = Literal["accepted", "rejected", "scrapped_local", "lost"]

CATALOGUE: tuple[dict[str, Any], ...] = (
    {"part_name": "液压泵", "qty": 1, "category": "hydraulic", "unit_price": "2380.00"},
    {"part_name": "橡胶密封件组", "qty": 2, "category": SEAL, "unit_price": "45.35"},
    {
        "part_name": "液压油滤芯",
        "qty": 3,
        "category": "other",
        "unit_price": "86.55",
        "source": "qualified_supplier",
    },
    {
        "part_name": "高压软管",
        "qty": 1,
        "category": "hydraulic",
        "unit_price": "280.00",
        "actual_price": "320.40",
        "source": "external",
        "consent": "TY-2026-031",
    },
    # A tenth of 0.45 is half a fen too much.
    {"part_name": "螺栓", "qty": 1, "category": "structural", "unit_price": "0.45"},
    {"part_name": "油压传感器", "qty": 1, "category": "electrical", "unit_price": "145.35"},
    {"part_name": "橡胶油封", "qty": 1, "category": SEAL, "unit_price": "12.80"},
    {"part_name": "轮胎", "qty": 2, "category": "other", "kind": "tyre", "unit_price": "3600.00"},
    {
        "part_name": "变速箱总成",
        "qty": 1,
        "category": "gearbox",
        "kind": "gearbox_assembly",
        "is_assembly": True,
        "unit_price": "12800.00",
    },
)
UNSIGNED, LOST, REJECTED = 25, 40, 30
"""Of so many repairs one stays unsigned; one has a part that is lost, or comes back stripped."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One event and who sends it."""

    name: str
    by: str
    role: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of a repair and how it comes back."""

    serial: str
    month: str
    line: int
    facts: dict[str, Any]
    outcome: Outcome
    package_set: bool

    @property
    def key(self) -> str:
        return f"{self.serial}-{self.line}"

    @property
    def case(self) -> str:
        return f"{PART}:{self.key}"

    @property
    def state(self) -> str:
        """In which it must end."""
        return "not_returned" if self.outcome == "lost" else self.outcome

    @property
    def documents(self) -> tuple[str, ...]:
        """That must have been printed."""
        return () if self.outcome == "scrapped_local" else ("tag",)

    def returned(self) -> Iterator[Sending]:
        """From its removal until the maker has judged it, or it is on the scrap heap, or lost."""
        keeper = ("zhang.qiang", "spent_part_custodian")
        if self.outcome == "scrapped_local":
            yield Sending("scrap", *keeper, {})
            return
        yield Sending("name_custodian", "chen.yong", "service_centre", {"custodian": keeper[0]})
        yield Sending("clean", *keeper, {"complete": True, "dismantled": False})
        yield Sending("register", *keeper, {"ledger_no": f"TZ-{self.key}"})
        tagged = {"tag_serial": self.serial, "lonking_tag": True, "legible": True}
        yield Sending("tag", *keeper, tagged)
        package = f"{'ZC' if self.package_set else 'BX'}-{self.serial}"
        yield Sending("pack", *keeper, {"package_id": package, "packaging": "wooden_box"})
        place = "special_shelf" if self.facts["category"] == "electrical" else "indoors"
        yield Sending("store", *keeper, {"area": "loader", "place": place})
        yield Sending("list", *keeper, {"list_month": self.month})
        yield Sending("ship", *keeper, {"waybill": "SF1390027715", "with_list": True})

        if self.outcome == "lost":
            return
        maker = ("wu.jianguo", "maker_service_centre")
        yield Sending("receive", *maker, {})
        found = {
            "tagged": True,
            "found_serial": self.serial,
            "stripped": self.outcome == "rejected",
            "dismantled": False,
            "own_package": self.package_set,
        }
        yield Sending("inspect", *maker, found)

    @cached_property
    def owed(self) -> "Owed":
        """For its line, if it stands on the list."""
        facts, nothing = self.facts, Decimal(0)
        if self.outcome in ("rejected", "lost"):
            return Owed(nothing, nothing, nothing)
        qty, price = Decimal(facts["qty"]), Decimal(facts["unit_price"])
        if facts["source"] == "external":
            paid = Decimal(facts["actual_price"])
            return Owed(qty * min(price, paid), nothing, qty * max(paid - price, nothing))
        amount = qty * price
        earns = facts["kind"] not in WITHOUT_FEE and not facts["is_assembly"]
        fee = (amount * FEE).quantize(CENT, ROUND_HALF_UP) if earns else nothing
        return Owed(amount, fee, nothing)


@dataclass(frozen=True, slots=True)
class Owed:
    """Money, in yuan."""

    amount: Decimal
    fee: Decimal
    borne: Decimal

    def __add__(self, other: "Owed") -> "Owed":
        return Owed(self.amount + other.amount, self.fee + other.fee, self.borne + other.borne)

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


@dataclass(frozen=True)
class Repair:
    """One repair, its parts, and whether the customer signs."""

    serial: str
    centre: str
    signed: bool
    parts: tuple[Part, ...]

    @property
    def case(self) -> str:
        return f"{REPAIR}:{self.serial}"

    @property
    def state(self) -> str:
        """In which it must end."""
        return "valid_closed" if self.signed else "invalid"

    @property
    def documents(self) -> tuple[str, ...]:
        """That must have been printed: the record on submission and, signed, once more."""
        signed = ("site_record",) if self.signed else ()
        return ("work_order", "site_record", *signed)

    @property
    def opening(self) -> dict[str, Any]:
        return {
            "product_line": "loader",
            "channel": "hotline",
            "in_urban_area": True,
            "centre": self.centre,
            "organisation": f"{self.centre}特约服务中心",
            "region": "龙岩",
        }

    def sendings(self, now: datetime) -> Iterator[Sending]:
        """From the report to the callback; instants lie ahead of `now`."""
        agent, engineer = ("zhao.gang", "hotline_agent"), ("he.jun", "service_engineer")
        yield Sending("record", *agent, RECORD | {"machine_no": f"LG855N-{self.serial}"})
        told = {
            "dispatch_at": _written(now + timedelta(minutes=20)),
            "eta_at": _written(now + timedelta(minutes=100)),
        }
        yield Sending("judge_on_site", *agent, JUDGED | told)
        yield Sending("assign", "xu.ping", "dispatcher", ASSIGNED)
        yield Sending("prepare", *engineer, dict.fromkeys(PREPARED, True))
        yield Sending("depart", *engineer, dict.fromkeys(DEPARTING, True))
        yield Sending("arrive", *engineer, {})
        plate = {"nameplate_model": "LG855N", "nameplate_no": f"LG855N-{self.serial}"}
        yield Sending("identity_ok", *engineer, dict.fromkeys(IDENTIFIED, True) | plate)
        yield Sending("diagnose", *engineer, DIAGNOSED)
        promised = {"promised_restore_at": _written(now + timedelta(hours=5))}
        yield Sending("tell_plan", *engineer, PLANNED | promised)
        at_hand = {"parts_at_hand": True, "part_origin": "stock"}
        yield Sending("start_repair", *engineer, at_hand)
        yield Sending("fault_cleared", *engineer, {})
        replaced = [part.facts for part in self.parts]
        yield Sending("machine_normal", *engineer, NORMAL | {"parts": replaced})
        yield Sending("finish_site", *engineer, LEFT)
        yield Sending("submit", *engineer, SUBMITTED)
        if not self.signed:
            refused = {"outcome": "left_unsigned", "reason": "负责人不在现场"}
            yield Sending("refuse_signature", *engineer, refused)
            return
        yield Sending("sign", "guest", "customer", SIGNED)
        call = {"line": "office", "satisfaction": "satisfied"}
        yield Sending("satisfaction_call", "li.na", "service_specialist", call)


@dataclass(frozen=True)
class Settlement:
    """The month of one centre."""

    centre: str
    month: str
    repairs: tuple[Repair, ...]

    @property
    def key(self) -> str:
        return f"{self.centre}-{self.month}"

    @property
    def case(self) -> str:
        return f"{SETTLEMENT}:{self.key}"

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that came off."""
        return tuple(part for repair in self.repairs for part in repair.parts)

    @property
    def lines(self) -> tuple[Part, ...]:
        """Those that stand on the list: of signed services."""
        return tuple(part for repair in self.repairs if repair.signed for part in repair.parts)

    @property
    def lost(self) -> tuple[Part, ...]:
        """Those on the list that never arrive."""
        return tuple(part for part in self.lines if part.outcome == "lost")

    def owed(self) -> Owed:
        """What the month must come to."""
        nothing = Decimal(0)
        return sum((part.owed for part in self.lines), Owed(nothing, nothing, nothing))

    def dispatched(self) -> Sending:
        data = {
            "cost_list": True,
            "return_list": True,
            "waybill": "SF1390027715",
            "inspected_by": "zhang.qiang",
        }
        return Sending("submit", "lin.fang", "service_clerk", data)

    def arrived(self) -> Sending:
        return _maker("receive_parts")

    def reviewed(self) -> Iterator[Sending]:
        yield _maker("decide_by_result")
        for part in self.lost:
            struck = {"line_id": part.key, "allowed": False, "reason": "旧件未收到"}
            yield _maker("decide_line", struck)
        yield _maker("review")

    def confirmed(self) -> Sending:
        return Sending("confirm", "lin.fang", "service_clerk", {})

    def settled(self) -> Iterator[Sending]:
        yield _maker("hand_over")
        total = str(self.owed().total)
        booked = {"entry_no": f"WL-{self.key}", "credit": total}
        yield Sending("prebook", "zheng.hui", "parts_company", booked)
        invoice = {"invoice_number": "03519064", "invoice_amount": total, "vat_special": True}
        yield _maker("receive_invoice", invoice)


def month_after(at: datetime) -> datetime:
    """When the month ends that is running."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def settlements(repairs: int, centres: int, at: datetime) -> tuple[Settlement, ...]:
    """The plan: so many repairs of one month, in turn by each of the centres."""
    month = at.strftime("%Y-%m")
    pick = cycle(CATALOGUE)
    names = [f"C{number:03}" for number in range(1, centres + 1)]
    planned: dict[str, list[Repair]] = {name: [] for name in names}
    for number in range(1, repairs + 1):
        name = names[number % centres]
        picked = list(islice(pick, 1 + number % 3))
        planned[name].append(_repair(number, name, month, picked))
    return tuple(Settlement(name, month, tuple(several)) for name, several in planned.items())


def _repair(number: int, centre: str, month: str, picked: list[dict[str, Any]]) -> Repair:
    serial = f"XC-{number:05}"
    package_set = any(one["category"] == "gearbox" for one in picked)
    parts = []
    for line, one in enumerate(picked, 1):
        facts = {
            "line": line,
            "part_code": f"41200{line:05}",
            "kind": "none",
            "source": "lonking",
            "is_assembly": False,
            "replaced": True,
            "covered": True,
            **one,
        }
        outcome = _outcome(number, line, one["category"])
        parts.append(Part(serial, month, line, facts, outcome, package_set))
    return Repair(serial, centre, number % UNSIGNED != UNSIGNED - 1, tuple(parts))


def _outcome(number: int, line: int, category: str) -> Outcome:
    if category == SEAL:
        return "scrapped_local"
    if line > 1:
        return "accepted"
    if number % LOST == LOST // 2:
        return "lost"
    return "rejected" if number % REJECTED == REJECTED // 2 else "accepted"


def _maker(name: str, data: dict[str, Any] | None = None) -> Sending:
    return Sending(name, "wu.jianguo", "maker_service_centre", data or {})


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
