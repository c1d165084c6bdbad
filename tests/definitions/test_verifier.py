"""The verifier on small changes of one sound process: what it lets pass, and what it says."""

from pathlib import Path

import pytest

from definitions.checks_finding import Finding
from definitions.checks_graph import Graph
from definitions.loader import load
from definitions.model import Process
from definitions.reader import read
from definitions.shape import shaped
from definitions.verifier import verify

HERE = Path(__file__).parent
GATE = (HERE / "sound" / "gate.yaml").read_text(encoding="utf-8")


def process(text: str) -> Process:
    found, problems = shaped(Process, read(text.encode(), "gate.yaml"))
    assert found is not None, problems
    return found


def changed(*changes: tuple[str, str]) -> list[Finding]:
    """The findings of the sound process after these replacements."""
    text = GATE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return verify(process(text))


def test_the_process_that_they_all_differ_from_is_sound() -> None:
    assert verify(process(GATE)) == []
    assert load(GATE.encode(), "gate.yaml", HERE).process == "gate"


def test_everything_is_reported_at_once() -> None:
    found = changed(
        ("to: done\n", "to: don\n"),
        ("when: data.kind == 'person'", "when: data.knd == 'person'"),
        ("{when: {kind: car}, then: 1 hour}", "{when: {kind: lorry}, then: 1 hour}"),
        ("{id: soon, level: L0", "{id: due, level: L0"),
    )
    assert [finding.code for finding in found] == ["E201", "E301", "E310", "E502"]


CELLAR = """\
  cellar:
    title: {zh: 另一, en: Other}
    on: {back: {by: keeper, to: waiting}}
  done: {"""


def test_a_clock_that_stops_on_the_way_watches_no_longer() -> None:
    found = changed(
        ("    stop: let_in\n", "    stop: look\n"),
        ("open: parcel", "to: cellar"),
        ("  done: {", CELLAR),
    )
    assert [(f.code, f.path) for f in found] == [("E404", ("states", "cellar"))]
    assert "opened → look" in found[0].message


def test_a_clock_that_runs_on_watches() -> None:
    assert changed(("open: parcel", "to: cellar"), ("  done: {", CELLAR)) == []


def test_a_clock_that_stands_still_here_watches_nobody() -> None:
    found = changed(
        ("open: parcel", "to: cellar"),
        ("  done: {", CELLAR),
        ("    stop: let_in\n", "    stop: let_in\n    pause: {states: [cellar]}\n"),
    )
    assert [finding.code for finding in found] == ["E404"]


def test_a_guarded_stop_may_leave_the_clock_running() -> None:
    assert (
        changed(
            ("    stop: let_in\n", "    stop: [let_in, {on: look, when: data.weight > 5}]\n"),
            ("open: parcel", "to: cellar"),
            ("  done: {", CELLAR),
        )
        == []
    )


AUTOMATIC = """\
  sort:
    title: {zh: 分流, en: Sort}
    auto:
      - {when: data.weight > 5, to: cellar}
      - {to: done}
"""


def test_an_automatic_state_is_passed_within_one_step() -> None:
    found = process(
        GATE.replace("open: parcel", "to: sort").replace("  done: {", AUTOMATIC + CELLAR)
    )
    graph = Graph(found)
    (step,) = (s for s in graph.steps if s.label == "look" and s.target == "cellar")
    assert step.via == ("sort",)
    assert {"look", "leave waiting", "enter sort", "leave sort", "enter cellar"} == step.triggers
    assert verify(found) == []


CUT_OFF = """\
clocks:
  last_call:
    title: {zh: 截止, en: Last call}
    kind: cut_off
    budget: 2 hours
    start: opened
    stop: let_in
    ladder: short
    lapse: {to: TARGET}
"""


def test_a_lapse_leads_where_the_right_does_not_stand() -> None:
    shut = "  shut: {title: {zh: 已关, en: Shut}, closed: true}\n  done: {"
    assert changed(("clocks:\n", CUT_OFF.replace("TARGET", "shut")), ("  done: {", shut)) == []


