"""Records of lists: taken on, changed where a condition holds, priced by a table, counted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.expressions import ValueType
from tests.core.world import World, process, said, t
from workflows.core.errors import IllegalEvent

LINES = """
tables:
  price:
    each: lines
    inputs: {code: item.code, gold: data.gold}
    output: int
    rows:
      - {when: {code: pump, gold: true}, then: 90}
      - {when: {code: pump}, then: 100}
      - {then: 7}
data:
  gold: {type: bool}
  note: {type: text}
  total: {type: money, internal: true}
  days: {type: list, of: int, max_items: 3}
  lines:
    type: list
    of: record
    max_items: 4
    fields:
      no: {type: int}
      code: {type: text}
      kind: {type: enum, values: [new, used]}
      made: {type: date}
      share: {type: number}
      qty: {type: int}
      price: {type: money}
forms:
  lines:
    lines:
      type: list
      of: record
      max_items: 200
      fields:
        no: {type: int}
        code: {type: text}
        kind: {type: text}
        made: {type: text}
        share: {type: int}
        qty: {type: int}
        shelf: {type: text}
states:
  open:
    title: Open
    on:
      bring: {form: lines, extend: {lines: event.lines}}
      count: {form: {days: {type: list, of: int}}, extend: {days: event.days}}
      price: {update: {lines: {set: {price: {table: price}}}}}
      sum: {set: {total: "sum(data.lines.filter(l, has(l.price)).map(l, l.price * l.qty))"}}
      number: {update: {lines: {set: {no: item.index}}}}
      sell:
        form: {no: {type: int, required: true}, qty: {type: int}, to: {type: text}}
        update:
          lines:
            where: has(item.no) && item.no == event.no
            one: true
            set: {qty: event.qty, code: "event.to == '' ? item.code : event.to"}
      double:
        update: {lines: {set: {qty: item.qty * 2, price: item.qty * 10}}}
      turn:
        set: {lines: "data.lines.map(l, {'qty': l.no, 'no': l.qty, 'code': l.code})"}
      replace: {form: lines, set: {lines: event.lines}}
      everything:
        clear: [note, lines]
        set: {note: "'was ' + data.note"}
        append: {lines: {no: size(data.lines) + 1, code: data.note, price: data.total}}
        extend: {lines: data.lines}
        update: {lines: {where: item.index == 2, set: {qty: size(data.lines)}}}
"""


def world(**data: Any) -> World:
    made = World(process(LINES))
    made.start("9 10:00", **data)
    return made


def lines(*codes: str) -> list[dict[str, Any]]:
    return [{"no": n, "code": code, "qty": n} for n, code in enumerate(codes, start=1)]


def test_a_list_takes_on_the_entries_of_another_one() -> None:
    case = world()
    case.send("9 11:00", "bring", lines=[{"no": 1, "code": "pump", "shelf": "B2", "share": 2}])
    case.send("9 11:01", "bring", lines=lines("belt"))
    share = case.case.data["lines"][0]["share"]
    assert case.case.data["lines"] == [{"no": 1, "code": "pump", "share": 2.0}, *lines("belt")]
    assert type(share) is float, "a number is stored as one"
    case.send("9 11:02", "count", days=[3, 1])
    case.send("9 11:03", "count", days=[2])
    assert case.case.data["days"] == [3, 1, 2]


@pytest.mark.parametrize(
    ("event", "data", "code"),
    [
        ("bring", {"lines": lines("a", "b", "c", "d", "e")}, "list_full"),
        ("count", {"days": [1, 2, 3, 4]}, "list_full"),
        ("bring", {"lines": [{"kind": "lost"}]}, "expression_failed"),
        ("bring", {"lines": [{"made": "yesterday"}]}, "expression_failed"),
        ("sell", {"no": 3}, "no_such_record"),
        ("sell", {"no": 1}, "no_such_record"),
    ],
)
def test_what_does_not_fit_is_refused_as_a_whole(
    event: str, data: dict[str, Any], code: str
) -> None:
    case = world()
    case.send("9 11:00", "bring", lines=[{"no": 1}, {"no": 1}])
    refusal = case.refused("9 12:00", event, **data)
    assert refusal.code == code
    assert refusal.facts["zh"]


def test_a_list_that_is_set_keeps_to_its_columns() -> None:
    case = world()
    case.send("9 11:00", "replace", lines=[{"kind": "", "shelf": "B2", "share": 2, "no": 1}])
    assert case.case.data["lines"] == [{"no": 1, "kind": "", "share": 2.0}]
    assert list(case.case.data["lines"][0]) == ["no", "kind", "share"]
    refusal = case.refused("9 11:01", "replace", lines=[{"kind": "lost"}])
    assert refusal.code == "expression_failed"
    assert "'kind' is no enum" in refusal.facts["detail"]


def test_an_empty_choice_is_no_value() -> None:
    case = world()
    case.send("9 11:00", "bring", lines=[{"no": 1, "kind": "", "made": ""}])
    assert case.case.data["lines"] == [{"no": 1}]


def test_the_records_that_are_meant_are_changed() -> None:
    case = world()
    case.send("9 11:00", "bring", lines=lines("pump", "belt"))
    before = case.case.data["lines"]
    case.send("9 11:01", "sell", no=2, qty=9, to="hose")
    assert case.case.data["lines"] == [lines("pump")[0], {"no": 2, "code": "hose", "qty": 9}]
    assert before == lines("pump", "belt"), "a case of the past keeps its records"
    case.send("9 11:02", "sell", no=1)
    assert case.case.data["lines"][0] == {"no": 1, "code": "pump"}, "no value, no column"


def test_a_table_answers_for_each_record() -> None:
    case = world(gold=True)
    case.send("9 11:00", "bring", lines=lines("pump", "belt"))
    case.send("9 11:01", "price")
    assert [line["price"] for line in case.case.data["lines"]] == [90, 7]
    case.send("9 11:02", "sum")
    assert case.case.data["total"] == 104


def test_a_column_sees_the_columns_set_before_it() -> None:
    case = world()
    case.send("9 11:00", "bring", lines=[{"qty": 3}])
    case.send("9 11:01", "double")
    assert case.case.data["lines"] == [{"qty": 6, "price": 60}]


def test_a_record_that_an_expression_makes_has_its_columns_in_order() -> None:
    case = world()
    case.send("9 11:00", "bring", lines=[{"no": 1, "code": "pump", "qty": 5}])
    case.send("9 11:01", "turn")
    assert [list(line.items()) for line in case.case.data["lines"]] == [
        [("no", 5), ("code", "pump"), ("qty", 1)]
    ]


def test_the_order_is_clear_set_append_extend_update() -> None:
    case = world(note="old")
    case.send("9 11:00", "bring", lines=lines("pump"))
    case.send("9 11:01", "everything")
    new = {"no": 1, "code": "was "}
    assert case.case.data == {"note": "was ", "lines": [new, {**new, "qty": 2}]}


def test_what_is_cleared_after_a_lapse_stays_cleared_when_it_is_undone() -> None:
    case = World(
        process(
            """
