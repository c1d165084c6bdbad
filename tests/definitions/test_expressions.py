"""Expressions: a golden corpus of results and refusals, and what must hold for all of them.

The corpus also holds the pinned CEL library to what it does today.
"""

import operator
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.expressions import (
    FUNCTIONS,
    MAX_LITERAL,
    MAX_SOURCE,
    EvaluationError,
    ExpressionError,
    Scope,
    ValueType,
    compile_expression,
)
from definitions.problems import DuecourseError

SCOPE = Scope(
    {
        "data.n": ValueType.INT,
        "data.km": ValueType.NUMBER,
        "data.amount": ValueType.MONEY,
        "data.note": ValueType.TEXT,
        "data.grade": ValueType.ENUM,
        "data.day": ValueType.DATE,
        "data.urgent": ValueType.BOOL,
        "data.tags": "list_text",
        "data.counts": ValueType.LIST_INT,
        "data.lines": ValueType.LIST_RECORD,
        "event.reply_at": ValueType.INSTANT,
        "actor.id": ValueType.TEXT,
        "actor.roles": ValueType.LIST_TEXT,
        "case.opened_at": ValueType.INSTANT,
        "now": ValueType.INSTANT,
        "clocks.response.breached": ValueType.BOOL,
        "waited": ValueType.DURATION,
    }
)
HOUR = 3600
DAY = 24 * HOUR


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def run(source: str, bindings: Mapping[str, Any] | None = None, **more: Any) -> Any:
    return compile_expression(source, SCOPE, **more).evaluate(bindings or {})


SPRING = at("2026-03-08T06:30:00")  # New York goes from 01:59 EST to 03:00 EDT at 07:00Z
AUTUMN = at("2026-11-01T05:30:00")  # and from 01:59 EDT back to 01:00 EST at 06:00Z