def test_a_lapse_that_leads_back_is_an_escape() -> None:
    back = CELLAR.replace("on: {back", "waits: {zh: 无, en: nothing}\n    on: {back")
    found = changed(("clocks:\n", CUT_OFF.replace("TARGET", "cellar")), ("  done: {", back))
    assert [finding.code for finding in found] == ["E411"]
    assert "lapse of last_call → back" in found[0].message


@pytest.mark.parametrize(
    "escape",
    [
        "reset: look",
        "pause: {states: [waiting]}",
        "pause: {holds: true}",
        "change: restart",
    ],
)
def test_nothing_postpones_a_cut_off(escape: str) -> None:
    shut = "  shut: {title: {zh: 已关, en: Shut}, closed: true}\n  done: {"
    clock = CUT_OFF.replace("TARGET", "shut") + f"    {escape}\n"
    found = changed(("clocks:\n", clock), ("  done: {", shut))
    assert [finding.code for finding in found] == ["E411"]


TIMER = """\
clocks:
  wait:
    title: {zh: 等候, en: Wait}
    kind: timer
    budget: 2 hours
    start: opened
    lapse: {to: done}
"""


def test_a_timer_needs_neither_stop_nor_ladder() -> None:
    assert changed(("clocks:\n", TIMER)) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("    lapse: {to: done}\n", ""),
        ("kind: timer", "kind: timer\n    ladder: short"),
        ("kind: timer", "kind: timer\n    assignee: keeper"),
        ("kind: timer", "kind: timer\n    fulfilled: data.kind == 'car'"),
    ],
)
def test_a_timer_is_owed_by_nobody(line: str, instead: str) -> None:
    found = changed(("clocks:\n", TIMER.replace(line, instead)))
    assert [finding.code for finding in found] == ["E419"]


def test_a_state_that_waits_for_a_timer_does_not_wait_for_ever() -> None:
    hall = "  hall: {title: {zh: 厅, en: Hall}, on: {go: {by: keeper, to: done}}}\n"
    way = (("        to: done\n", "        to: hall\n"), ("  done: {", hall + "  done: {"))
    assert [finding.code for finding in changed(*way)] == ["E404"]
    timer = TIMER.replace("opened", "enter hall")
    assert changed(*way, ("clocks:\n", timer)) == []


TASKS = """\
  cleaning:
    title: {zh: 打扫, en: Cleaning}
    tasks:
      sweep: {title: {zh: 打扫, en: Sweep}, role: keeper, budget: 1 hour, ladder: short}
    on: {ON}
  done: {"""


@pytest.mark.parametrize(
    "way_on",
    [
        "all_done: {to: done}",
        "any_done: {to: done}",
        "leave_it: {by: keeper, when: tasks.done > 0, to: done}",
    ],
)
def test_tasks_have_a_way_on(way_on: str) -> None:
    tasks = TASKS.replace("ON", way_on)
    assert changed(("        to: done\n", "        to: cleaning\n"), ("  done: {", tasks)) == []


def test_branches_over_every_value_of_a_required_enum_cannot_fail() -> None:
    branches = """
        form: {way: {type: enum, values: [in, out], required: REQUIRED}}
        branches: [{when: event.way == 'in', to: done}, {when: "event.way == 'out'"}]"""
    form = "open: parcel" + branches
    assert changed(("open: parcel", form.replace("REQUIRED", "true"))) == []
    found = changed(("open: parcel", form.replace("REQUIRED", "false")))
    assert [finding.code for finding in found] == ["E410"]