data: {note: {type: text}}
clocks:
  answer: {title: Answer, kind: cut_off, budget: 2 hours, start: opened, stop: reply,
           lapse: {to: lost}}
states:
  open: {title: Open, on: {reply: {to: done}}}
  lost: {title: Lost, closed: true, on: {forget: {clear: [note]}}}
  done: {title: Done, closed: true}
"""
        )
    )
    case.start("9 10:00", note="secret")
    case.look("9 13:00")
    case.send("9 13:01", "forget")
    case.send("9 13:02", "reply", occurred="9 11:00")
    assert (case.case.state, case.case.data) == ("done", {})


RATES = """
tables:
  rated:
    each: lines
    inputs: {known: "data.rates.exists(r, r.code == item.code)"}
    output: bool
    rows: [{when: {known: true}, then: true}, {then: false}]
data:
  rates: {type: list, of: record, max_items: 50, fields: {code: {type: text}, price: {type: int}}}
  lines:
    type: list
    of: record
    max_items: 300
    fields: {code: {type: text}, rated: {type: bool}, price: {type: int}, rank: {type: int}}
states:
  open:
    title: Open
    on:
      rate:
        update:
          lines:
            where: data.rates.all(r, r.code != '') && item.code != ''
            set:
              rated: {table: rated}
              price: "data.rates.filter(r, r.code == item.code).map(r, r.price)[0]"
              rank: size(data.lines.filter(l, l.code < item.code)) + item.price
