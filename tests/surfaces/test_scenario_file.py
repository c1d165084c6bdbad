"""A scenario file is read strictly: every problem at once, at its line, with the nearest word."""

import pytest

from surfaces.rehearse import checked
from surfaces.scenario import CODES, ScenarioError, parse_scenario
from tests.surfaces.play import HEAD, RULES, scenario

BROKEN: dict[str, str] = {
    "S100": "scenario: [",
    "S101": HEAD + "steps: [{at: +1h, sent: pack}]",
    "S102": HEAD + "steps: 3",
    "S103": "scenario: x\nprocess: parcel\n",
    "S104": HEAD + "steps: [{at: +1h, expect: {clocks: {packed_in_time: {phase: runing}}}}]",
    "S105": HEAD + "steps: [{at: '2026-11-10T10:00'}]",
    "S106": HEAD.replace("a parcel", "''"),
    "S107": HEAD + "steps: [{at: +1h, start: {key: P-2, at: 2026-11-10T10:00+08:00}}]",
    "S110": HEAD + "steps: [{at: +1h}, {at: 2026-11-10T09:30+08:00}]",
    "S111": HEAD + "steps: [{at: +1h, send: pack, start: {key: P-2}}]",
    "S112": HEAD + "steps: [{at: +1h, twice: true}]",
    "S114": "scenario: x\nprocess: parcel\nstart: {key: P-1}\n",
    "S120": HEAD.replace("process: parcel", "process: parsel"),
    "S121": HEAD + "steps: [{at: +1h, send: pakc}]",
    "S122": HEAD + "steps: [{at: +1h, expect: {state: pakced}}]",
    "S123": HEAD + "steps: [{at: +1h, expect: {clocks: {packed_in_tim: running}}}]",
    "S124": HEAD + "steps: [{at: +1h, expect: {data: {prize: 1}}}]",
    "S125": HEAD + "steps: [{at: +1h, expect: {documents: [{document: bill}]}}]",
}


@pytest.mark.parametrize("code", BROKEN)
def test_each_problem_has_its_code(code: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        checked(parse_scenario(BROKEN[code].encode(), "p.yaml"), RULES)
    assert {problem.code for problem in refused.value.problems} == {code}
    assert all(problem.line >= 1 for problem in refused.value.problems)


def test_every_code_has_an_example() -> None:
    assert set(BROKEN) == set(CODES)


def test_all_problems_at_once_with_the_nearest_word() -> None:
    steps = "  - {at: +1h, sned: pack}\n  - {at: 10, expect: {stat: packed}}\n"
    with pytest.raises(ScenarioError) as refused:
        scenario(steps)
    told = [(p.line, p.code, p.hint) for p in refused.value.problems]
    assert told == [
        (5, "S101", "did you mean 'send'?"),
        (6, "S102", ""),
        (6, "S101", "did you mean 'state'?"),
    ]


@pytest.mark.parametrize(
    ("step", "code", "said"),
    [
        ("message: {from: 'shop:1'}", "S112", "'message' without `send`"),
        ("send: pack, message: {from: 'shop'}", "S105", "process:key"),
        ("send: pack, message: {from: 'parcel:1'}, by: {id: a}", "S107", "not from a person"),
        ("send: pack, message: {from: 'parsel:1'}", "S120", "no process 'parsel'"),
        ("send: pack, message: {from: 'parcel:1', data: {}}", "S101", "data"),
    ],
)
def test_a_message_is_an_event_from_a_case(step: str, code: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as refused:
        checked(scenario(f"  - {{at: +1h, {step}}}\n"), RULES)
    assert {problem.code for problem in refused.value.problems} == {code}


def test_a_step_may_not_lie_where_no_worker_runs() -> None:
    with pytest.raises(ScenarioError, match="no worker runs"):
        scenario("  - {at: +1h, down: 20 minutes}\n  - {at: +10m}\n")


def test_offsets_count_from_the_step_before() -> None:
    read = scenario(
        "  - {at: +1h}\n  - {at: +30m}\n  - {send: pack, occurred_at: -5m, by: CLERK}\n"
    )
    assert [moment.at - read.at for moment in read.moments] == [3600, 5400, 5400]
    assert read.moments[2].occurred == read.at + 5100
