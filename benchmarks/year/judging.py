"""Whether the year went as it must: every fault in words, with the case that has it.

What it is: the journal against what people noted, what is owed against a sum of its own, and what
may happen once or not at all.
What it is not: lenient, or the engine's own arithmetic.
Who may import it: the simulated year.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from benchmarks.year.centre import Centre, Cycle
from benchmarks.year.desk import day_of
from benchmarks.year.machines import Machine

ENDED = ("case_ended", "late_rejected")
"""Why a message may come too late, if its sender has a word for that."""
PAID = ("accepted", "scrapped_local")
NO_FEE = ("tyre", "gearbox_assembly")
OCCASIONS = {6: 3, 12: 5}


@dataclass(frozen=True)
class Owed:
    """One settlement beside the sum of its lines."""

    case: str
    state: str
    total: Decimal
    expected: Decimal


def faults(centre: Centre, machines: list[Machine]) -> list[str]:
    """Everything that is wrong."""
    checks = (_late, _stuck, _messages, _twice, _money, lambda c: _occasions(c, machines))
    return centre.faults + [fault for check in checks for fault in check(centre)]


# --- breaches -------------------------------------------------------------------------------


def _late(centre: Centre) -> Iterator[str]:
    log = centre.journal
    careless = {case for case, _, _ in centre.late}
    for cycle in log.breaches:
        if cycle not in centre.late and not _followed(centre, cycle, careless):
            yield f"{cycle[0]}: clock {cycle[1]} ({cycle[2]}) was breached, and nobody was late"
    for cycle in centre.late:
        if cycle not in log.breaches and cycle not in log.lapses:
            yield f"{cycle[0]}: somebody was late with {cycle[1]} ({cycle[2]}), and nothing came"


def _followed(centre: Centre, cycle: Cycle, careless: set[str]) -> bool:
    """Its time was over when it began, since somebody was late before, here or where the case
    comes from."""
    case = centre.world.case(cycle[0])
    found = next(one for one in case.cycles if (one.clock, one.n) == cycle[1:])
    return found.armed >= centre.journal.breaches[cycle] and bool(
        careless & {cycle[0], case.origin}
    )


def _stuck(centre: Centre) -> Iterator[str]:
    for case, view in centre.views.items():
        if view.ended is None and view.next_wakeup is None and case not in centre.plans:
            yield f"{case} is stuck in {view.state}: no clock wakes it and nobody has it in hand"


# --- messages -------------------------------------------------------------------------------


def _messages(centre: Centre) -> Iterator[str]:
    for case, row in centre.journal.troubles:
        if row.kind != "undelivered" or "link" not in row.data:
            continue
        link = centre.world.program(case).process.links[row.data["link"]]
        target = centre.views.get(f"{link.process}:{row.data['key']}")
        closed = target is not None and target.closed is not None and target.closed <= row.at
        if not link.undelivered or row.data["code"] not in ENDED or not closed:
            yield f"{case}: {row.data['link']} to {row.data['key']} came to nothing: {row.data}"


def _twice(centre: Centre) -> Iterator[str]:
    for key, count in centre.journal.notices.items():
        if count > 1:
            yield f"notice {key} was sent {count} times"


# --- money ----------------------------------------------------------------------------------


def settlements(centre: Centre) -> list[Owed]:
    """Those that are priced, each beside the sum of what its repairs used."""
    lines = _lines(centre)
    found = []
    for case, view in centre.views.items():
        if view.process != "settlement" or view.state not in ("closed", "forfeited"):
            continue
        claimed = view.state == "forfeited"
        owed = [_owed(centre, key, one, claimed) for key, one in lines[view.key[-7:]].items()]
        total = Decimal(int(view.data.get("total", 0))) / 100
        found.append(Owed(case, view.state, total, sum(owed, Decimal(0))))
    return found


def _money(centre: Centre) -> Iterator[str]:
    lines = _lines(centre)
    for owed in settlements(centre):
        if owed.total != owed.expected:
            yield f"{owed.case} comes to {owed.total}, and its lines to {owed.expected}"
        view = centre.views[owed.case]
        listed = Counter(line["id"] for line in view.data.get("lines", []))
        if listed != Counter(lines[view.key[-7:]].keys()):
            yield f"{owed.case} lists {sorted(listed)}, not {sorted(lines[view.key[-7:]])}"


def _lines(centre: Centre) -> dict[str, dict[str, dict[str, Any]]]:
    """What signed and covered repairs used, by month and by the number of the part."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for view in centre.views.values():
        signed = view.process == "warranty_repair" and view.state == "valid_closed"
        if not signed or view.data.get("coverage") != "covered":
            continue
        for part in view.data.get("parts", []):
            if part["covered"]:
                found[view.data["service_month"]][f"{view.key}-{part['line']}"] = part
    return found


def _owed(centre: Centre, key: str, part: dict[str, Any], claimed: bool) -> Decimal:
    """In yuan. Of a month that was forfeited: what was given up."""
    if not claimed and (key in centre.struck or centre.results.get(key) not in PAID):
        return Decimal(0)
    qty, price = Decimal(part["qty"]), Decimal(int(part["unit_price"])) / 100
    if part["source"] == "external":
        return qty * min(price, Decimal(int(part["actual_price"])) / 100)
    amount = qty * price
    earns = part["source"] != "urgent_request" and part["kind"] not in NO_FEE
    if not earns or part.get("is_assembly"):
        return amount
    return amount + (amount / 10).quantize(Decimal("0.01"), ROUND_HALF_UP)


# --- once -----------------------------------------------------------------------------------


def _occasions(centre: Centre, machines: list[Machine]) -> Iterator[str]:
    """Each visit of a programme and each month in stock: one case, neither more nor less."""
    had: dict[tuple[str, str], set[str]] = defaultdict(set)
    for view in centre.views.values():
        if view.process in ("maintenance_visit", "unsold_upkeep"):
            had[view.process, str(view.data["machine_no"])].add(view.key)
    for machine in machines:
        visits = OCCASIONS[machine.warranty_months] if machine.delivered is not None else 0
        wanted = {f"{machine.no}-{number}" for number in range(1, visits + 1)}
        if had["maintenance_visit", machine.no] != wanted:
            yield f"{machine.no} has the visits {sorted(had['maintenance_visit', machine.no])}"
        for case in (f"maintenance_programme:{machine.no}", f"phone_survey:{machine.no}"):
            if (case in centre.world) != (machine.delivered is not None):
                yield f"{case}: handed over and opened do not agree"
        months = set(_months(centre, machine))
        if had["unsold_upkeep", machine.no] != months:
            yield (
                f"{machine.no} was kept up in {sorted(had['unsold_upkeep', machine.no])}, "
                f"and stood in stock in {sorted(months)}"
            )


def _months(centre: Centre, machine: Machine) -> Iterator[str]:
    """The calendar months that began while it stood in stock."""
    view = centre.views.get(f"machine_handling:{machine.no}")
    if view is None or not view.data.get("stocked_in_on"):
        return
    year, month = map(int, str(view.data["stocked_in_on"])[:7].split("-"))
    until = day_of(machine.delivered if machine.delivered is not None else centre.now - 1)
    while True:
        year, month = year + month // 12, month % 12 + 1
        if (year, month) > (until.year, until.month):
            return
        yield f"{machine.no}-{year}-{month:02}"
