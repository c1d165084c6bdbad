"""Decision tables: cells, hit policies, and the static verdict against brute force."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.budget import parse_budget
from definitions.checks_finding import Finding
from definitions.checks_tables import check_table
from definitions.expressions import ExpressionError, Scope, ValueType
from definitions.model import Item, Table
from definitions.tables import CellError, CompiledTable, TableError

SCOPE = Scope(
    {
        "data.kind": ValueType.ENUM,
        "data.km": ValueType.INT,
        "data.load": ValueType.NUMBER,
        "data.urgent": ValueType.BOOL,
        "data.place": ValueType.TEXT,
        "now": ValueType.INSTANT,
    }
)
FIELDS = {
    "data.kind": Item(type="enum", values=("a", "b", "c")),
    "data.km": Item(type="int", min=0),
    "data.load": Item(type="number"),
    "data.urgent": Item(type="bool"),
    "data.place": Item(type="text"),
}


def table(
    inputs: str, rows: list[tuple[dict[str, Any], Any]], hit: str = "first", output: str = "text"
) -> Table:
    return Table.model_validate(
        {
            "hit": hit,
            "inputs": {name: f"data.{name}" for name in inputs.split()},
            "output": output,
            "rows": tuple({"when": when, "then": then} for when, then in rows),
        }
    )


def check(made: Table) -> list[Finding]:
    return check_table(made, SCOPE, FIELDS, ("tables", "t"))


def codes(made: Table) -> list[str]:
    return [finding.code for finding in check(made)]


DISTANCE = table(
    "km",
    [
        ({"km": "<= 100"}, "2 hours"),
        ({"km": "101..200"}, "6 hours"),
        ({"km": "> 200"}, "1 working_day"),
    ],
    hit="unique",
    output="budget",
)


@pytest.mark.parametrize(
    ("km", "budget"),
    [
        (0, "2 hours"),
        (100, "2 hours"),
        (101, "6 hours"),
        (200, "6 hours"),
        (201, "1 working_day"),
    ],
)
def test_both_ends_of_a_range_are_included(km: int, budget: str) -> None:
    assert CompiledTable(DISTANCE, SCOPE).decide({"data.km": km}) == parse_budget(budget)


def test_a_sound_table_has_no_findings() -> None:
    assert check(DISTANCE) == []


@pytest.mark.parametrize(
    ("cell", "value", "matches"),
    [
        ("< 5", 4, True),
        ("< 5", 5, False),
        ("<= 5", 5, True),
        (">= 5", 5, True),
        ("> 5", 5, False),
        (">5", 6, True),
        ("-3..-1", -3, True),
        ("-3..-1", 0, False),
        (7, 7, True),
        ((7, "> 20"), 21, True),
        ((7, "> 20"), 20, False),
    ],
)
def test_cells_of_numbers(cell: Any, value: int, matches: bool) -> None:
    made = CompiledTable(table("km", [({"km": cell}, "yes"), ({}, "no")]), SCOPE)
    assert made.decide({"data.km": value}) == ("yes" if matches else "no")


def test_what_looks_like_a_bound_is_a_literal_where_the_input_is_text() -> None:
    made = CompiledTable(table("place", [({"place": "<= 200"}, "yes"), ({}, "no")]), SCOPE)
    assert made.decide({"data.place": "<= 200"}) == "yes"
    assert made.decide({"data.place": "100"}) == "no"


def test_the_first_row_answers() -> None:
    made = CompiledTable(table("km", [({"km": "> 1"}, "one"), ({"km": "> 2"}, "two")]), SCOPE)
    assert made.decide({"data.km": 3}) == "one"


def test_no_row_is_an_error_that_names_the_inputs() -> None:
    made = CompiledTable(table("kind", [({"kind": "a"}, "one")]), SCOPE)
    with pytest.raises(TableError) as caught:
        made.decide({"data.kind": "b"})
    assert caught.value.code == "no_row_matches"
    assert caught.value.facts == {"inputs": {"kind": "b"}}


def test_two_rows_are_an_error_where_one_was_promised() -> None:
    made = CompiledTable(table("km", [({"km": "> 1"}, "1"), ({"km": "> 2"}, "2")], "unique"), SCOPE)
    with pytest.raises(TableError) as caught:
        made.decide({"data.km": 3})
    assert caught.value.code == "many_rows_match"


def test_an_absent_number_matches_only_where_it_is_left_out() -> None:
    made = CompiledTable(table("km", [({"km": ">= 0"}, "near"), ({}, "unknown")]), SCOPE)
    assert made.decide({}) == "unknown"


def test_answers_are_typed() -> None:
    made = CompiledTable(table("kind", [({}, 3)], output="number"), SCOPE)
    answer = made.decide({"data.kind": "a"})
    assert answer == 3.0
    assert isinstance(answer, float)


def test_an_input_may_be_a_comparison() -> None:
    made = Table.model_validate(
        {
            "inputs": {"far": "data.km > 200"},
            "output": "int",
            "rows": ({"when": {"far": True}, "then": 2}, {"when": {"far": False}, "then": 1}),
        }
    )
    assert check(made) == []
    assert CompiledTable(made, SCOPE).decide({"data.km": 201}) == 2


def test_a_list_input_is_refused_with_a_way_out() -> None:
    made = Table.model_validate({"inputs": {"at": "now"}, "output": "int", "rows": ({"then": 1},)})
    assert "compare it in the input" in check(made)[0].hint
    with pytest.raises(ExpressionError):
        CompiledTable(made, SCOPE)


@pytest.mark.parametrize(
    ("inputs", "when", "then", "output", "code"),
    [
        ("kind", {"kind": "d"}, "x", "text", "E310"),
        ("kind", {"kind": 1}, "x", "text", "E310"),
        ("kind", {"kind": ()}, "x", "text", "E310"),
        ("km", {"km": "near"}, "x", "text", "E310"),
        ("km", {"km": True}, "x", "text", "E310"),
        ("km", {"km": 1.5}, "x", "text", "E310"),
        ("km", {"km": "<= 1.5"}, "x", "text", "E310"),
        ("km", {"km": "300..200"}, "x", "text", "E310"),
        ("urgent", {"urgent": "true"}, "x", "text", "E310"),
        ("km", {"kn": 1}, "x", "text", "E215"),
        ("km", {}, "x", "int", "E311"),
        ("km", {}, True, "int", "E311"),
        ("km", {}, 1.5, "int", "E311"),
        ("km", {}, "1d", "budget", "E311"),
        ("kin", {}, "x", "text", "E301"),
    ],
)
def test_misfits(inputs: str, when: dict[str, Any], then: Any, output: str, code: str) -> None:
    made = table(inputs, [(when, then), ({}, then)], output=output)
    assert code in codes(made)
    if code in ("E310", "E311") and when != {"kind": "d"}:
        with pytest.raises(CellError):
            CompiledTable(made, SCOPE)


def test_overlap_names_rows_and_a_witness() -> None:
    made = table("km", [({"km": "<= 200"}, "a"), ({"km": ">= 200"}, "b")], hit="unique")
    (found,) = check(made)
    assert (found.code, found.path) == ("E312", ("tables", "t", "rows", 1))
    assert found.message == "rows 1 and 2 both match km = 200"


def test_a_gap_is_shown_by_a_witness() -> None:
    made = table("km urgent", [({"km": "< 200"}, "a"), ({"km": "> 200"}, "b")], hit="unique")
    (found,) = check(made)
    assert (found.code, found.message) == ("E313", "no row for km = 200, urgent = false")


def test_the_least_value_of_a_field_closes_a_gap() -> None:
    assert codes(table("km", [({"km": ">= 0"}, "a")])) == []
    assert codes(table("load", [({"load": ">= 0"}, "a")])) == ["E313"]


def test_between_two_whole_numbers_is_nothing() -> None:
    rows: list[tuple[dict[str, Any], Any]] = [({"km": "<= 1"}, "a"), ({"km": ">= 2"}, "b")]
    assert codes(table("km", rows, hit="unique")) == []
    rows = [({"load": "<= 1"}, "a"), ({"load": ">= 2"}, "b")]
    assert codes(table("load", rows, hit="unique")) == ["E313"]


def test_a_row_in_the_shadow_of_others() -> None:
    made = table("kind", [({"kind": ("a", "b")}, "x"), ({"kind": "b"}, "y"), ({}, "z")])
    assert [(found.code, found.path[-1]) for found in check(made)] == [("E314", 1)]


def test_text_needs_a_row_for_other_texts() -> None:
    assert codes(table("place", [({"place": "north"}, "x")])) == ["E313"]
    assert codes(table("place", [({"place": "north"}, "x"), ({}, "y")])) == []


def test_more_combinations_than_can_be_checked() -> None:
    made = Table.model_validate(
        {
            "inputs": {f"i{n}": "data.km" for n in range(16)},
            "output": "int",
            "rows": (*({"when": {f"i{n}": 1}, "then": n} for n in range(16)), {"then": 99}),
        }
    )
    assert codes(made) == ["E315"]


CELLS: dict[str, list[Any]] = {
    "kind": ["a", "b", ("a", "c"), ("b", "c")],
    "km": [0, 3, "<= 2", "< 5", ">= 4", "> 1", "2..4", (1, "> 6"), "5..5"],
    "load": ["<= 2", "> 2", "1.5..2.5", 2, "< 3"],
    "urgent": [True, False],
}
VALUES: dict[str, list[Any]] = {
    "kind": ["a", "b", "c"],
    "km": list(range(12)),
    "load": [n / 4 for n in range(-4, 20)],
    "urgent": [True, False],
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=2, unique=True))
    rows = []
    for index in range(draw(st.integers(1, 4))):
        used = [name for name in names if draw(st.booleans())]
        rows.append(({name: draw(st.sampled_from(CELLS[name])) for name in used}, index))
    return table(" ".join(names), rows, draw(st.sampled_from(["first", "unique"])), output="int")


@settings(max_examples=150, deadline=None)
@given(tables())
def test_the_verdict_is_what_trying_every_value_shows(made: Table) -> None:
    names = list(made.inputs)
    single = [CompiledTable(made.model_copy(update={"rows": (row,)}), SCOPE) for row in made.rows]
    missing, twice, answering = False, set[int](), set[int]()
    for values in itertools.product(*(VALUES[name] for name in names)):
        bindings = {f"data.{name}": value for name, value in zip(names, values, strict=True)}
        matching = []
        for index, row in enumerate(single):
            try:
                row.decide(bindings)
            except TableError:
                continue
            matching.append(index)
        missing = missing or not matching
        if made.hit == "unique":
            answering.update(matching)
            twice.update(matching[1:2])
        else:
            answering.update(matching[:1])
    found = check(made)
    assert missing == any(finding.code == "E313" for finding in found)
    assert twice == {f.path[-1] for f in found if f.code == "E312"}
    idle = {finding.path[-1] for finding in found if finding.code == "E314"}
    assert idle == set(range(len(made.rows))) - answering
