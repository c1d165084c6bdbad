"""Expressions over one record after another: the same results, each list converted once, and
nothing stale."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from cel_expr_python import cel

from definitions.expressions import EvaluationError, Expression, Round, Scope, compile_expression

SCOPE = Scope(
    {
        "data.lines": "list_record",
        "data.counts": "list_int",
        "data.tags": "list_text",
        "data.n": "int",
        "data.note": "text",
        "actor.roles": "list_text",
        "item.code": "text",
        "item.qty": "int",
        "item.share": "number",
        "item.done": "bool",
        "item.made": "date",
        "item.at": "instant",
        "item.marks": "list_text",
        "item.index": "int",
    }
)
LINES = [{"code": "pump", "qty": 2}, {"code": "belt", "qty": 5}, {"code": "泵", "qty": 7}]
OUTER: Mapping[str, Any] = {
    "data.lines": LINES,
    "data.counts": [10, 20, 30],
    "data.tags": ["pump", "new"],
    "data.note": "item.qty",
    "actor.roles": ["clerk"],
}
RECORDS: tuple[dict[str, Any], ...] = (
    {"code": "pump", "qty": 2, "share": 0.5, "done": True, "made": "2026-11-09", "at": 86_400},
    {"code": "泵", "qty": 7, "marks": ["new", "旧"]},
    {},
    {"code": "belt", "qty": "five"},
    {"qty": 2**63},
    {"code": "a\0b"},
)
EXPRESSIONS = (
    "data.counts[item.index - 1]",
    "data.counts[item.index - 1] * item.qty",
    "data.lines.filter(l, l.code == item.code).map(l, l.qty)",
    "data.lines.exists(l, l.code == item.code && l.qty >= item.qty)",
    "has(item.qty) && data.counts.exists(c, c > item.qty)",
    "has(item.qty) ? data.counts[0] + item.qty : -size(data.counts)",
    "item.done || data.counts[item.index - 1] > 10",
    "data.counts[0] == 10 || item.qty > 1",
    "item.qty > 1 && data.counts[0] == 11",
    "size(data.lines) == item.index",
    "item.code in data.tags && !has(item.made)",
    "item.marks.exists(m, m in data.tags) || size(item.marks) == 0",
    "item.made.startsWith('2026') && size(data.tags) == 2",
    "item.share * double(size(data.tags))",
    "item.at + duration('1h') > item.at && size(data.tags) > 0",
    "data.note == 'item.qty' && data.tags[0] != \"item.qty\"  // item.qty\n && item . index > 0",
    "data.lines.map(l, l.qty + (has( item.qty ) ? item.qty : 0))[item.index - 1]",
    "item.code.size() + data.counts[0]",
    "data.lines.all(l, has(l.qty) && l.qty > 0)",
    "has(data.n) && data.counts[0] > data.n",
    "has(data.lines) && item.qty > 0",
    "data.n + data.counts[item.index - 1]",
    "item.code",
    "item.marks",
    "data.counts",
)


def column(record: Mapping[str, Any], index: int) -> Callable[[str], Any]:
    return {**record, "index": index}.get


def outcome(expression: Expression, lookup: Any) -> tuple[str, Any]:
    try:
        return "gives", expression.evaluate(lookup)
    except EvaluationError as error:
        return "fails", str(error)


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_a_pass_gives_what_each_record_gives_alone(source: str) -> None:
    expression = compile_expression(source, SCOPE)
    one_pass = Round(OUTER.get)
    for index, record in enumerate([*RECORDS, *RECORDS], start=1):
        own = {f"item.{name}": value for name, value in record.items()}
        alone = outcome(expression, {**OUTER, **own, "item.index": index})
        assert outcome(expression, one_pass.at(column(record, index))) == alone


# ---- What is converted ----


class Counted(list[Any]):
    """A list that counts how often it is read through, as converting it does."""

    read = 0

    def __iter__(self) -> Iterator[Any]:
        self.read += 1
        return super().__iter__()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("data.counts[item.index - 1]", "data.counts"),
        ("data.lines.exists(l, l.code == item.code)", "data.lines"),
        ("data.lines.all(l, l.qty < 9) && 'clerk' in actor.roles", "data.lines"),
        ("item.code in data.tags", "data.tags"),
    ],
)
def test_a_list_is_converted_once_in_a_pass(source: str, name: str) -> None:
    counted = Counted(OUTER[name])
    outer = {**OUTER, name: counted}

    def look(wanted: str) -> Any:
        # Some lookups make a new list each time.
        return list(outer[wanted]) if wanted == "actor.roles" else outer.get(wanted)

    expression = compile_expression(source, SCOPE)
    one_pass = Round(look)
    for _ in range(100):
        for index, record in enumerate(LINES, start=1):
            expression.evaluate(one_pass.at(column(record, index)))
    assert counted.read == 1


def test_the_library_keeps_what_an_activation_has_converted() -> None:
    # Were it to convert a list again for each evaluation, this would see the new entry.
    environment = cel.NewEnv(variables={"found": cel.Type.List(cel.Type.INT)})
    first, second = environment.compile("found[0]"), environment.compile("found[0] + 0")
    found = [1]
    activation = environment.Activation({"found": found})
    assert first.eval(activation=activation).plain_value() == 1
    found[0] = 2
    assert first.eval(activation=activation).plain_value() == 1
    assert second.eval(activation=activation).plain_value() == 1
    assert first.eval(data={"found": found}).plain_value() == 2


@pytest.mark.parametrize(
    ("name", "before", "after", "source"),
    [
        ("data.counts", [1], [2], "data.counts[0] * item.index"),
        ("data.counts", [1], None, "size(data.counts) * item.index"),
        ("data.counts", None, [1], "size(data.counts) * item.index"),
        ("data.lines", [{"qty": 1}], [{"qty": 2}], "data.lines[0].qty * item.index"),
        ("data.tags", ["a"], ["b"], "data.tags[0] + item.code"),
        ("data.n", 1, 2, "data.n + size(data.tags)"),
        ("data.n", 1, None, "has(data.n) && data.n > size(data.tags)"),
        ("data.n", None, 1, "has(data.n) && size(data.tags) == 0"),
        ("data.note", "a", "b", "data.note in data.tags ? '' : data.note"),
    ],
)
def test_what_is_replaced_is_seen(name: str, before: Any, after: Any, source: str) -> None:
    expression = compile_expression(source, SCOPE)
    outer = {name: before}
    look = Round(outer.get).at(column({"code": "x"}, 3))
    seen = []
    for value in (before, after, before):
        outer[name] = value
        seen.append(expression.evaluate(look))
        assert seen[-1] == expression.evaluate({name: value, "item.code": "x", "item.index": 3})
    assert seen[0] == seen[2] != seen[1]


def test_a_number_is_not_taken_for_a_truth_that_equals_it() -> None:
    expression = compile_expression("data.n + size(data.tags)", SCOPE)
    outer: dict[str, Any] = {"data.n": 1}
    look = Round(outer.get).at(column({}, 1))
    assert expression.evaluate(look) == 1
    outer["data.n"] = True
    with pytest.raises(EvaluationError, match=r"data\.n is not a whole number"):
        expression.evaluate(look)


def test_passes_of_several_threads_keep_to_themselves() -> None:
    expression = compile_expression("data.counts[item.index - 1] * 1000 + item.qty", SCOPE)
    start = Barrier(4)

    def work(offset: int) -> list[Any]:
        start.wait(timeout=10)
        one_pass = Round({"data.counts": list(range(offset, offset + 200))}.get)
        return [
            expression.evaluate(one_pass.at(column({"qty": offset}, index)))
            for index in range(1, 201)
        ]

    offsets = (0, 200, 400, 600)
    with ThreadPoolExecutor(4) as pool:
        for offset, found in zip(offsets, pool.map(work, offsets), strict=True):
            assert found == [n * 1000 + offset for n in range(offset, offset + 200)]