"""


class Counted(dict[str, Any]):
    """A record that counts how often it is read whole, as converting its list does."""

    read = 0

    def items(self) -> Any:
        self.read += 1
        return super().items()


@pytest.mark.parametrize("length", [3, 30, 300])
def test_a_list_is_converted_once_for_an_expression_and_not_for_each_record(length: int) -> None:
    case = World(process(RATES))
    case.start("9 10:00")
    rate = Counted(code="pump", price=9)
    first, *others = [Counted(code="pump") for _ in range(length)]
    data = {"rates": [rate], "lines": [first, *others]}
    case.case = replace(case.case, data=data)
    case.send("9 11:00", "rate")
    assert case.case.data["lines"] == [
        {"code": "pump", "rated": True, "price": 9, "rank": 9} for _ in range(length)
    ]
    # The condition, the table's input and the price read the rates; the rank reads the lines.
    assert (rate.read, first.read) == (3, 1)


PROGRAM = process(LINES)


def nothing(name: str) -> None:
    """No name has a value."""


records = st.fixed_dictionaries(
    {"no": st.integers(0, 9)},
    optional={"qty": st.integers(0, 99), "code": st.sampled_from(["", "pump", "泵"])},
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(records, max_size=4), st.lists(records, max_size=4), st.integers(0, 9))
def test_no_record_is_lost_or_doubled(
    first: list[dict[str, Any]], second: list[dict[str, Any]], no: int
) -> None:
    case = World(PROGRAM)
    case.start("9 10:00")
    kept: list[dict[str, Any]] = []
    for brought in (first, second):
        if len(kept) + len(brought) > 4:
            assert case.refused("9 11:00", "bring", lines=brought).code == "list_full"
        else:
            case.send("9 11:00", "bring", lines=brought)
            kept += brought
    assert case.case.data.get("lines", []) == kept
    hit = [place for place, line in enumerate(kept) if line["no"] == no]
    if len(hit) == 1:
        case.send("9 12:00", "sell", no=no, qty=100)
    else:
        assert case.refused("9 12:00", "sell", no=no, qty=100).code == "no_such_record"
        hit = []
    now = case.case.data.get("lines", [])
    assert len(now) == len(kept)
    for place, (old, new) in enumerate(zip(kept, now, strict=True)):
        assert new == ({"code": "", **old, "qty": 100} if place in hit else old)
    case.send("9 12:01", "number")
    assert [line["no"] for line in case.case.data["lines"]] == [*range(1, len(kept) + 1)]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(-(2**40), 2**40), max_size=30))
def test_a_sum_is_the_sum(numbers: list[int]) -> None:
    data = {"data.days": numbers, "data.lines": [{"qty": n} for n in numbers]}
    for source in ("sum(data.days)", "sum(data.lines.map(l, l.qty))"):
        assert PROGRAM.evaluate(source, data.get, None, ValueType.INT) == sum(numbers)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("months_after('2027-01-31', 1)", "2027-02-28"),
        ("months_after('2028-01-31', 1)", "2028-02-29"),
        ("months_after('2026-11-15', 14)", "2028-01-15"),
        ("months_after('2026-03-31', -1)", "2026-02-28"),
        ("days_after('2026-12-31', 1)", "2027-01-01"),
        ("days_after('2026-12-31', -365)", "2025-12-31"),
        ("working_day_from('2026-11-06')", "2026-11-06"),
        ("working_day_from('2026-11-07')", "2026-11-09"),
        ("working_day_from('2026-10-01')", "2026-10-08"),
        ("working_day_from('2026-09-20')", "2026-09-20"),
        ("working_days_after('2026-11-06', 1)", "2026-11-09"),
        ("working_days_after('2026-11-07', 1)", "2026-11-09"),
        ("working_days_after('2026-11-07', 0)", "2026-11-07"),
        ("working_days_after('2026-11-07', -1)", "2026-11-06"),
        ("working_days_after('2026-09-30', 3)", "2026-10-12"),
        ("month_end('2028-02')", "2028-02-29"),
        ("month_end('2026-12')", "2026-12-31"),
        ("local_month(now)", "2026-12"),
        ("local_month(month_start('2026-11'))", "2026-11"),
        ("local_date(date_start('2026-11-09') - duration('1s'))", "2026-11-08"),
    ],
)
def test_months_and_days(source: str, value: str) -> None:
    # 2026-11-30 16:00 UTC is the first of December in Shanghai.
    lookup = {"now": t("2026-12-01 00:00")}.get
    assert PROGRAM.evaluate(source, lookup, None, ValueType.TEXT) == value


def test_a_month_and_a_date_begin_at_midnight() -> None:
    for source, begins in (
        ("month_start('2026-11')", "11-01"),
        ("date_start('2026-11-09')", "11-09"),
    ):
        at = PROGRAM.evaluate(source, nothing, None, ValueType.INSTANT)
        assert said(at) == f"{begins} 00:00"


@pytest.mark.parametrize(
    "source",
    [
        "month_start('2026-13')",
        "month_start('')",
        "month_end('2026')",
        "date_start('2026-02-30')",
        "days_after('9999-12-31', 1)",
        "months_after('2026-01-01', 999999)",
        "sum([9223372036854775807, 1])",
        "at_time('2026-02-30', '09:00')",
        "at_time('2026-11-09', '9:00')",
        "at_time('2026-11-09', '24:00')",
        "at_time('2026-11-09', '')",
        "days_between('', '2026-11-09')",
        "month_of('2026-11')",
        "year_of('soon')",
        "working_day_from('2026-11-31')",
        "working_days_after('9999-12-30', 3)",
        "working_days_after('0001-01-02', -3)",
        "working_days_after('2026-11-09', 4001)",
        "working_days_after('2026-11-09', -4001)",
    ],
)
def test_what_is_no_month_or_date_has_no_value(source: str) -> None:
    with pytest.raises(IllegalEvent) as refused:
        PROGRAM.evaluate(source, nothing, None, None)
    assert refused.value.code == "expression_failed"