GOLDEN: list[tuple[str, dict[str, Any], Any]] = [
    # comparison and arithmetic
    ("data.n > 1", {"data.n": 2}, True),
    ("data.n + 2 * 3 - 1", {"data.n": 1}, 6),
    ("-7 / 2", {}, -3),
    ("-7 % 2", {}, -1),
    ("data.km <= 200.0", {"data.km": 200}, True),
    ("data.km * 0.5", {"data.km": 3.0}, 1.5),
    ("double(data.n) < data.km", {"data.n": 1, "data.km": 1.5}, True),
    ("data.amount >= 50000 * 100", {"data.amount": 5_000_000}, True),
    ("math.greatest(data.n, 3)", {"data.n": 1}, 3),
    ("-9223372036854775808", {}, -(2**63)),
    ("data.n", {"data.n": 2**63 - 1}, 2**63 - 1),
    # text
    ("data.note == '延误'", {"data.note": "延误"}, True),
    ("'航班' + data.note", {"data.note": "延误"}, "航班延误"),
    ("size(data.note)", {"data.note": "延误😀"}, 3),
    ("data.note.startsWith('延')", {"data.note": "延误"}, True),
    ("data.note.contains('误')", {"data.note": "延误"}, True),
    ("data.note.matches('^[0-9]{3}号$')", {"data.note": "120号"}, True),
    ("data.note.matches('^[0-9]{3}$')", {"data.note": "12"}, False),
    ("data.note.upperAscii().trim()", {"data.note": " ab "}, "AB"),
    ("data.grade in ['高', '中']", {"data.grade": "中"}, True),
    ("data.day < '2026-03-01'", {"data.day": "2026-02-28"}, True),
    ("data.day", {"data.day": date(2026, 2, 28)}, "2026-02-28"),
    (r"'a\000b'", {}, "a\0b"),
    ("r'\\d' + '''x''' // 说明 “ ( has(data.nope)", {}, "\\dx"),
    # lists and records
    ("'lead' in actor.roles", {"actor.roles": ("desk", "lead")}, True),
    ("actor.roles", {"actor.roles": frozenset({"b", "a"})}, ["a", "b"]),
    ("data.tags + ['x']", {"data.tags": ["a"]}, ["a", "x"]),
    ("data.counts.all(c, c > 0) && size(data.counts) == 2", {"data.counts": [1, 2]}, True),
    ("data.lines.exists(x, x.km > 1)", {"data.lines": [{"km": 1.5}]}, True),
    ("data.lines.map(x, x.id)", {"data.lines": (MappingProxyType({"id": "a"}),)}, ["a"]),
    ("data.lines[0].parts[0].n", {"data.lines": [{"parts": ({"n": 4},)}]}, 4),
    ("data.lines.filter(x, x.n == null)", {"data.lines": [{"n": None}]}, [{"n": None}]),
    ("{'a': data.n}", {"data.n": 1}, {"a": 1}),
    ("data.tags.exists(t, data.tags.exists(u, u == t + 'x'))", {"data.tags": ["a", "ax"]}, True),
    # absent values
    ("data.note + data.grade + data.day", {}, ""),
    ("data.urgent || clocks.response.breached", {}, False),
    ("size(data.tags) + size(data.counts) + size(data.lines)", {}, 0),
    # short circuit, from both sides
    ("has(data.n) && data.n > 1", {}, False),
    ("has(data.n) && data.n > 1", {"data.n": 2}, True),
    ("data.n > 1 && has(data.n)", {}, False),
    ("!has(data.n) || data.n > 1", {}, True),
    ("has(event.reply_at) ? event.reply_at : case.opened_at", {"case.opened_at": 7}, 7),
    ("data.n == 0 ? 0 : 10 / data.n", {"data.n": 0}, 0),
    ("false && is_working_day(now)", {"now": 0}, False),
    # has
    ("has(data.note)", {"data.note": ""}, True),
    ("has(data.note)", {}, False),
    ("has(data.urgent)", {"data.urgent": False}, True),
    ("has(now) && has( data . tags )", {"now": 0, "data.tags": []}, True),
    ("has(data.lines[0].n)", {"data.lines": [{}]}, False),
    ("data.lines.exists(x, has(x.n) && x.n > 1)", {"data.lines": [{}, {"n": 2}]}, True),
    ("'has(data.n)'", {}, "has(data.n)"),
    # instants and durations
    ("now", {"now": -1}, -1),
    ("event.reply_at + duration('72h')", {"event.reply_at": 10}, 10 + 72 * HOUR),
    ("now - case.opened_at", {"now": 100, "case.opened_at": 160}, -60),
    ("now - case.opened_at > duration('24h')", {"now": DAY + 1, "case.opened_at": 0}, True),
    ("timestamp('2026-11-22T08:00:00+08:00')", {}, at("2026-11-22T00:00:00")),
    ("timestamp('1969-12-31T23:59:59.9Z')", {}, -1),
    ("duration('1.9s')", {}, 1),
    ("duration('-1.9s')", {}, -1),
    ("waited >= duration('1m')", {"waited": 60}, True),
    ("[now, case.opened_at]", {"now": 2, "case.opened_at": 1}, [2, 1]),
    ("now.getHours('Asia/Shanghai')", {"now": 0}, 8),
    ("now.getHours('America/New_York')", {"now": SPRING}, 1),
    ("(now + duration('1h')).getHours('America/New_York')", {"now": SPRING}, 3),
    ("now.getHours('America/New_York')", {"now": AUTUMN}, 1),
    ("(now + duration('1h')).getHours('America/New_York')", {"now": AUTUMN}, 1),
    ("now + duration('24h') - now", {"now": SPRING}, DAY),
]


