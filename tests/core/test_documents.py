"""Documents: what a case prints is what it holds when the turn is over."""

import pytest

from surfaces.rehearse import rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import parse_scenario
from tests.core.world import World, model, process, t
from workflows.core.effects import Fill, FilledBlock

PAPER = """
attributes: {organisation: shop}
data:
  shop: {type: text}
  name: {type: text, personal: true}
  kind: {type: enum, values: {new: {zh: 新, en: New}, used: {zh: 旧, en: Used}}}
  due: {type: date}
  paid: {type: bool}
  note: {type: text}
  total: {type: money, internal: true, unit: CNY}
  lines:
    type: list
    of: record
    fields:
      code: {type: text}
      qty: {type: int, unit: km}
      kind: {type: enum, values: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}}
documents:
  receipt:
    title: {zh: 收据, en: Receipt}
    form: F-04
    number: "'R-' + case.key"
    landscape: true
    copies: [{zh: 客户, en: Customer}, {zh: 留底, en: File}]
    blocks:
      - title: {zh: 客户信息, en: Customer}
        fields: {name: {zh: 姓名, en: Name}, kind: {zh: 类别, en: Kind}, due: {zh: 日期, en: Date},
                 note: {zh: 备注, en: Note}}
      - list: lines
        where: has(item.qty) && item.qty > 0 && data.paid
        columns: {code: {zh: 代码, en: Code}, kind: {zh: 类, en: Kind}, qty: {zh: 数量, en: Qty}}
        totals: {total: {zh: 合计, en: Total}}
      - text: {zh: "{{ data.name }} {{ case.opened_at | instant }}", en: "{{ data.due | date }}"}
      - signatures: [{zh: 客户, en: Customer}]
  slip: {title: {zh: 便条, en: Slip}, number: data.note, blocks: [{text: {zh: 空, en: Empty}}]}
states:
  open:
    title: Open
    on:
      pay: {set: {paid: true, total: "sum(data.lines.map(l, l.qty))"}, document: [receipt, slip]}
      both:
        document: receipt
        form: {stop: {type: bool}}
        branches: [{when: event.stop, to: done, document: slip}, {document: receipt}]
  done: {title: Done, closed: true}
"""
LINES = [{"code": "x", "qty": 2, "kind": "a"}, {"code": "y", "qty": 0}, {"qty": 1}]


def world(**more: str) -> World:
    made = World(process(PAPER))
    made.start("9 10:00", shop="S", name="王芳", kind="used", lines=LINES, note="N-1", **more)
    return made


def filled(case: World) -> list[Fill]:
    return [one for one in case.decisions[-1].requests if isinstance(one, Fill)]


def test_a_document_is_filled_in_from_the_case() -> None:
    case = world(due="2026-12-01")
    case.send("9 11:00", "pay")
    receipt, slip = filled(case)
    rows = [row for row in case.rows if row.kind == "document"]
    assert [(row.name, row.data) for row in rows] == [
        ("receipt", {"number": "R-K-1"}),
        ("slip", {"number": "N-1"}),
    ]
    assert (receipt.key, receipt.seq) == (f"sample:K-1/1/{rows[0].seq}", rows[0].seq)
    assert (receipt.printed, receipt.form, receipt.title["zh"]) == ("R-K-1", "F-04", "收据")
    assert (receipt.organisation, receipt.at, receipt.zone) == ("S", t("9 11:00"), "Asia/Shanghai")
    assert receipt.landscape
    assert [copy["en"] for copy in receipt.copies] == ["Customer", "File"]
    about, table, text, signed = receipt.blocks
    assert [(one["label"]["en"], one["type"], one["value"]) for one in about.fields] == [
        ("Name", "text", "王芳"),
        ("Kind", "enum", "used"),
        ("Date", "date", "2026-12-01"),
        ("Note", "text", "N-1"),
    ]
    assert about.fields[1]["choices"]["used"] == {"zh": "旧", "en": "Used"}
    assert [one["type"] for one in table.columns] == ["text", "enum", "int"]
    assert table.columns[1]["choices"] == {
        "a": {"zh": "甲", "en": "A"},
        "b": {"zh": "乙", "en": "B"},
    }
    assert [one.get("unit") for one in (*table.columns, *table.totals)] == [None, None, "km", "CNY"]
    assert "unit" not in about.fields[0]
    assert table.rows == (("x", "a", 2), (None, None, 1)), "the data that the turn ends with"
    assert [(one["type"], one["value"]) for one in table.totals] == [("money", 3)]
    assert text.text["en"] == "{{ data.due | date }}"
    assert receipt.facts == {
        "case": {"opened_at": t("9 10:00")},
        "data": {"due": "2026-12-01", "name": "王芳"},
    }
    assert signed.signatures == ({"zh": "客户", "en": "Customer"},)
    assert slip.blocks == (FilledBlock(text={"zh": "空", "en": "Empty"}),)
    assert slip.facts == {}


def test_an_absent_value_is_none() -> None:
    case = world()
    case.send("9 11:00", "both", stop=False)
    first, second = filled(case)
    assert first.key != second.key
    assert first.blocks[0].fields[2]["value"] is None
    assert first.blocks[1].rows == ()
    assert "due" not in first.facts["data"]


def test_nothing_is_printed_if_the_event_is_refused() -> None:
    body = PAPER.replace("sum(data.lines.map(l, l.qty))", "sum(data.lines.map(l, l.size))")
    case = World(process(body))
    case.start("9 10:00", lines=LINES)
    assert case.refused("9 11:00", "pay").code == "expression_failed"
    assert not case.requests


@pytest.mark.parametrize(
    ("expected", "differs"),
    [
        ("[{document: receipt, number: R-A}, {document: slip}]", ""),
        ("[{number: N-1}]", ""),
        ("[{document: receipt}, {document: receipt}]", "documents[1]"),
        ("[{document: receipt, number: R-B}]", "documents[0]"),
        ("[{document: receipt, case: 'sample:B'}]", "documents[0]"),
        ("[]", "documents"),
    ],
)
def test_a_scenario_expects_documents(expected: str, differs: str) -> None:
    rules = Rules.of([model(PAPER)])
    text = f"""
scenario: x
process: sample
start: {{at: 2026-11-09T10:00+08:00, key: A, data: {{note: N-1}}, expect: {{documents: []}}}}
steps:
  - {{at: +1h, send: pay, expect: {{documents: {expected}}}}}
  - {{at: +1h, expect: {{documents: []}}}}
"""
    outcome = rehearse_with(parse_scenario(text.encode(), "x.yaml"), rules, CoreRunner(rules))
    assert [one.path for step in outcome.steps for one in step.differences] == [
        *filter(None, [differs])
    ]
    printed = outcome.steps[1].to_json()["documents"]
    assert [one["number"] for one in printed] == ["R-A", "N-1"]
    assert outcome.steps[2].to_json()["documents"] == []
