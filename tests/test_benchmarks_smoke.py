"""The benchmarks run, and the counts that they print are within their limits; nothing is timed."""

import json

from benchmarks import chain
from benchmarks.core import Core
from benchmarks.durable import (
    SHORT,
    YARDSTICK_EVENTS,
    ByHand,
    Engine,
    arena,
    counted,
    engine_figures,
    path,
)
from benchmarks.path import STEPS, Step
from benchmarks.server import facts
from benchmarks.spiff import EACH, Spiff
from benchmarks.table import Figure, as_json, as_text


def test_the_core_and_spiffworkflow_go_the_same_way() -> None:
    states = [decision.case.state for decision in Core().each(STEPS)]
    spiff = Spiff(EACH)
    assert [spiff.run(STEPS[:length]) for length in range(len(STEPS) + 1)] == [
        (state,) for state in states
    ]
    assert states[-1] == "closed"


def test_spiffworkflow_refuses_as_the_core_does() -> None:
    without_apology = Step("acknowledge", {"apology_given": False})
    assert Spiff(timers=0).run([without_apology]) == ("received",)


async def test_histories_and_actions_stay_within_their_limits() -> None:
    async with arena() as (running, _, _):
        hand = await facts(await path(running.client, ByHand(sends=False), STEPS[:SHORT]))
        case = await counted(running, Engine(), STEPS[:SHORT])
    assert hand.length <= YARDSTICK_EVENTS
    events, actions, _, timers = engine_figures("engine", SHORT, case)
    assert case.facts.events["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == SHORT
    assert events.met, events
    assert actions.met, actions
    assert timers.value == 1


async def test_a_chain_of_cases_comes_to_its_end_and_to_the_fen() -> None:
    measured = await chain.measure(repairs=2, centres=1)
    assert measured.faults == []
    found = {figure.name: figure.value for figure in measured.figures}
    assert found["lines paid or refused"] == found["spent parts"] == 5
    assert found["cases told something"] == 2 + 2 + 2 + 5
    assert found["computations"] == 2
    assert found["workflow tasks that failed"] == 0


def test_a_figure_says_whether_its_target_is_met() -> None:
    figures = [
        Figure("core", "ratio", 5.5, "x", ">=", 5),
        Figure("durable", "cpu", 2, "x", "<=", 1.1),
    ]
    assert [one["met"] for one in json.loads(as_json(figures))] == [True, False]
    lines = as_text(figures).splitlines()
    assert lines[1].endswith(">= 5  yes")
    assert lines[2].endswith("<= 1.10  NO")
