"""What a case is found by, and until when its file is kept."""

from typing import Any

import pytest

from tests.core.world import World, process, t
from workflows.core.effects import CaseView

BODY = """
subjects: {machine: data.machine, customer: data.customer, both: "data.customer + '/' + case.key"}
retention: {keep: 12 months, after: data.until}
data:
  machine: {type: text}
  customer: {type: text}
  until: {type: date}
states:
  open:
    title: Open
    actor: agent
    waits: {zh: 等, en: Waits}
    on:
      note: {by: agent, form: {machine: optional, until: optional}}
      finish: {by: agent, to: done}
      again: {by: agent, to: open}
  done:
    title: Done
    closed: true
    on:
      correct: {by: agent, form: {until: required}}
      reopen: {by: agent, reopens: true, to: open}
clocks:
  duty: {title: Duty, kind: reply, budget: 10 days, start: closed, stop: correct, ladder: plan}
"""


def opened(body: str = BODY, **data: Any) -> World:
    world = World(process(body))
    world.start("9 09:00", **data)
    return world


def view(world: World) -> CaseView:
    return world.decisions[-1].view


def test_subjects_are_what_the_case_is_about() -> None:
    world = opened(machine="LG855N-0417", customer="第一矿山")
    assert view(world).subjects == {
        "machine": "LG855N-0417",
        "customer": "第一矿山",
        "both": "第一矿山/K-1",
    }
    world.send("9 10:00", "note", machine="LG855N-0418")
    assert view(world).subjects["machine"] == "LG855N-0418"


def test_what_is_absent_or_empty_is_left_out() -> None:
    assert view(opened(machine="  ")).subjects == {"both": "/K-1"}


def test_a_subject_is_trimmed_and_cut() -> None:
    long = " " + "机" * 199 + " " + "x" * 50
    found = view(opened(machine="\u3000 LG855N-0417\n", customer=long)).subjects
    assert found["machine"] == "LG855N-0417"
    assert found["customer"] == "机" * 199


def test_what_cannot_be_computed_is_left_out() -> None:
    body = BODY.replace("data.customer + '/' + case.key", "string(int(data.customer))")
    assert view(opened(body, machine="M", customer="no number")).subjects == {
        "machine": "M",
        "customer": "no number",
    }


def test_an_open_case_is_kept_without_end() -> None:
    assert view(opened(until="2026-01-01")).keep_until is None


@pytest.mark.parametrize(
    ("closing", "until", "kept"),
    [
        # Twelve months from the day of closing, to the end of that day.
        ("9 10:00", None, "2027-11-10 00:00"),
        ("9 00:00", None, "2027-11-10 00:00"),
        ("9 23:59:59", None, "2027-11-10 00:00"),
        # From the date if it is later than that, and else not.
        ("9 10:00", "2026-11-08", "2027-11-10 00:00"),
        ("9 10:00", "2026-11-10", "2027-11-11 00:00"),
        ("9 10:00", "2031-05-31", "2032-06-01 00:00"),
        # The month's last day stands for a day that it has not.
        ("9 10:00", "2027-02-28", "2028-02-29 00:00"),
        ("9 10:00", "2028-02-29", "2029-03-01 00:00"),
    ],
)
def test_the_file_of_a_closed_case_is_kept(closing: str, until: str | None, kept: str) -> None:
    world = opened_at_midnight(until)
    world.send(closing, "finish")
    assert view(world).keep_until == t(kept)


def opened_at_midnight(until: str | None) -> World:
    world = World(process(BODY))
    world.start("9 00:00", **({} if until is None else {"until": until}))
    return world


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        # Beyond all calendars: as far as they go.
        ("months_after(data.until, 95000)", "9999-12-31 00:00"),
        # No date at all: from the closing.
        ("months_after(data.until, 990000)", "2126-11-10 00:00"),
        ("data.until == '' ? '' : ''", "2126-11-10 00:00"),
    ],
)
def test_dates_out_of_the_ordinary(after: str, kept: str) -> None:
    law = f'keep: 1200 months, after: "{after}"'
    world = opened(BODY.replace("keep: 12 months, after: data.until", law), until="2026-11-09")
    world.send("9 10:00", "finish")
    assert view(world).keep_until == t(kept)


def test_a_later_date_moves_the_end_and_a_reopened_case_has_none() -> None:
    world = opened()
    world.send("9 10:00", "finish")
    assert view(world).keep_until == t("2027-11-10 00:00")
    world.send("9 11:00", "correct", until="2030-01-01")
    assert view(world).keep_until == t("2031-01-02 00:00")
    ended = world.case.ended
    assert ended is not None


def test_a_reopened_case_is_kept_without_end() -> None:
    world = opened()
    world.send("9 10:00", "finish")
    world.send("9 11:00", "reopen")
    assert view(world).keep_until is None
    world.send("12 10:00", "finish")
    assert view(world).keep_until == t("2027-11-13 00:00")


def test_nothing_is_said_without_a_retention() -> None:
    line = next(line for line in BODY.splitlines() if line.startswith("retention"))
    world = opened(BODY.replace(line + "\n", ""))
    world.send("9 10:00", "finish")
    assert view(world).keep_until is None


# --- closed cases are read-only -------------------------------------------------------------


def test_a_closed_case_takes_nothing_but_additions() -> None:
    world = opened()
    world.send("9 10:00", "finish")
    before = len(world.rows)
    refusal = world.refused("9 11:00", "note", machine="LG855N-0418")
    assert refusal.code == "not_allowed_here"
    assert refusal.facts["possible"] == ["correct", "reopen"]
    assert len(world.rows) == before
    # A correction is an event of the closed state: one more row, and nothing else is rewritten.
    rows = list(world.rows)
    world.send("9 12:00", "correct", until="2030-01-01")
    assert world.rows[: len(rows)] == rows


def test_an_ended_case_takes_nothing() -> None:
    world = opened()
    world.send("9 10:00", "finish")
    world.send("9 12:00", "correct", until="2030-01-01")
    assert world.case.ended is not None
    before = len(world.rows)
    for name, more in (("correct", {"until": "2031-01-01"}), ("note", {"machine": "M"})):
        refusal = world.refused("9 13:00", name, **more)
        assert refusal.code == "case_ended"
    assert len(world.rows) == before