@pytest.mark.parametrize(
    ("to", "sound"),
    [
        ("head", True),
        ("[visitor, head]", True),
        ("owner", True),
        ("assignee", True),
        ("visitor", False),
        ("[{when: data.kind == 'car', to: head}, {to: keeper}]", True),
        ("[{when: data.kind == 'car', to: head}, {to: visitor}]", False),
        ("[{when: data.kind == 'car', to: head}]", False),
    ],
)
def test_a_ladder_ends_at_a_human_whatever_holds(to: str, sound: bool) -> None:
    rung = "at: due, to: head}\n    days"
    found = changed((rung, rung.replace("to: head", f"to: {to}")))
    assert [finding.code for finding in found] == ([] if sound else ["E407"])


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("kind: \"'car'\"", []),
        ("kind: \"'lorry'\"", ["E304"]),
        ("kind: \"data.kind == 'car' ? 'car' : 'person'\"", []),
        ("kind: \"data.kind in ['car', 'lorry'] ? 'car' : 'person'\"", ["E304"]),
        ("kind: \"'lorry' == data.kind ? 'car' : 'person'\"", ["E304"]),
        ("kind: \"case.state == 'nowhere' ? 'car' : 'person'\"", ["E304"]),
        ("kind: true", ["E305"]),
        ("weight: 5", []),
        ("weight: data.weight + 1", []),
        ("weight: 1.5", ["E305"]),
        ("weight: case.key", ["E302"]),
        ("phone: data.phone + '1'", ["E303"]),
    ],
)
def test_what_is_set_fits_its_field(value: str, codes: list[str]) -> None:
    found = changed(("        to: done\n", f"        set:\n          {value}\n        to: done\n"))
    assert [finding.code for finding in found] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{{ case.opened_at | instant }}", []),
        ("{{ event.at | date }} {{event.actor}}", []),
        ("{{ data.phone }}", ["E303"]),
        ("{{ data.weight | upper }}", ["E306"]),
        ("{{ data.weight + 1 }}", ["E306"]),
        ("{% if data.weight %}x{% endif %}", ["E306"]),
        ("{{ event.note }}", ["E306"]),
        ("{{ case.key", ["E306"]),
    ],
)
def test_texts_say_only_what_exists_and_is_not_personal(text: str, codes: list[str]) -> None:
    found = changed(("{{ data.weight }}", text))
    assert [finding.code for finding in found] == codes


@pytest.mark.parametrize(
    ("default", "sound"),
    [
        ("{type: date, default: '2026-02-28'}", True),
        ("{type: date, default: '2026-02-30'}", False),
        ("{type: instant, default: '2026-11-10T09:30+08:00'}", True),
        ("{type: instant, default: '2026-11-10T09:30'}", False),
        ("{type: money, default: 100}", True),
        ("{type: money, default: 1.5}", False),
        ("{type: int, max: 5, default: 6}", False),
        ("{type: bool, default: 'true'}", False),
        ("{type: enum, values: [a], default: b}", False),
    ],
)
def test_defaults_are_typed(default: str, sound: bool) -> None:
    found = changed(("data:\n", f"data:\n  extra: {default}\n"))
    assert [finding.code for finding in found] == ([] if sound else ["E305"])


def test_personal_fields_are_not_shown_in_lists() -> None:
    found = changed(("data:\n", "attributes: {region: phone}\ndata:\n"))
    assert [(f.code, f.path) for f in found] == [("E303", ("attributes", "region"))]


def test_a_hold_pauses_something_and_is_accounted_for() -> None:
    held = (
        "open: parcel\n"
        "        form: {reason: {type: text, required: true}, "
        "evidence: {type: text, required: true}}\n"
        "        hold: {max: 2 days, until: event.at + duration('1h')}"
    )
    pause = ("    stop: let_in\n", "    stop: let_in\n    pause: {holds: true}\n")
    assert changed(("open: parcel", held), pause) == []
    assert [f.code for f in changed(("open: parcel", held))] == ["E416"]
    assert [f.code for f in changed(("open: parcel", "release: true"))] == ["E416"]


def test_re_opening_is_said_and_has_a_law() -> None:
    again = "closed: true, on: {again: {by: head, to: waiting, reopens: true}}}"
    reopened = ("closed: true}", again)
    assert changed(reopened) == []
    law = ("    stop: let_in\n", "    stop: let_in\n    reopen: new_budget\n")
    assert [f.code for f in changed(reopened, law)] == ["E415"]
    whole = (law[0], law[1] + "    reopen_budget: 72 hours\n")
    assert changed(reopened, whole) == []
    assert [f.code for f in changed(whole)] == ["E415"]


