"""From bytes to a complete process, and every problem of every file at its line."""

from pathlib import Path

import pytest

from definitions.loader import (
    Catalogue,
    UnknownProcess,
    load,
    load_file,
    load_library,
)
from definitions.problems import DefinitionError, Problem

BROKEN = Path(__file__).parent / "broken"

# Where each broken example of reading and of shape goes wrong: line, column, path.
PLACES: dict[str, tuple[int, int, str]] = {
    "E001-gb18030-bytes.yaml": (3, 13, ""),
    "E002-number-of-41-digits.yaml": (2, 10, "version"),
    "E003-quote-never-closed.yaml": (3, 13, ""),
    "E004-brackets.yaml": (3, 41, ""),
    "E005-alias-bomb.yaml": (2, 4, "a"),
    "E006-tag.yaml": (2, 10, "version"),
    "E007-duplicate-key.yaml": (9, 5, "clocks.answer.kind"),
    "E008-two-documents.yaml": (32, 1, ""),
    "E009-control-character.yaml": (3, 22, ""),
    "E010-key-is-a-number.yaml": (21, 3, "states.1"),
    "E101-unknown-key.yaml": (12, 5, "clocks.answer.laddder"),
    "E102-text-for-a-number.yaml": (2, 1, "version"),
    "E103-missing-title.yaml": (21, 3, "states.done.title"),
    "E104-unknown-kind.yaml": (8, 5, "clocks.answer.kind"),
    "E105-budget.yaml": (9, 5, "clocks.answer.budget"),
    "E106-version-zero.yaml": (2, 1, "version"),
    "E107-calendar-ends-before-it-begins.yaml": (33, 3, "calendars.cn"),
    "E108-one-process-in-two-files": (2, 1, "process"),
    "E109-a-folder-for-a-file": (1, 1, ""),
    "E110-texts-without-end.yaml": (3, 1, "process"),
}

GATE = """\
process: gate
version: 1
title: {zh: 门, en: Gate}
owner: keeper
clocks:
  answer:
    title: {zh: 答复, en: Answer}
    kind: reply
    budget: 2 hours
    start: opened
    stop: finish
    ladder: plain
states:
  open:
    title: {zh: 打开, en: Open}
    actor: keeper
    on:
      finish:
        by: keeper
        to: done
  done:
    title: {zh: 完成, en: Done}
    closed: true
"""

SHARED = """\
roles:
  keeper: {title: {zh: 看守, en: Keeper}}
  chief: {title: {zh: 主管, en: Chief}}
  stranger: {title: {zh: 生人, en: Stranger}}
ladders:
  plain:
    hours: [{id: late, level: L1, at: due, to: chief}]
    days: [{id: late, level: L1, at: due, to: chief}]
  unused:
    hours: [{id: late, level: L1, at: due, to: stranger}]
"""

CALENDAR = """\
calendar: cn
title: {zh: 工作日, en: Working days}
zone: Asia/Shanghai
week: {mon: ["09:00-18:00"]}
from: 2026-01-01
through: 2026-12-31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with one process."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "calendars").mkdir()
    (tmp_path / "gate.yaml").write_text(GATE, encoding="utf-8")
    (tmp_path / "shared" / "parts.yaml").write_text(SHARED, encoding="utf-8")
    (tmp_path / "calendars" / "cn.yaml").write_text(CALENDAR, encoding="utf-8")
    return tmp_path


def problems(text: str | bytes, folder: Path) -> tuple[Problem, ...]:
    """The problems of one file; fails if it loads."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(DefinitionError) as refused:
        load(data, "gate.yaml", folder)
    return refused.value.problems


def brief(found: tuple[Problem, ...]) -> list[tuple[str, int, str]]:
    return [(problem.code, problem.line, problem.path) for problem in found]


