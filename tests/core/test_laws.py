"""Laws that hold for every definition and every story: generated ones are held to them."""

from collections import Counter
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from definitions.budget import parse_budget
from tests.core.calendars import SOURCES, WORKTIMES
from tests.core.generated import BEGIN, DAY, HOUR, Sent, Told, programs, stories
from tests.core.test_worktime_counted import counted
from workflows.core.case import Case, Cycle, Span
from workflows.core.deadlines import Ruler, consumed, deadline
from workflows.core.decide import decide, wakeup
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.core.view import view_of
from workflows.core.worktime import Always, Worktime

ADAPTER = TypeAdapter(Case)
END = BEGIN + 60 * DAY
SAID_OF_A_MISS = ("breach", "retraction", "rung", "skipped")

examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)
offsets = st.lists(st.integers(0, 60 * DAY), max_size=12)


def told(program: Program, story: list[Sent], looks: list[int] | None = None) -> Told:
    """A story told on time, with looks between."""
    case = Told(program)
    waiting = sorted(looks or [])
    for event in story:
        while waiting and BEGIN + waiting[0] <= event.at:
            case.look(BEGIN + waiting.pop(0))
        case.send(event.incoming(), event.at)
    for offset in waiting:
        case.look(BEGIN + offset)
    case.look(END)
    return case


def punctual(program: Program, story: list[Sent]) -> Told:
    """A story told by a worker that rings at every wake-up."""
    case = Told(program)
    for event in (*story, None):
        until = END if event is None else event.at
        while (at := wakeup(program, case.case)) is not None and at <= until:
            assert at > case.case.settled or not case.rows
            case.look(at)
        if event is not None:
            case.send(event.incoming(), event.at)
    case.look(END)
    return case


def same(one: Told, other: Told) -> None:
    assert one.refused == other.refused
    assert one.ledger() == other.ledger()
    assert one.notices == other.notices
    assert one.case == other.case


@examples
@given(programs, stories(), offsets)
def test_chopping_time_differently_changes_nothing(
    program: Program, story: list[Sent], looks: list[int]
) -> None:
    same(told(program, story), told(program, story, looks))


@examples
@given(programs, stories())
def test_ringing_at_every_wakeup_is_enough(program: Program, story: list[Sent]) -> None:
    same(punctual(program, story), told(program, story))


@examples
@given(programs, stories(), st.integers(0, 8))
def test_a_worker_that_was_down_decides_what_a_punctual_one_did(
    program: Program, story: list[Sent], up: int
) -> None:
    """After `up` events the worker is down to the end; then it finds the others waiting."""
    late = Told(program)
    for event in story[:up]:
        late.send(event.incoming(), event.at)
    for event in story[up:]:
        late.send(event.incoming(occurred=event.at), END, backlog=True)
    late.look(END)
    same(late, punctual(program, story))


@examples
@given(programs, stories(5), st.integers(0, 5 * DAY))
def test_a_stop_reported_late_is_judged_as_if_punctual(
    program: Program, story: list[Sent], lag: int
) -> None:
    """Looks in between may only have told people something that is then taken back."""
    at = max([BEGIN, *(event.at for event in story)]) + HOUR
    stop = Sent(at, "note", "stop")
    on_time = told(program, [*story, stop])
    late = Told(program)
    for event in story:
        late.send(event.incoming(), event.at)
    late.look(at + lag)
    late.send(stop.incoming(occurred=at), at + lag)
    late.look(END)
    if on_time.case.lapse or late.case.lapse:
        return
    assert _judged(late) == _judged(on_time)
    if not any(row.kind == "restored" for row in late.rows):
        # Clocks that outlive a lapse may have spoken before it was taken back.
        assert _net(late) == _net(on_time)


def _judged(case: Told) -> list[tuple[Any, ...]]:
    return [(c.clock, c.n, c.phase, c.breached, c.ended, c.anchor) for c in case.case.cycles]


def _net(case: Told) -> Counter[tuple[str, int, str]]:
    """What people were told and not told back, reminders before due aside."""
    found: Counter[tuple[str, int, str]] = Counter()
    for notice in case.notices:
        if notice.level in ("L1", "L2", "L3"):
            found[(notice.clock, notice.cycle, notice.rung)] += (
                -1 if notice.kind == "retraction" else 1
            )
    return +found


@examples
@given(programs, stories())
def test_duplicates_change_nothing(program: Program, story: list[Sent]) -> None:
    twice = Told(program)
    for event in story:
        twice.send(event.incoming(), event.at)
        before, refused = twice.case, len(twice.refused)
        twice.send(event.incoming(), event.at + 5)
        if len(twice.refused) == refused:
            assert twice.case == before
    twice.look(END)
    assert twice.ledger() == told(program, story).ledger()


@examples
@given(programs, stories())
def test_a_refusal_changes_nothing(program: Program, story: list[Sent]) -> None:
    case = Told(program)
    for event in story:
        before, image = case.case, ADAPTER.dump_json(case.case)
        try:
            decide(program, before, event.incoming(), event.at)
        except IllegalEvent:
            assert ADAPTER.dump_json(before) == image
        decide_again = len(case.refused)
        case.send(event.incoming(), event.at)
        assert ADAPTER.dump_json(before) == image  # a frozen value stays what it was
        assert len(case.refused) in (decide_again, decide_again + 1)