@pytest.mark.parametrize(
    ("budget", "rung", "early"),
    [
        ("2 hours", "2 hours before due", False),
        ("2 hours", "121 minutes before due", True),
        ("2 working_hours", "3 hours before due", False),
        ("2 working_hours", "3 working_hours before due", True),
        ("2 hours", "3 working_hours before due", True),
        ("2 hours", "75%", False),
    ],
)
def test_rungs_before_their_start(budget: str, rung: str, early: bool) -> None:
    found = changed(("budget: {table: patience}", f"budget: {budget}"), ("at: 75%", f"at: {rung}"))
    assert [finding.code for finding in found] == (["E503"] if early else [])


def test_a_promised_date_is_reminded_of_by_days() -> None:
    text = GATE.replace("{table: patience}", "{until: data.day}")
    text = text.replace("data:\n", "data:\n  day: {type: date}\n", 1)
    assert verify(process(text)) == []
    days = text[text.index("    days:\n") : text.index("\ncalendars")]
    assert [finding.code for finding in verify(process(text.replace(days, "")))] == ["E501"]


PERIODIC = """\
clocks:
  call:
    title: {zh: 电话, en: Call}
    kind: periodic
    budget: BUDGET
    repeat: 6
    start: closed
    stop: call
    ladder: short
"""


@pytest.mark.parametrize(
    ("budget", "sound"),
    [("1 months", True), ("day 5 of next month", False), ("{table: patience}", False)],
)
def test_a_period_can_be_counted_on(budget: str, sound: bool) -> None:
    called = ("closed: true}", "closed: true, on: {call: {by: keeper}}}")
    found = changed(("clocks:\n", PERIODIC.replace("BUDGET", budget)), called)
    assert [finding.code for finding in found] == ([] if sound else ["E413"])


BEAT = """\
clocks:
  beat:
    title: {zh: 节拍, en: Beat}
    kind: timer
    budget: 2 hours
    repeat: 6
    start: opened
    lapse: {set: {weight: 1}}
"""


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        (("clocks:", "clocks:"), []),
        (("    repeat: 6\n", ""), []),
        (("start: opened\n    lapse", "start: closed\n    outlives: true\n    lapse"), []),
        (("set: {weight: 1}", "to: waiting"), []),
        (("2 hours", "day 5 of month"), ["E413"]),
        (("2 hours", "{table: patience}"), ["E413"]),
        (("repeat: 6", "repeat: 6\n    pause: {states: [waiting]}"), ["E413"]),
        (("kind: timer", "kind: cut_off"), ["E412", "E413"]),
        (("{set: {weight: 1}}", "{title: {zh: 无, en: Nothing}}"), ["E419"]),
        (("set: {weight: 1}", "set: {weight: event.weight}"), ["E301"]),
        (("set: {weight: 1}", "set: {phone: local_date(event.at)}"), []),
    ],
)
def test_a_timer_may_repeat_and_leave_the_case_where_it_is(
    changes: tuple[str, str], codes: list[str]
) -> None:
    text = BEAT.replace(*changes)
    found = changed(("clocks:\n", text))
    assert [finding.code for finding in found] == codes


def test_a_state_where_only_a_repeating_timer_runs_is_looked_after_to_its_end() -> None:
    graph = Graph(process(GATE.replace("clocks:\n", BEAT, 1)))
    lapses = [step for step in graph.feasible() if step.lapse == "beat"]
    assert {(step.source, step.target) for step in lapses} == {("waiting", "waiting")}
    assert all(graph.survives("beat", graph.process.clocks["beat"], step) for step in lapses)


def test_a_clock_of_the_time_after_closing_can_be_kept_there() -> None:
    found = changed(("clocks:\n", PERIODIC.replace("BUDGET", "1 months")))
    assert [finding.code for finding in found] == ["E210"]


def test_a_reset_starts_a_clock_that_does_not_run() -> None:
    graph = Graph(
        process(GATE.replace("    start: opened\n", "    start: reopened\n    reset: look\n"))
    )
    assert graph.running[("waiting", "answer")] == ("opened", "look")


def test_a_case_opens_in_the_first_state() -> None:
    assert [f.code for f in changed(("data:\n", "start: {to: waiting}\ndata:\n"))] == ["E214"]