@pytest.mark.parametrize(("source", "bindings", "result"), GOLDEN)
def test_gives(source: str, bindings: dict[str, Any], result: Any) -> None:
    found = run(source, bindings)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("source", "bindings", "message"),
    [
        ("data.n > 1", {}, "data.n has no value"),
        ("data.n > 1 || data.urgent", {}, "data.n has no value"),
        ("now - case.opened_at", {"now": 1}, "case.opened_at has no value"),
        ("data.amount + 1", {"data.amount": None}, "data.amount has no value"),
        ("data.km > 1.0", {}, "data.km has no value"),
        ("data.n / 0", {"data.n": 1}, "divide by zero"),
        ("data.n % 0", {"data.n": 1}, "modulus by zero"),
        ("data.km / 0.0", {"data.km": 1.0}, "the result is not a finite number"),
        ("data.n + 1", {"data.n": 2**63 - 1}, "integer overflow"),
        ("data.n * data.n", {"data.n": -(2**62)}, "integer overflow"),
        ("now + duration('1s')", {"now": 253402300799}, "timestamp overflow"),
        ("data.n", {"data.n": 2**63}, "data.n is not a whole number of 64 bits"),
        ("data.n", {"data.n": True}, "data.n is not a whole number"),
        ("data.km", {"data.km": 10**400}, "data.km is not a finite number"),
        ("data.urgent", {"data.urgent": "false"}, "data.urgent is not true or false"),
        ("data.tags", {"data.tags": "abc"}, "data.tags is not a list"),
        ("now", {"now": 10**13}, "now is not an instant in the years 1 to 9999"),
        (
            "data.note == 'a'",
            {"data.note": "a\0b"},
            "data.note is not usable text: it holds NUL or half of a surrogate pair",
        ),
        (
            "size(data.tags)",
            {"data.tags": ["\ud800"]},
            "data.tags is not usable text: it holds NUL or half of a surrogate pair",
        ),
        ("data.lines", {"data.lines": [1]}, "data.lines is not a list of records"),
        ("data.lines", {"data.lines": [{"x": object()}]}, "data.lines is not plain data"),
        ("data.lines", {"data.lines": [{"x": 2**63}]}, "data.lines is not a whole number of 64"),
        ("[[data.n]]", {}, "data.n has no value"),
        ("{'a': 1 / 0}", {}, "divide by zero"),
        ("data.lines.map(x, x.n)", {"data.lines": [{}]}, 'Key not found in map : "n"'),
        ("data.tags[3]", {}, "Index error: index=3 size=0"),
        ("data.lines[0].x > 1", {"data.lines": [{}]}, 'Key not found in map : "x"'),
        ("data.note.matches(data.grade)", {"data.grade": "("}, "invalid regular expression"),
        ("data.counts.all(c, c > 0)", {"data.counts": [1] * 20_000}, "Iteration budget exceeded"),
        ("is_working_day(now)", {"now": 1}, "is_working_day is not available here"),
        ("type(1)", {}, "the result is not plain data"),
    ],
)
def test_an_error_is_never_a_value(source: str, bindings: dict[str, Any], message: str) -> None:
    expression = compile_expression(source, SCOPE)
    with pytest.raises(EvaluationError) as caught:
        expression.evaluate(bindings)
    assert caught.value.message.startswith(message)
    assert caught.value.source == source
    assert isinstance(caught.value, DuecourseError)


DEEP = "data.tags.all(a, data.tags.all(b, data.tags.all(c, c == a)))"


@pytest.mark.parametrize(
    ("source", "column", "message", "hint"),
    [
        ("data.notes > 1", 1, "unknown name 'data.notes'", "did you mean 'data.note'?"),
        ("'中文😀' + data.nte", 9, "unknown name 'data.nte'", "data.note"),
        ("data.note\n  == data.nte", 16, "unknown name 'data.nte'", "data.note"),
        ("1 < amount", 5, "unknown name 'amount'", "did you mean 'data.amount'?"),
        ("is_workday(now)", 1, "unknown name 'is_workday'", "is_working_day"),
        ("has(data.nte)", 5, "unknown name 'data.nte'", "data.note"),
        ("data", 1, "unknown name 'data'", ""),
        ("data.n > 'a'", 8, "'>' does not take (int, text)", ""),
        ("data.km <= 200", 9, "'<=' does not take (number, int)", "write 200.0"),
        ("200 > data.km", 5, "'>' does not take (int, number)", "write 200.0"),
        ("data.km == data.n", 9, "'==' does not take (number, int)", "double(...)"),
        ("now - 5", 5, "'-' does not take (instant, int)", ""),
        ("data.n && true", 8, "'&&' does not take (int, bool)", ""),
        ("is_working_day('x')", 15, "'is_working_day' does not take (text)", ""),
        ("data.n.foo", 7, "expression of type 'int'", ""),
        ("data.n >", 9, "it ends too early", ""),
        ("(data.n", 8, "missing ')' at the end", ""),
        ("data.n == 1 and true", 13, "'and' is not expected here", "write &&"),
        ("data.n = 1", 8, "'=' is not expected here", "write == to compare"),
        ("data.note == 'a", 14, "this text is not closed", "end it with '"),
        ("data.note ＝＝ 'a'", 11, "＝ outside a text", "write ="),
        ("data.note == “延误”", 14, "“ outside a text", 'write "'),
        ("duration('72 hours')", 10, "String to Duration conversion failed", ""),
        ("timestamp('2026')", 11, "String to Timestamp conversion failed", ""),
        ("data.note.matches('(')", 19, "invalid regular expression", ""),
        ("now.getHours('Mars/X')", 14, "Invalid timezone", ""),
        ("", 1, "the expression is empty", ""),
        (" \n", 1, "the expression is empty", ""),
        ("'a\0'", 3, "NUL or half of a surrogate pair", ""),
        ("'\ud800'", 2, "NUL or half of a surrogate pair", ""),
        ("has", 1, "has wants a name", "write has(name)"),
        ("has()", 1, "has wants a name", ""),
        ("has.data.n", 1, "has wants a name", ""),
        ("[1].map(data, data)", 9, "data is already a name here", ""),
        ("1 + " * 600 + "1", MAX_SOURCE + 1, "longer than 2000 characters", ""),
        ("1 + " * 60 + "1", 1, "nested too deep or chained too long", ""),
        ("(" * 200 + "1" + ")" * 200, 1, "nested too deep or chained too long", ""),
        ("'" + "a" * MAX_LITERAL + "'", 1, "a text of more than 500 characters", ""),
        (DEEP, 45, "all stands more than 2 deep in others of its kind", ""),
        ("[1].map(x, x).map(x, x).map(x, x)", 25, "map is used more than 2 times", ""),
        ("data.note.replace('a', 'b').replace('b', 'c')", 29, "replace is used more than 1", ""),
    ],
)
def test_refuses(source: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, SCOPE)
    assert caught.value.message.startswith(message)
    assert caught.value.column == column
    assert hint in caught.value.hint
    assert "INVALID_ARGUMENT" not in caught.value.message
    assert isinstance(caught.value, DuecourseError)


