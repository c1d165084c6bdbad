"""Fragments: what a process takes over, what wins, and where a problem in one is reported."""

import shutil
from pathlib import Path

import pytest

from definitions.bundle import canonical, digest, digest_of, pin, unpin
from definitions.loader import load, load_file, load_library
from definitions.model import Process
from definitions.norms import load_norms, named_in, unknown_rules
from definitions.problems import DefinitionError, Problem
from surfaces.cli import main
from tests.definitions.test_loader import CALENDAR, GATE, SHARED

MARK = "fragment: mark\n"
VISIT = """\
fragment: visit
title: {zh: 来访, en: Visit}
attributes: {organisation: house, region: quarter}
subjects: {visitor: data.badge}
retention: {keep: 12 months, norm: R-ABC-01}
data:
  badge: {type: text, title: {zh: 证号, en: Badge}}
  house: {type: text}
  quarter: {type: text}
  left_for: {type: text, internal: true}
clocks:
  patience:
    title: {zh: 耐心, en: Patience}
    kind: reply
    budget: 1 hour
    start: opened
    stop: [finish, leave_again]
    ladder: plain
states:
  gone:
    title: {zh: 离去, en: Gone}
    closed: true
anywhere:
  leave_again:
    title: {zh: 离开, en: Leave again}
    norm: R-ABC-02
    by: stranger
    form: {why: {type: text, required: true}}
    set: {left_for: event.why}
    to: gone
forbid:
  - when: data.badge == 'void'
    refuse: {zh: 未登记, en: No badge}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with one process that uses a fragment, and one fragment that nobody uses."""
    for name in ("shared", "calendars", "fragments"):
        (tmp_path / name).mkdir()
    (tmp_path / "gate.yaml").write_text(using("visit"), encoding="utf-8")
    (tmp_path / "shared" / "parts.yaml").write_text(SHARED, encoding="utf-8")
    (tmp_path / "calendars" / "cn.yaml").write_text(CALENDAR, encoding="utf-8")
    (tmp_path / "fragments" / "visit.yaml").write_text(VISIT, encoding="utf-8")
    (tmp_path / "fragments" / "mark.yaml").write_text(MARK, encoding="utf-8")
    return tmp_path


def using(*fragments: str, more: str = "") -> str:
    """The gate, which uses these."""
    return GATE.replace("owner: keeper\n", f"owner: keeper\nuse: [{', '.join(fragments)}]\n") + more


def gate(folder: Path, text: str | None = None) -> Process:
    return load((text or using("visit")).encode(), "gate.yaml", folder)