def test_every_broken_example_has_its_place_here() -> None:
    names = {path.name for path in BROKEN.iterdir() if path.name[:2] in ("E0", "E1")}
    assert names == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_broken_example_yields_its_code_at_its_place(name: str) -> None:
    path = BROKEN / name
    load_it = load_library if path.is_dir() else load_file
    with pytest.raises(DefinitionError) as refused:
        load_it(path)
    found = refused.value.problems
    assert {problem.code for problem in found} == {name.split("-")[0]}
    assert (found[0].line, found[0].column, found[0].path) == PLACES[name]


def test_a_sound_file_loads_complete(folder: Path) -> None:
    gate = load_file(folder / "gate.yaml", folder)
    assert list(gate.roles) == ["chief", "keeper"]
    assert list(gate.ladders) == ["plain"]
    assert list(gate.calendars) == ["cn"]
    assert gate.initial == "open"


def test_what_a_process_declares_itself_wins(folder: Path) -> None:
    own = GATE + (
        "roles:\n  keeper: {title: {zh: 门卫, en: Porter}}\n"
        "ladders:\n  plain:\n"
        "    hours: [{id: mine, level: L2, at: due, to: keeper}]\n"
        "    days: [{id: mine, level: L2, at: due, to: keeper}]\n"
    )
    gate = load(own.encode(), "gate.yaml", folder)
    assert gate.roles["keeper"].title.en == "Porter"
    assert gate.ladders["plain"].hours[0].id == "mine"
    assert "chief" not in gate.roles