@pytest.mark.parametrize(
    ("source", "expect", "result"),
    [
        ("data.n > 0", ValueType.BOOL, True),
        ("data.n", ValueType.MONEY, 4),
        ("data.n", ValueType.NUMBER, 4.0),
        ("data.lines[0].n", ValueType.NUMBER, 4.0),
        ("data.lines[0].n", ValueType.INT, 4),
        ("[]", ValueType.LIST_TEXT, []),
        ("data.lines.map(x, x.n)", ValueType.LIST_INT, [4]),
        ("[{'a': 1}]", ValueType.LIST_RECORD, [{"a": 1}]),
        ("now", ValueType.INSTANT, 9),
        ("now - timestamp(0)", ValueType.DURATION, 9),
        ("'高'", ValueType.ENUM, "高"),
    ],
)
def test_a_result_has_the_wanted_type(source: str, expect: ValueType, result: Any) -> None:
    bindings = {"data.n": 4, "data.lines": [{"n": 4}], "now": 9}
    found = run(source, bindings, expect=expect)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("source", "expect", "message"),
    [
        ("data.n", ValueType.BOOL, "gives int, but bool is wanted"),
        ("now", ValueType.INT, "gives instant, but int is wanted"),
        ("data.km", ValueType.MONEY, "gives number, but money is wanted"),
        ("data.tags", ValueType.LIST_INT, "gives list<text>, but list_int is wanted"),
        ("null", ValueType.TEXT, "gives null, but text is wanted"),
    ],
)
def test_another_type_is_refused_when_compiled(
    source: str, expect: ValueType, message: str
) -> None:
    with pytest.raises(ExpressionError, match="^" + message + "$"):
        compile_expression(source, SCOPE, expect)


@pytest.mark.parametrize(
    ("source", "expect"),
    [
        ("data.lines[0].n", ValueType.BOOL),
        ("data.lines[0].yes", ValueType.INT),
        ("data.lines[0].yes", ValueType.NUMBER),
        ("data.lines.map(x, x.n)", ValueType.LIST_TEXT),
        ("data.lines.map(x, x.yes)", ValueType.LIST_INT),
        ("data.lines[0].none", ValueType.TEXT),
    ],
)
def test_a_records_field_is_checked_when_evaluated(source: str, expect: ValueType) -> None:
    expression = compile_expression(source, SCOPE, expect)
    with pytest.raises(EvaluationError, match=f"the result is not {expect.value}"):
        expression.evaluate({"data.lines": [{"n": 4, "yes": True, "none": None}]})


