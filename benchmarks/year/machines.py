"""The machines of the year, from their arrival to the last fault.

What it is: lives drawn from a seed: when each machine comes, is sold, works, is read and fails,
and what its customer asks for.
What it is not: what people then do (`sales`, `upkeep`, `repairs`).
Who may import it: the simulated year.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from random import Random

from benchmarks.year.centre import CODE, NAME, REGION, Centre
from benchmarks.year.desk import DAY, day_of, instant, iso

CLERK, ENGINEER, SUPERVISOR = "service_clerk", "service_engineer", "service_supervisor"
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BEGIN, END = instant(FIRST, 0), instant(date(2027, 1, 1), 0)
ASKED = 0.25
"""Share of the faults that come to the front desk."""
WISHES = (
    ("technical_consultation", 400, "冬季用哪种液压油"),
    ("complaint", 2500, "配件等待时间太长"),
)
"""What customers ask for, and about how many days pass until one does."""
CUSTOMERS = ("新罗砂石", "永定建材", "上杭矿业", "漳平路桥", "长汀水利", "武平石材", "连城港务")


@dataclass
class Machine:
    """One machine and what will become of it."""

    no: str
    kind: str
    model: str
    customer: str
    customer_kind: str
    warranty_months: int
    urban: bool
    km: float
    arrives: int
    sale: int
    """When it is to be sold; after the end of the year it stays in stock."""
    hours_a_day: float
    read_every: int
    """Days between readings."""
    faults: tuple[float, ...]
    """Days after the hand-over."""
    delivered: int | None = None
    repairs: int = 0

    def hours(self, at: int) -> float:
        """What its meter shows."""
        return 0.0 if self.delivered is None else (at - self.delivered) / DAY * self.hours_a_day


def lives(seed: int, sold: int) -> list[Machine]:
    """So many machines that are sold in the year, and a tenth more that are not."""
    rng = Random(f"{seed}/machines")
    found = []
    for number in range(1, sold + max(1, sold // 10) + 1):
        kind = rng.choices(("loader", "roller"), (4, 1))[0]
        day = rng.uniform(12, 352) if number <= sold else rng.uniform(366, 500)
        stay = min(rng.expovariate(1 / 45) + 3, 300)
        arrival = max(day - stay, rng.uniform(0.3, 9)) if day < 340 + stay else rng.uniform(60, 350)
        faults, fault = [], rng.expovariate(1 / 150)
        while fault < 366:
            faults.append(fault)
            fault += rng.expovariate(1 / 150)
        found.append(
            Machine(
                no=f"{'LG855N' if kind == 'loader' else 'LG520A'}-{number:04}",
                kind=kind,
                model="LG855N" if kind == "loader" else "LG520A",
                customer=rng.choice(CUSTOMERS),
                customer_kind=rng.choices(("new_customer", "key_customer", "ordinary"), (5, 2, 3))[
                    0
                ],
                warranty_months=rng.choice((6, 12, 12)),
                urban=rng.random() < 0.4,
                km=round(rng.uniform(5, 390), 1),
                arrives=BEGIN + int(arrival * DAY),
                sale=BEGIN + int(day * DAY),
                hours_a_day=rng.choices((3.0, 6.0, 9.5, 16.0), (3, 4, 3, 1))[0],
                read_every=rng.choice((7, 14, 30)),
                faults=tuple(faults),
            )
        )
    return found


class Fleet:
    """What machines do by themselves in a centre."""

    def __init__(self, centre: Centre, machines: list[Machine]) -> None:
        self.centre = centre
        self.machines = machines
        centre.machines.update({machine.no: machine for machine in machines})
        for machine in machines:
            rng = Random(f"{centre.seed}/{machine.no}")
            at = centre.working(machine.arrives, rng)
            centre.at(at, partial(self._arrive, machine))
            centre.at(centre.working(machine.sale, rng), partial(self._sell, machine))

    def _arrive(self, machine: Machine) -> None:
        data = {
            "product_line": machine.kind,
            "organisation": NAME,
            "region": REGION,
            "centre": CODE,
            "machine_kind": machine.kind,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "warranty_months": machine.warranty_months,
        }
        self.centre.open("machine_handling", machine.no, SUPERVISOR, data)

    def _sell(self, machine: Machine) -> None:
        """Hand it over, when it is in stock and sound; else ask again in two days."""
        centre, case = self.centre, f"machine_handling:{machine.no}"
        view = centre.views.get(case)
        ready = view is not None and view.state in ("sample", "for_sale")
        if (
            view is None
            or not ready
            or view.data.get("defect_serial")
            or view.data.get("upkeep_defects")
        ):
            rng = Random(f"{centre.seed}/{machine.no}/{centre.now}")
            centre.at(centre.working(centre.now + 2 * DAY, rng), lambda: self._sell(machine))
            return
        data = {
            "customer_unit": machine.customer,
            "contact_name": "林建华",
            "contact_phone": "0597-2290001",
            "customer_kind": machine.customer_kind,
            "received_by": "林建华",
        }
        if not centre.send(case, "hand_over", ENGINEER, data):
            return
        machine.delivered = centre.now
        centre.at(centre.now + machine.read_every * DAY, lambda: self._read(machine))
        for day in machine.faults:
            centre.at(centre.now + int(day * DAY), lambda: self._fail(machine))
        rng = Random(f"{centre.seed}/{machine.no}/wishes")
        for kind, days, words in WISHES:
            day = rng.expovariate(1 / days)
            key = f"{machine.no}-{kind[0]}"
            at = centre.working(centre.now + int(day * DAY), rng)
            centre.at(at, partial(self._ask, machine, key, kind, words))

    def _read(self, machine: Machine) -> None:
        centre, case = self.centre, f"maintenance_programme:{machine.no}"
        if centre.views[case].state != "running":
            return
        hours = max(
            round(machine.hours(centre.now), 1), centre.views[case].data.get("last_hours", 0)
        )
        centre.send(case, "record_reading", "system", {"hours": hours, "read_at": iso(centre.now)})
        centre.at(centre.now + machine.read_every * DAY, lambda: self._read(machine))

    def _fail(self, machine: Machine) -> None:
        """By the repair hotline, or like any other wish."""
        machine.repairs += 1
        serial = f"XC-{machine.no}-{machine.repairs}"
        if Random(f"{self.centre.seed}/{serial}").random() < ASKED:
            self._ask(machine, serial, "fault_repair", "动臂举升无力")
            return
        data = {
            "product_line": machine.kind,
            "channel": "hotline",
            "organisation": NAME,
            "centre": CODE,
            "region": REGION,
            "customer_unit": machine.customer,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "delivery_date": day_of(machine.delivered or self.centre.now).isoformat(),
            "warranty_months": machine.warranty_months,
            "in_urban_area": machine.urban,
            "distance_km": machine.km,
            "fault_description": "动臂举升无力",
        }
        self.centre.open("warranty_repair", serial, "hotline_agent", data)

    def _ask(self, machine: Machine, key: str, kind: str, words: str) -> None:
        """A wish goes to the front desk."""
        data = {
            "product_line": machine.kind,
            "channel": "hotline",
            "service_type": kind,
            "organisation": NAME,
            "centre": CODE,
            "region": REGION,
            "customer_unit": machine.customer,
            "machine_model": machine.model,
            "machine_no": machine.no,
            "fault_description": words,
        }
        self.centre.open("service_request", f"SQ-{key}", "hotline_agent", data)