@examples
@given(programs, stories())
def test_each_rung_fires_once_or_not_at_all(program: Program, story: list[Sent]) -> None:
    case = told(program, story)
    reached = Counter(
        (row.clock, row.cycle, row.name) for row in case.rows if row.kind in ("rung", "skipped")
    )
    assert set(reached.values()) <= {1}
    assert len({notice.key for notice in case.notices}) == len(case.notices)
    ended = {(c.clock, c.n): c.ended for c in case.case.cycles if c.ended is not None}
    for row in case.rows:
        if row.kind in ("rung", "breach") and (row.clock, row.cycle) in ended:
            assert row.at <= ended[(row.clock, row.cycle)]


@examples
@given(programs, stories())
def test_a_timer_is_never_missed(program: Program, story: list[Sent]) -> None:
    case = Told(program)
    for event in story:
        case.send(event.incoming(), event.at)
        shown = view_of(program, case.case, event.at)
        assert shown.next_due_clock == "" or program.clocks[shown.next_due_clock].promise
    case.look(END)
    timers = {name for name, spec in program.clocks.items() if not spec.promise}
    assert not [row for row in case.rows if row.kind in SAID_OF_A_MISS and row.clock in timers]
    assert {c.breached for c in case.case.cycles if c.clock in timers} <= {None}


@examples
@given(programs, stories(), offsets)
def test_the_next_wakeup_lies_ahead(program: Program, story: list[Sent], looks: list[int]) -> None:
    case = Told(program)
    for offset in sorted([*looks, *(event.at - BEGIN for event in story)]):
        for event in story:
            if event.at == BEGIN + offset:
                case.send(event.incoming(), event.at)
        case.look(BEGIN + offset)
        ring = wakeup(program, case.case)
        assert ring is None or ring > BEGIN + offset


@examples
@given(programs, stories())
def test_a_case_survives_its_journey_as_json(program: Program, story: list[Sent]) -> None:
    case = Told(program)
    for event in story:
        case.send(event.incoming(), event.at)
        again = ADAPTER.validate_json(ADAPTER.dump_json(case.case))
        assert again == case.case
        case.case = again
    case.look(END)
    same(case, told(program, story))


# --- what a budget consumed, against a count of single minutes --------------------------------

minutes = st.integers(0, 3 * 525_600)
spans = st.lists(st.tuples(st.integers(0, 12_000), st.integers(1, 4_000)), max_size=4)
FIRST = 1_704_067_200 + 30 * DAY
"""The beginning of 2024 and a month, so that a day before it is still counted."""


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(sorted(SOURCES)),
    st.integers(0, 950 * 1440),
    st.integers(1, 3_000),
    spans,
)
@example("havana", 0, 1, [(181, 1)])
def test_a_budget_is_the_sum_of_its_open_minutes(
    name: str, begin: int, length: int, stretches: list[tuple[int, int]]
) -> None:
    anchor = FIRST + begin * 60
    pauses = tuple(
        Span(anchor + start * 60, anchor + (start + size) * 60, "state")
        for start, size in stretches
    )
    budget = parse_budget(f"{length} working_minutes")
    cycle = Cycle("c", 1, anchor, anchor, "running", budget.text, calendar=name, pauses=pauses)
    worktime: Worktime | Always = WORKTIMES[name]
    ruler = Ruler(budget, worktime, worktime)
    due = deadline(ruler, cycle)
    assert due is not None
    if due.at > FIRST + 1000 * DAY:
        return
    assert consumed(ruler, cycle, due.at) == length * 60
    assert _open_minutes(name, anchor, due.at, pauses) == length
    if any(span.end == due.at for span in pauses):
        # A pause that begins when nothing is left: it is due when the pause is over.
        return
    assert _open_minutes(name, anchor, due.at - 60, pauses) < length


def _open_minutes(name: str, start: int, end: int, pauses: tuple[Span, ...]) -> int:
    count = counted(name)
    still: set[int] = set()
    for span in pauses:
        assert span.end is not None
        still.update(range(span.start, min(span.end, end), 60))
    return (count.until(end) - count.until(start)) // 60 - sum(
        count.is_open(minute) for minute in still
    )


def test_stories_are_told_and_not_only_refused() -> None:
    """The stories above say something: most clocks breach, pause, lapse or are met somewhere."""
    seen: Counter[str] = Counter()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(programs, stories())
    def collect(program: Program, story: list[Sent]) -> None:
        case = told(program, story)
        seen.update(row.kind for row in case.rows)
        seen.update(cycle.phase for cycle in case.case.cycles)
        seen.update("paused" for cycle in case.case.cycles if cycle.pauses)

    collect()
    for kind in ("event", "breach", "rung", "skipped", "lapse", "resume", "met", "superseded"):
        assert seen[kind] > 3, (kind, seen)