def test_a_file_anywhere_loads_against_the_shared_parts(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.yaml").write_text(GATE.replace("gate", "other"), encoding="utf-8")
    assert load_file(elsewhere / "other.yaml", folder).process == "other"


def test_all_problems_at_once_in_the_order_of_lines(folder: Path) -> None:
    text = (
        GATE.replace("version: 1", "version: one")
        .replace("kind: reply", "kind: answer")
        .replace("2 hours", "two hours")
        .replace("by: keeper", "bye: keeper")
        .replace("en: Done", "english: Done")
    )
    assert brief(problems(text, folder)) == [
        ("E102", 2, "version"),
        ("E104", 8, "clocks.answer.kind"),
        ("E105", 9, "clocks.answer.budget"),
        ("E101", 19, "states.open.on.finish.bye"),
        ("E103", 22, "states.done.title.en"),
        ("E101", 22, "states.done.title.english"),
    ]


# One value in the place of `2 hours`, `keeper` and so on → what is said about it. A value that may
# be one of several things is one problem, not one for each thing it is not.
BUDGET = "E102 must be a budget such as '2 hours', {table: NAME} or {until: EXPRESSION}, "
SAID: list[tuple[str, str, str]] = [
    (
        "budget: 2 hours",
        "budget: 7",
        BUDGET + "not the number 7",
    ),
    (
        "budget: 2 hours",
        "budget: {tabel: limits}",
        BUDGET + "not a mapping",
    ),
    ("budget: 2 hours", "budget: {table: limits, x: 1}", "E101 unknown key 'x'; "),
    (
        "budget: 2 hours",
        "budget: {until: case.at, otherwise: soon}",
        "E105 'soon' is not a budget; ",
    ),
    (
        "by: keeper",
        "form: {amount: requird}",
        "E104 'requird' is not 'required', 'optional' or a field such as {type: text}; did you",
    ),
    ("by: keeper", "form: {amount: {type: money, mni: 0}}", "E101 unknown key 'mni'; did you mean"),
    ("by: keeper", "form: {amount: {type: monney}}", "E104 'monney' is not one of 'text', "),
    ("by: keeper", "form: 5", "E102 must be a form: names with fields or a name, not the number 5"),
    ("by: keeper", "by: [keeper, The Boss]", "E105 'The Boss' is not a name; "),
    ("by: keeper", "by: []", "E106 needs at least 1 entry"),
    ("by: keeper", "set: {a: [1]}", "E102 must be a text, true or false, a whole number, a number"),
    ("by: keeper", "notify: {to: keeper}", "E102 must be a list, not a mapping"),
    ("start: opened", "start: opened!", "E105 'opened!' starts or stops no clock; "),
    ("start: opened", "start: [opened, {onn: x}]", "E103 the key 'on' is missing"),
    ("start: opened", "start: 3", "E102 must be a mapping, not the number 3"),
    ("ladder: plain", "norm: R-1-x", "E105 'R-1-x' is not the id of a rule; "),
    ("ladder: plain", "each: yes", "E102 must be true or false, not the text 'yes'"),
    ("ladder: plain", "pause:", "E102 must be a mapping, not nothing"),
    ("ladder: plain", "repeat: 601", "E106 must be 600 or less"),
    ("owner: keeper", "owner: keeper\nOwner: x", "E101 unknown key 'Owner'; did you mean 'owner'?"),
    ("owner: keeper", "owner: " + "k" * 41, "E105 '" + "k" * 41 + "' is not a name; "),
    ("version: 1", "version: 1.5", "E102 must be a whole number, not the number 1.5"),
    ("version: 1", "version: true", "E102 must be a whole number, not true"),
    ("en: Gate", "en: ''", "E106 needs at least 1 character"),
    ("en: Gate", "en: " + "x" * 401, "E106 over 400 characters"),
    ("  done:", "  Done:", "E105 'Done' is not a name; "),
]


@pytest.mark.parametrize(("old", "new", "said"), SAID)
def test_what_is_said(folder: Path, old: str, new: str, said: str) -> None:
    assert old in GATE
    text = GATE.replace(old, new, 1)
    found = [str(problem) for problem in problems(text, folder)]
    assert any(said in line for line in found), found
    # A misspelt key is unknown and its right spelling missing; everything else is one problem.
    assert len(found) == (2 if "{onn:" in new else 1), found


@pytest.mark.parametrize("text", ["[]", "5", "just words", "null"])
def test_a_definition_is_a_mapping(folder: Path, text: str) -> None:
    (only,) = problems(text, folder)
    assert (only.code, only.line, only.path) == ("E102", 1, "")
    assert "must be a mapping" in only.message


def test_recipients_of_a_rung_are_placed_at_the_one_that_is_wrong(folder: Path) -> None:
    text = GATE + (
        "ladders:\n  plain:\n    hours:\n"
        "      - {id: a, level: L1, at: due, to: [keeper, The Boss]}\n"
        "      - {id: b, level: X, at: soon, to: [{when: 'true', to: Boss}]}\n"
    )
    assert brief(problems(text, folder)) == [
        ("E105", 27, "ladders.plain.hours[0].to[1]"),
        ("E105", 28, "ladders.plain.hours[1].level"),
        ("E105", 28, "ladders.plain.hours[1].at"),
        ("E105", 28, "ladders.plain.hours[1].to[0].to"),
    ]


def test_the_verifier_speaks_with_lines(folder: Path) -> None:
    text = GATE.replace("to: done", "to: dome").replace("by: keeper", "by: keper")
    found = problems(text, folder)
    assert {("E201", 20), ("E202", 19)} <= {(problem.code, problem.line) for problem in found}
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


OTHER = "hours: [{id: late, level: L1, at: due, to: [chief, nobody]}]"


def test_what_is_wrong_in_a_shared_ladder_stands_where_the_file_names_it(folder: Path) -> None:
    shared = SHARED.replace("hours: [{id: late, level: L1, at: due, to: chief}]", OTHER, 1)
    (folder / "shared" / "parts.yaml").write_text(shared, encoding="utf-8")
    found = problems(GATE, folder)
    assert [(problem.code, problem.line) for problem in found] == [("E202", 12)]
    assert found[0].path.startswith("ladders.plain.hours[0].to")
    assert GATE.splitlines()[11] == "    ladder: plain"


def test_a_role_written_inside_an_owner_expression_is_carried(folder: Path) -> None:
    text = GATE.replace("to: done", "to: done\n        owner: \"'stranger'\"")
    assert "stranger" in load(text.encode(), "gate.yaml", folder).roles


# --- links ----------------------------------------------------------------------------------

LINKED = GATE + "links:\n  next:\n    process: other\n    key: case.key\n"


def test_a_link_to_nothing_is_refused_unless_planned(folder: Path) -> None:
    (only,) = problems(LINKED, folder)
    assert (only.code, only.line, only.path) == ("E203", 26, "links.next.process")
    assert "planned: true" in only.hint
    planned = load((LINKED + "    planned: true\n").encode(), "gate.yaml", folder)
    assert not planned.links["next"].available


def test_a_link_to_a_process_of_the_folder_is_available(folder: Path) -> None:
    other = GATE.replace("process: gate", "process: other")
    (folder / "second.yaml").write_text(other, encoding="utf-8")
    assert load(LINKED.encode(), "gate.yaml", folder).links["next"].available


def test_a_link_gives_data_that_its_target_has(folder: Path) -> None:
    other = GATE.replace("process: gate", "process: other") + (
        "data:\n  amount: {type: money}\n  note: {type: text}\n"
    )
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    text = LINKED + "    data:\n      note: case.key\n      amuont: '5'\n"
    (only,) = problems(text, folder)
    assert (only.code, only.line, only.path) == ("E204", 30, "links.next.data.amuont")
    assert only.hint == "did you mean 'amount'?"


def test_a_broken_neighbour_is_no_problem_of_this_file(folder: Path) -> None:
    other = GATE.replace("process: gate", "process: other").replace("version: 1", "version: one")
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    assert load(LINKED.encode(), "gate.yaml", folder).links["next"].available


# --- folders --------------------------------------------------------------------------------


def test_a_library_is_a_catalogue(folder: Path) -> None:
    other = GATE.replace("process: gate", "process: arch")
    (folder / "z.yaml").write_text(other, encoding="utf-8")
    catalogue = load_library(folder)
    assert list(catalogue) == ["arch", "gate"]
    assert catalogue.get("gate") is catalogue["gate"]
    assert catalogue.get("gat") is None
    with pytest.raises(UnknownProcess) as refused:
        catalogue["gat"]
    assert refused.value.hint == "did you mean 'gate'?"
    assert refused.value.facts["known"] == ["arch", "gate"]


def test_an_empty_folder_is_an_empty_catalogue(tmp_path: Path) -> None:
    assert load_library(tmp_path) == Catalogue({})


def test_a_library_reports_every_file_at_once(folder: Path) -> None:
    (folder / "gate.yaml").write_text(GATE.replace("version: 1", "version: x"), encoding="utf-8")
    (folder / "again.yaml").write_text(GATE, encoding="utf-8")
    (folder / "bytes.yaml").write_bytes(b"\xff\xfe")
    (folder / "calendars" / "cn.yaml").write_text(CALENDAR.replace("Shanghai", "Shangai"))
    (folder / "shared" / "roles.yaml").write_text("rolls: {}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_library(folder)
    assert [(Path(found.file).name, found.code) for found in refused.value.problems] == [
        ("bytes.yaml", "E001"),
        ("cn.yaml", "E105"),
        ("gate.yaml", "E108"),
        ("gate.yaml", "E102"),
        ("roles.yaml", "E101"),
    ]


def test_a_shared_part_declared_twice(folder: Path) -> None:
    (folder / "shared" / "roles.yaml").write_text(
        "roles:\n  boss: {title: {zh: 主管, en: Boss}}\n  keeper: {title: {zh: 守, en: K}}\n",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as refused:
        load_library(folder)
    (only,) = refused.value.problems
    assert (Path(only.file).name, only.code, only.line, only.path) == (
        "roles.yaml",
        "E108",
        3,
        "roles.keeper",
    )


def test_one_file_reports_broken_shared_parts_too(folder: Path) -> None:
    (folder / "shared" / "parts.yaml").write_text("roles: []\n", encoding="utf-8")
    assert [found.code for found in problems(GATE, folder)] == ["E102"]


def test_a_missing_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as refused:
        load_file(tmp_path / "gone.yaml")
    (only,) = refused.value.problems
    assert only.code == "E109"
    assert "No such file" in only.message