FAKES: dict[str, Callable[..., Any]] = {
    "local_date": lambda t: datetime.fromtimestamp(t + 8 * HOUR, UTC).date().isoformat(),
    "local_hour": lambda t: (t + 8 * HOUR) // HOUR % 24,
    "is_working_day": lambda t: t // DAY % 7 < 5,
    "in_working_hours": lambda t: 9 <= (t + 8 * HOUR) // HOUR % 24 < 18,
    "working_days_between": lambda a, b: (b - a) // DAY,
    "local_month": lambda t: f"1970-{1 + t // (31 * DAY):02}",
    "month_start": lambda month: at(f"{month}-01"),
    "month_end": lambda month: f"{month}-28",
    "months_after": lambda day, months: f"{day}+{months}m",
    "days_after": lambda day, days: f"{day}+{days}d",
    "date_start": at,
    "at_time": lambda day, clock: at(day) + int(clock[:2]) * HOUR,
    "days_between": lambda a, b: (at(b) - at(a)) // DAY,
    "month_of": lambda day: int(day[5:7]),
    "year_of": lambda day: int(day[:4]),
    "working_day_from": lambda day: f"{day}+w",
    "working_days_after": lambda day, n: f"{day}+{n}w",
    "sum": sum,
}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("local_date(now)", "1970-01-04"),
        ("local_hour(now)", 4),
        ("is_working_day(now)", True),
        ("in_working_hours(now) || in_working_hours(now + duration('5h'))", True),
        ("working_days_between(case.opened_at, now) == 2", True),
        ("local_month(now + duration('744h'))", "1970-02"),
        ("month_start('1970-01') + duration('1h') == case.opened_at", True),
        ("month_end(local_month(now))", "1970-01-28"),
        ("months_after(data.day, 12)", "2026-11-09+12m"),
        ("days_after(data.day, size(data.lines))", "2026-11-09+2d"),
        ("date_start(data.day) - duration('24h')", at("2026-11-08")),
        ("at_time(data.day, '09:30') - date_start(data.day)", 9 * HOUR),
        ("days_between(data.day, '2026-11-12')", 3),
        ("month_of(data.day) + year_of(data.day)", 2037),
        ("working_day_from(data.day)", "2026-11-09+w"),
        ("working_days_after(data.day, 2)", "2026-11-09+2w"),
        ("sum(data.counts)", 7),
        ("sum(data.lines.map(x, x.price * x.n))", 230),
        ("sum(data.lines.filter(x, has(x.own) && x.own).map(x, x.n))", 3),
        ("sum(data.lines.filter(x, x.n > 9).map(x, x.price))", 0),
        ("sum([])", 0),
        ("data.lines.exists(x, data.lines.all(y, y.price <= x.price))", True),
    ],
)
def test_functions_get_and_give_plain_values(source: str, result: Any) -> None:
    bindings = {
        "now": 2 * DAY + 20 * HOUR,
        "case.opened_at": HOUR,
        "data.day": "2026-11-09",
        "data.counts": (3, 4),
        "data.lines": [{"n": 2, "price": 100}, {"n": 3, "price": 10, "own": True}],
    }
    assert run(source, bindings, functions=FAKES) == result


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("sum(data.lines.map(x, x.name))", "an entry is of another type"),
        ("sum(data.lines.map(x, x.own))", "an entry is of another type"),
        ("sum(data.lines.map(x, x.price))", "price"),
        ("month_start(data.note) < now", "Invalid isoformat"),
        ("days_after(data.lines[0].own, 3)", "days_after"),
    ],
)
def test_a_function_given_what_it_cannot_take_is_an_evaluation_error(
    source: str, words: str
) -> None:
    bindings = {"now": 0, "data.lines": [{"name": "a", "own": True}], "data.note": "soon"}
    with pytest.raises(EvaluationError, match=words):
        run(source, bindings, functions=FAKES)


def test_every_function_is_tried_above() -> None:
    assert set(FAKES) == set(FUNCTIONS)


def test_a_function_of_the_wrong_type_or_that_fails_is_an_evaluation_error() -> None:
    with pytest.raises(EvaluationError, match="local_hour gave str, not int"):
        run("local_hour(now) > 3", {"now": 0}, functions={"local_hour": str})
    with pytest.raises(EvaluationError, match="no calendar for 1999"):
        run("is_working_day(now)", {"now": 0}, functions={"is_working_day": _no_calendar})


def _no_calendar(instant: int) -> bool:
    raise LookupError("no calendar for 1999")


def test_an_unheard_of_function_cannot_be_injected() -> None:
    with pytest.raises(ValueError, match="no such functions: local_minute"):
        compile_expression("true", SCOPE, functions={"local_minute": str})


def test_functions_are_not_shared_between_callers() -> None:
    early = compile_expression("local_hour(now)", SCOPE, functions={"local_hour": lambda t: 1})
    late = compile_expression("local_hour(now)", SCOPE, functions={"local_hour": lambda t: 23})
    assert (early.evaluate({"now": 0}), late.evaluate({"now": 0})) == (1, 23)


