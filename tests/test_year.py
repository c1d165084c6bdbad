"""A small year of a service centre: it goes as it must, and the judge would see if it did not."""

from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.year import opened, simulate
from benchmarks.year.judging import faults
from benchmarks.year.machines import END, Machine
from surfaces.rules import Rules
from workflows.core.case import Actor, Incoming, messenger
from workflows.core.decide import decide, open_case

SOLD = 20


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules()


def test_a_year_has_no_breach_that_nobody_explains(rules: Rules) -> None:
    found = simulate(1, SOLD, rules=rules)
    assert found.faults == []
    assert found.machines == {"sold": SOLD, "in_stock": 2}
    assert found.counts["breaches"] > 10
    assert found.counts["unexplained"] == 0
    assert sum(float(month["total"]) for month in found.money) > 1000
    assert found.surveys["completed"] > 5
    opened_cases = {one["process"]: one["opened"] for one in found.processes}
    assert opened_cases["settlement"] == opened_cases["archive"] == 12
    assert opened_cases["survey_report"] == 6
    assert opened_cases["maintenance_programme"] == SOLD


def test_a_year_is_the_same_each_time(rules: Rules) -> None:
    one, two = (simulate(5, 3, rules=rules).to_json() for _ in range(2))
    assert one | {"speed": {}} == two | {"speed": {}}


# --- the judge ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year(rules: Rules) -> Any:
    centre, machines = opened(1, 8, rules)
    centre.run(END, lambda at: None)
    assert faults(centre, machines) == []
    return centre, machines


def test_a_breach_without_a_reason_is_a_fault(year: tuple[Any, list[Machine]]) -> None:
    centre, machines = copy(year[0]), year[1]
    (case, clock, cycle) = next(iter(centre.journal.breaches))
    centre.late = {one: at for one, at in centre.late.items() if one[0] != case}
    said = f"{case}: clock {clock} ({cycle}) was breached, and nobody was late"
    assert said in faults(centre, machines)


def test_a_lateness_without_a_breach_is_a_fault(year: tuple[Any, list[Machine]]) -> None:
    centre, machines = copy(year[0]), year[1]
    centre.late = centre.late | {("settlement:LY01-2026-01", "review", 9): END}
    (said,) = faults(centre, machines)
    assert "somebody was late with review (9), and nothing came" in said


def test_a_wrong_amount_is_a_fault(year: tuple[Any, list[Machine]]) -> None:
    centre, machines = copy(year[0]), year[1]
    paid = [part for part, result in centre.results.items() if result == "accepted"]
    centre.results = centre.results | dict.fromkeys(paid, "rejected")
    assert [said for said in faults(centre, machines) if "comes to" in said]


def test_a_case_that_nobody_has_in_hand_is_a_fault(year: tuple[Any, list[Machine]]) -> None:
    centre, machines = copy(year[0]), year[1]
    centre.views = dict(centre.views)
    case, view = next((k, v) for k, v in centre.views.items() if v.ended is not None)
    centre.views[case] = replace(view, ended=None, next_wakeup=None)
    (said,) = faults(centre, machines)
    assert said.startswith(f"{case} is stuck in {view.state}")


# --- what a whole year found ----------------------------------------------------------------


def test_a_list_of_fees_may_be_as_long_as_a_list_can_be(rules: Rules) -> None:
    program = rules["service_fee_settlement"]
    start = {"centre": "LY01", "month": "2026-08"}
    opening = Incoming("start", "s", Actor("x", ("system",)), start)
    at = 1_788_000_000
    decision = open_case(program, "LY01-2026-08", opening, at)
    for number in range(300):
        claim = {"claim": f"R{number}", "fee_for": "repair", "serial": f"S{number}"}
        told = Incoming("note_claim", f"c{number}", messenger(f"warranty_repair:R{number}"), claim)
        decision = decide(program, decision.case, told, at + number)
    # One of the claims is not on the list.
    items = [
        {"item": str(number), "fee_for": "repair", "amount": "100.00", "serial": f"S{number}"}
        for number in range(299)
    ]
    sent = {"list_no": "QD-1", "list_total": "29900.00", "items": items}
    maker = Actor("wu.jianguo", ("maker_service_centre",))
    decision = decide(program, decision.case, Incoming("receive_list", "l", maker, sent), at + 400)
    assert decision.view.state == "list_received"
    assert decision.view.data["unlisted"] == ["S299"]