def refused(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(DefinitionError) as error:
        gate(folder, text)
    return error.value.problems


def change(folder: Path, old: str, new: str) -> None:
    """Change the fragment of visits."""
    assert VISIT.count(old) == 1, old
    (folder / "fragments" / "visit.yaml").write_text(VISIT.replace(old, new), encoding="utf-8")


def lines(found: tuple[Problem, ...]) -> list[tuple[str, int, str]]:
    return [(problem.code, problem.line, problem.path) for problem in found]


USE = using("visit").splitlines().index("use: [visit]") + 1


# --- what is taken over -----------------------------------------------------------------------


def test_a_process_has_the_elements_of_its_fragments(folder: Path) -> None:
    made = gate(folder)
    assert list(made.states) == ["open", "done", "gone"]
    assert made.initial == "open"
    assert list(made.data) == ["badge", "house", "quarter", "left_for"]
    assert list(made.clocks) == ["answer", "patience"]
    assert made.anywhere["leave_again"].to == "gone"
    assert made.subjects == {"visitor": "data.badge"}
    assert made.retention is not None
    assert made.retention.keep.text == "12 months"
    assert [forbid.refuse.en for forbid in made.forbid] == ["No badge"]
    # What only the fragment names is carried along too.
    assert {"chief", "keeper", "stranger"} == set(made.roles)


def test_a_process_reads_what_its_fragments_bring(folder: Path) -> None:
    text = using("visit").replace("to: done", "when: data.badge != ''\n        to: done")
    assert gate(folder, text).states["open"].on["finish"].when == "data.badge != ''"


def test_it_is_as_if_it_were_written_in_the_process(folder: Path) -> None:
    written = GATE + "".join(
        f"{part}\n"
        for part in VISIT.splitlines()
        if not part.startswith(("fragment:", "title:", "clocks:", "states:"))
    )
    clock = VISIT[VISIT.index("  patience:") : VISIT.index("states:")]
    state = VISIT[VISIT.index("  gone:") : VISIT.index("anywhere:")]
    written = written.replace(clock, "").replace(state, "")
    written = written.replace("states:\n", f"{clock}states:\n")
    written = written.replace("    closed: true\n", f"    closed: true\n{state}", 1)
    assert canonical(gate(folder, written)) == canonical(gate(folder))


def test_what_the_process_declares_itself_wins_as_a_whole(folder: Path) -> None:
    own = """\
data:
  badge: {type: text, max_length: 3}
  left_for: {type: text, max_length: 7}
subjects: {visitor: case.key}
retention: {keep: 6 months}
anywhere:
  leave_again: {by: keeper, to: gone}
"""
    made = gate(folder, using("visit", more=own))
    assert (made.data["badge"].max_length, made.data["badge"].title) == (3, None)
    assert made.data["left_for"].max_length == 7
    assert not made.data["left_for"].internal
    assert made.subjects == {"visitor": "case.key"}
    assert made.retention is not None
    assert (made.retention.keep.text, made.retention.norm) == ("6 months", ())
    assert (made.anywhere["leave_again"].to, made.anywhere["leave_again"].form) == ("gone", {})
    assert list(made.states) == ["open", "done", "gone"]


def test_attributes_are_merged_one_by_one(folder: Path) -> None:
    own = "attributes: {region: street, priority: haste}\n"
    own += "data:\n  street: {type: text}\n  haste: {type: text}\n"
    assert gate(folder, using("visit", more=own)).attributes.model_dump() == {
        "organisation": "house",
        "region": "street",
        "priority": "haste",
        "profile": None,
    }


def test_several_fragments_in_the_order_of_use(folder: Path) -> None:
    more = MARK + "data:\n  colour: {type: text}\nattributes: {priority: colour}\n"
    more += "forbid:\n  - when: data.colour == 'red'\n    refuse: {zh: 红, en: Red}\n"
    (folder / "fragments" / "mark.yaml").write_text(more, encoding="utf-8")
    made = gate(folder, using("mark", "visit"))
    assert list(made.data) == ["colour", "badge", "house", "quarter", "left_for"]
    assert (made.attributes.priority, made.attributes.region) == ("colour", "quarter")
    assert [forbid.refuse.en for forbid in made.forbid] == ["Red", "No badge"]


# --- what is wrong with `use` ---------------------------------------------------------------


def test_an_unknown_fragment_has_a_suggestion(folder: Path) -> None:
    (only,) = refused(folder, using("mark", "visits"))
    assert (only.code, only.line, only.path) == ("E223", USE, "use[1]")
    assert only.hint == "did you mean 'visit'?"


def test_two_fragments_bring_the_same(folder: Path) -> None:
    clash = MARK + "data:\n  badge: {type: text}\nattributes: {region: badge}\n"
    clash += "retention: {keep: 12 months}\n"
    (folder / "fragments" / "mark.yaml").write_text(clash, encoding="utf-8")
    found = refused(folder, using("visit", "mark"))
    assert lines(found) == [("E224", USE, "use[1]")] * 3
    assert sorted(problem.message for problem in found) == [
        "'attributes.region' comes from 'visit' already",
        "'data.badge' comes from 'visit' already",
        "'retention' comes from 'visit' already",
    ]
    own = "data:\n  badge: {type: text}\nattributes: {region: badge}\nretention: {keep: 1 month}\n"
    assert gate(folder, using("visit", "mark", more=own)).attributes.region == "badge"


def test_a_fragment_is_named_once(folder: Path) -> None:
    (only,) = refused(folder, using("visit", "visit"))
    assert (only.code, only.line, only.path) == ("E224", USE, "use[1]")


# --- what is wrong in a fragment ------------------------------------------------------------

IN = "(in the fragment 'visit')"
WRONG: dict[str, tuple[str, str, str, str]] = {
    "a role": ("by: stranger", "by: strangr", "E202", "anywhere.leave_again.by"),
    "a state": ("to: gone", "to: gonne", "E201", "anywhere.leave_again.to"),
    "a subject": ("{visitor: data.badge}", "{visitor: data.bage}", "E301", "subjects.visitor"),
    "an attribute": ("region: quarter", "region: quartr", "E209", "attributes.region"),
    "a prohibition": ("data.badge == 'void'", "data.bage == 'void'", "E301", "forbid[0].when"),
    "an expression": ("event.why}", "event.wy}", "E301", "anywhere.leave_again.set.left_for"),
    "a clock": ("ladder: plain", "ladder: plan", "E216", "clocks.patience.ladder"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_in_a_fragment_stands_where_it_is_used(folder: Path, name: str) -> None:
    old, new, code, path = WRONG[name]
    change(folder, old, new)
    found = [problem for problem in refused(folder, using("mark", "visit")) if problem.code == code]
    assert lines(tuple(found)) == [(code, USE, path)]
    assert IN in found[0].message
    assert found[0].column == using("mark", "visit").splitlines()[USE - 1].index("visit") + 1


def test_a_problem_of_the_process_itself_stands_at_its_line(folder: Path) -> None:
    own = "forbid:\n  - when: data.bage == ''\n    refuse: {zh: 无, en: None}\n"
    text = using("visit", more=own)
    (only,) = refused(folder, text)
    line = text.splitlines().index("  - when: data.bage == ''") + 1
    assert (only.code, only.line, only.path) == ("E301", line, "forbid[0].when")
    assert IN not in only.message


def test_a_rung_of_a_ladder_that_only_a_fragment_names(folder: Path) -> None:
    shared = SHARED.replace("at: due, to: chief}", "at: due, to: [chief, nobody]}", 1)
    (folder / "shared" / "parts.yaml").write_text(shared, encoding="utf-8")
    text = using("visit").replace("    ladder: plain\n", "    ladder: other\n", 1)
    own = "ladders:\n  other:\n    hours: [{id: late, level: L1, at: due, to: keeper}]\n"
    (only,) = refused(folder, text + own)
    assert (only.code, only.line) == ("E202", USE)
    assert only.path.startswith("ladders.plain.hours[0].to")


def test_what_is_badly_formed_stands_in_the_fragment_itself(folder: Path) -> None:
    change(folder, "budget: 1 hour", "budget: soon")
    (only,) = refused(folder, using("mark"))
    assert (Path(only.file).name, only.code) == ("visit.yaml", "E105")
    assert only.path == "clocks.patience.budget"


def test_an_unknown_key_of_a_fragment(folder: Path) -> None:
    change(folder, "forbid:", "forbidden:")
    (only,) = refused(folder, using("visit"))
    assert (Path(only.file).name, only.code) == ("visit.yaml", "E101")
    assert only.hint == "did you mean 'forbid'?"


def test_two_files_declare_a_fragment(folder: Path) -> None:
    (folder / "fragments" / "other.yaml").write_text(MARK, encoding="utf-8")
    (only,) = refused(folder, using("visit"))
    assert (Path(only.file).name, only.code, only.path) == ("other.yaml", "E108", "fragment")


# --- between processes ----------------------------------------------------------------------

SENDER = (
    GATE.replace("process: gate", "process: sender").replace(
        "to: done", "to: done\n        tell: word"
    )
    + "links:\n  word:\n    process: gate\n    key: case.key\n    tell: leave_again\n"
    "    event: {why: \"'tired'\"}\n"
)


def test_a_message_whose_event_comes_from_a_fragment(folder: Path) -> None:
    change(folder, "by: stranger", "from: [sender]")
    (folder / "sender.yaml").write_text(SENDER, encoding="utf-8")
    assert list(load_library(folder)) == ["gate", "sender"]
    assert load_file(folder / "sender.yaml", folder).links["word"].available
    assert gate(folder).anywhere["leave_again"].from_ == ("sender",)
    wrong = SENDER.replace("{why:", "{wy:")
    with pytest.raises(DefinitionError) as error:
        load(wrong.encode(), "sender.yaml", folder)
    assert {found.code for found in error.value.problems} == {"E204", "E221"}


def test_a_message_that_a_fragment_sends(folder: Path) -> None:
    link = "links:\n  word:\n    process: other\n    key: data.badge\nforbid:"
    change(folder, "forbid:", link)
    (only,) = refused(folder, using("visit"))
    assert (only.code, only.line, only.path) == ("E203", USE, "links.word.process")
    other = GATE.replace("process: gate", "process: other")
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    assert gate(folder).links["word"].available


# --- what a case carries --------------------------------------------------------------------


def test_pinned_rules_name_no_fragment_and_keep_their_digest(folder: Path) -> None:
    made = gate(folder)
    carried = unpin(pin(made))
    assert made.use == ("visit",)
    assert carried.use == ()
    assert b'"use"' not in canonical(made)
    assert digest(carried) == digest(made) == digest_of(pin(made))
    assert pin(carried) == pin(made)
    assert list(carried.states) == list(made.states)


# --- the folder -----------------------------------------------------------------------------


def test_validate_covers_fragments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--definitions", str(folder)]) == 0
    # One that nobody uses is read all the same.
    (folder / "fragments" / "mark.yaml").write_text(MARK + "dta: {}\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["validate", "--definitions", str(folder)]) == 2
    assert "mark.yaml:2:1" in capsys.readouterr().err


def test_rules_that_a_fragment_names_are_known(folder: Path) -> None:
    norms = Path(__file__).parents[2] / "definitions" / "norms"
    shutil.copytree(norms, folder / "norms")
    found = unknown_rules(named_in(folder), load_norms(folder))
    assert [(Path(problem.file).name, problem.message) for problem in found] == [
        ("visit.yaml", "there is no rule 'R-ABC-01'"),
        ("visit.yaml", "there is no rule 'R-ABC-02'"),
    ]


@pytest.mark.parametrize("name", ["customer", "machine", "withdrawal", "alarm", "case_file"])
def test_the_fragments_that_come_with_the_program_are_sound(name: str) -> None:
    text = using("basics", name).replace("keeper", "service_specialist")
    text = text.replace("ladder: plain", "ladder: standard")
    used = load(text.encode(), "gate.yaml").use
    assert used == ("basics", name)
