"""Samples that come while a trend is computed: each hears one, and none hears two."""

from activities.computations import run
from surfaces.rules import Rules
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import Decision, decide, open_case
from workflows.core.effects import Compute, Tell

NOW = 1_790_000_000
PROGRAM = Rules()["oil_file"]
SELF = Actor("oil_file:F", ("system",))


def added(case: Case, sample: str, day: str, hours: float) -> Decision:
    sender = Actor(f"oil_sample:{sample}", ("process:oil_sample",))
    data = {"sample": sample, "taken_on": day, "hours": hours, "oil_grade": "HM46", "acid": hours}
    return decide(PROGRAM, case, Incoming("add_sample", f"add-{sample}", sender, data), NOW)


def asked(decision: Decision) -> Compute:
    (found,) = (one for one in decision.requests if isinstance(one, Compute))
    return found


def told(decision: Decision) -> list[str]:
    return [one.business_key for one in decision.requests if isinstance(one, Tell)]


def answered(case: Case, call: Compute) -> Decision:
    answer = run(call.computation, call.input)
    return decide(PROGRAM, case, Incoming("done", call.key, SELF, answer), NOW)


def opened() -> Case:
    data = {"customer_unit": "南通造船厂", "equipment": "主机"}
    start = Incoming("start", "open", Actor("li.na", ("service_specialist",)), data)
    return open_case(PROGRAM, "F", start, NOW).case


def test_a_sample_that_comes_meanwhile_is_computed_with_the_first() -> None:
    first = added(opened(), "A", "2026-03-01", 10.0)
    second = added(first.case, "B", "2026-04-01", 20.0)
    assert second.case.state == "computing"
    assert asked(second).key != asked(first).key
    done = answered(second.case, asked(second))
    assert (done.case.state, told(done)) == ("open", ["A", "B"])
    assert done.case.data["trend"] == "worsening"


def test_a_later_sample_alone_hears_its_trend() -> None:
    first = added(opened(), "A", "2026-03-01", 10.0)
    there = answered(first.case, asked(first))
    assert told(there) == ["A"]
    second = added(there.case, "B", "2026-04-01", 20.0)
    assert told(answered(second.case, asked(second))) == ["B"]


def test_after_a_failure_it_is_computed_again_and_told_once() -> None:
    first = added(opened(), "A", "2026-03-01", 10.0)
    key = asked(first).key
    failure = {"code": "computation_failed", "detail": "?"}
    failed = decide(PROGRAM, first.case, Incoming("failed", f"{key}/failed", SELF, failure), NOW)
    assert (failed.case.state, told(failed)) == ("open", [])
    staff = Actor("li.na", ("service_specialist",))
    for number, heard in ((1, ["A"]), (2, [])):
        again = Incoming("compute_again", f"again-{number}", staff, {})
        asking = decide(PROGRAM, failed.case, again, NOW)
        failed = answered(asking.case, asked(asking))
        assert told(failed) == heard