def test_names_are_what_is_referred_to_and_only_they_are_looked_up() -> None:
    source = "has(data.km) && data.lines.exists(x, x.n == data.n) && 'now' != actor.id // data.day"
    expression = compile_expression(source, SCOPE)
    assert expression.names == {"data.km", "data.lines", "data.n", "actor.id"}
    asked: list[str] = []
    expression.evaluate(lambda name: asked.append(name))
    assert set(asked) == expression.names
    assert expression.source == source


def test_scopes_are_values() -> None:
    one = Scope({"a.b": "int", "now": ValueType.INSTANT})
    two = Scope({"now": "instant", "a.b": ValueType.INT})
    assert one == two
    assert hash(one) == hash(two)
    assert one != Scope({"a.b": "int"})
    assert one.type_of("a.b") is ValueType.INT


@pytest.mark.parametrize("name", ["has.x", "a-b", "a..b", "数", "true", "a.in", "", "a b"])
def test_a_scope_refuses_what_cannot_be_written(name: str) -> None:
    with pytest.raises(ValueError, match="not a name for expressions"):
        Scope({name: ValueType.INT})


def test_expressions_are_shared_between_threads() -> None:
    shared = compile_expression("has(data.n) && data.n % 7 == 3 && data.note == '甲'", SCOPE)
    start = Barrier(4)

    def work(offset: int) -> list[bool]:
        start.wait(timeout=10)
        found = []
        for number in range(offset, offset + 200):
            own = compile_expression(f"data.n * 2 == {number * 2}", SCOPE, ValueType.BOOL)
            bindings = {"data.n": number, "data.note": "甲"}
            found.append(shared.evaluate(bindings) == (number % 7 == 3) and own.evaluate(bindings))
        return found

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, (0, 1000, 2000, 3000)))
    assert all(all(found) for found in results)
    assert sum(map(len, results)) == 800


# ---- The same expression for CEL and for Python ----

Eval = Callable[[Mapping[str, Any]], Any]
Pair = tuple[str, Eval]

PROPERTY_SCOPE = Scope({"data.a": "int", "data.b": "int", "data.p": "bool", "data.q": "bool"})
ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISON = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def _constant(value: int) -> Pair:
    return f"({value})", lambda _: value


def _variable(name: str) -> Pair:
    return name, lambda bindings: bindings[name]


def _joined(table: Mapping[str, Callable[[Any, Any], Any]]) -> Callable[[Any], Pair]:
    def build(parts: tuple[Pair, str, Pair]) -> Pair:
        (left, get_left), symbol, (right, get_right) = parts
        return (
            f"({left} {symbol} {right})",
            lambda bindings: table[symbol](get_left(bindings), get_right(bindings)),
        )

    return build


def _chosen(parts: tuple[Pair, Pair, Pair]) -> Pair:
    (test, get_test), (yes, get_yes), (no, get_no) = parts
    text = f"({test} ? {yes} : {no})"
    return text, lambda bindings: get_yes(bindings) if get_test(bindings) else get_no(bindings)


def _negated(part: Pair) -> Pair:
    text, get = part
    return f"!{text}", lambda bindings: not get(bindings)


ints = st.recursive(
    st.one_of(
        st.integers(-99, 99).map(_constant), st.sampled_from(["data.a", "data.b"]).map(_variable)
    ),
    lambda inner: st.tuples(inner, st.sampled_from(sorted(ARITHMETIC)), inner).map(
        _joined(ARITHMETIC)
    ),
    max_leaves=4,
)
LOGIC: Mapping[str, Callable[[Any, Any], Any]] = {"&&": operator.and_, "||": operator.or_}
bools = st.recursive(
    st.one_of(
        st.sampled_from(["data.p", "data.q"]).map(_variable),
        st.tuples(ints, st.sampled_from(sorted(COMPARISON)), ints).map(_joined(COMPARISON)),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(sorted(LOGIC)), inner).map(_joined(LOGIC)),
        st.tuples(inner, inner, inner).map(_chosen),
        inner.map(_negated),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(bools, st.integers(-999, 999), st.integers(-999, 999), st.booleans(), st.booleans())
def test_logic_and_arithmetic_are_pythons(pair: Pair, a: int, b: int, p: bool, q: bool) -> None:
    source, by_python = pair
    bindings = {"data.a": a, "data.b": b, "data.p": p, "data.q": q}
    expression = compile_expression(source, PROPERTY_SCOPE, ValueType.BOOL)
    assert expression.evaluate(bindings) is bool(by_python(bindings))
