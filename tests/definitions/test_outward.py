"""What leaves a case and what comes in: small changes of two sound processes that talk."""

from pathlib import Path

import pytest

from definitions.loader import load, load_library
from definitions.problems import DefinitionError

SOUND = Path(__file__).parent / "sound"
WORKSHOP = (SOUND / "workshop.yaml").read_text(encoding="utf-8")
LEDGER = (SOUND / "ledger.yaml").read_text(encoding="utf-8")


def said(text: str, *changes: tuple[str, str]) -> list[str]:
    """The problems of a file after these replacements, its neighbour being as it is."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    try:
        load(text.encode(), "file", SOUND)
    except DefinitionError as refused:
        return [f"{found.path}  {found.code} {found.message}" for found in refused.problems]
    return []


def test_the_processes_that_they_all_differ_from_are_sound() -> None:
    assert list(load_library(SOUND)) == ["gate", "ledger", "workshop"]
    assert said(WORKSHOP) == said(LEDGER) == []


DROP = "update: {pieces: {where: item.index == event.line, one: true, set: {covered: false}}}"

TASKS = "{sweep: {title: {zh: 扫, en: Sweep}, role: keeper, budget: 1 day, ladder: short}}"

OF_ONE_PROCESS = {
    # lists of records
    "clear of nothing": ("clear: [pieces, total]", "clear: [pieces, totl]", "clear[1]  E209"),
    "extend of no list": (
        "extend: {pieces: event.pieces,",
        "extend: {total: event.pieces,",
        "E308",
    ),
    "extend with no list": (
        "extend: {pieces: event.pieces,",
        "extend: {pieces: event.day,",
        "E302",
    ),
    "extend that lacks a column": (
        "qty: {type: int, min: 1, required: true}\n        price: {type: money}\n        remark",
        "price: {type: money}\n        remark",
        "extend.pieces  E308 the records lack the required column 'qty'",
    ),
    "extend with another type": (
        "price: {type: money}\n        remark",
        "price: {type: text}\n        remark",
        "extend.pieces  E308 the column 'price' is text, and money is wanted",
    ),
    "extend with a strange value": (
        "values: [wood, iron]",
        "values: [wood, iron, tin]",
        "extend.pieces  E308 the column 'kind' may be 'tin'",
    ),
    "update of no list": (DROP, "update: {days: {set: {covered: false}}}", "days  E308"),
    "update of nothing": (DROP, "update: {peaces: {set: {covered: false}}}", "peaces  E209"),
    "update of no column": (DROP, "update: {pieces: {set: {colour: 1}}}", "set.colour  E209"),
    "where is a condition": ("where: item.index == event.line", "where: item.index", "E302"),
    "item has the list's columns": (
        "where: item.index == event.line",
        "where: item.idx == event.line",
        "where  E301 unknown name 'item.idx'",
    ),
    "a column's value fits": ("one: true, set: {covered: false}", "set: {covered: 1}", "E305"),
    "a column's enum": (
        "one: true, set: {covered: false}",
        """one: true, set: {kind: "'tin'"}""",
        "set.kind  E304",
    ),
    "item is compared with a value": (
        "when: item.kind == 'iron'",
        "when: item.kind == 'tin'",
        "links.piece.when  E304",
    ),
    "no item without a list": (
        "    each: pieces\n    when: item.kind",
        "    when: item.kind",
        "E301",
    ),
    "each of no list": (
        "each: pieces\n    when: item.kind",
        "each: days\n    when: item.kind",
        "links.piece.each  E308",
    ),
    "a column called index": (
        "covered: {type: bool}",
        "covered: {type: bool}\n      index: {type: int}",
        "fields.index  E211",
    ),
    # tables
    "no such table": ("{table: grade}", "{table: grades}", "set.grade.table  E205"),
    "a table's answer of another type": (
        "set: {score: event.score, grade: {table: grade},",
        "set: {score: {table: grade},",
        "set.score.table  E316",
    ),
    "a table's answer that is no value": ("then: fine", "then: finest", "rows[0].then  E304"),
    "a table of a list elsewhere": (
        "set: {score: event.score,",
        "set: {score: {table: factor},",
        "set.score.table  E318",
    ),
    "a table of no list": ("factor:\n    each: pieces", "factor:\n    each: piece", "E209"),
    # checks
    "a check is a condition": (
        "when: event.day <= local_date(event.at)",
        "when: local_date(event.at)",
        "checks[1].when  E302",
    ),
    "a check of the opening": ("when: size(data.place) <= 20", "when: event.x", "checks[0].when"),
    # links
    "open of a link told": ("open: [piece, twin]", "open: [note, twin]", "open  E214"),
    "tell of a link opened": ("tell: [note, lines]", "tell: twin", "tell  E214"),
    "tell of nothing": ("tell: [note, lines]", "tell: [note, line]", "tell[1]  E208"),
    "a message is nobody's child": (
        "    start: never\n",
        "    start: never\n    child: true\n",
        "links.lines.child  E214",
    ),
    "data for nobody": (
        "    start: never\n",
        "    start: never\n    data: {place: data.place}\n",
        "E214",
    ),
    "an opening that is not one": ("    child: true\n", "    start: never\n", "start  E214"),
    "event without tell": ("    child: true\n", "    event: {serial: case.key}\n", "event  E214"),
    "a key is text": ("key: case.key + '-twin'", "key: case.number", "links.twin.key  E302"),
    "a key is not personal": ("key: case.key + '-twin'", "key: data.customer", "twin.key  E303"),
    "undelivered to nobody": (
        "data: {place: data.place, month: data.month}\n    undelivered: not_taken",
        "data: {place: data.place, month: data.month}\n    undelivered: not_takn",
        "links.note.undelivered  E210",
    ),
    "undelivered wants too much": (
        "detail: {type: text}}",
        "detail: {type: text}, why: {type: text, required: true}}",
        "E222 'not_taken' requires 'why'",
    ),
    "undelivered of another type": ("{target: {type: text},", "{target: {type: int},", "E222"),
    "undelivered from people only": ("    by: system\n", "    by: keeper\n", "E222"),
    # calls
    "an unknown computation": ("computation: judge", "computation: judgement", "E218"),
    "an unknown input": ("        kinds: data.pieces.map", "        kind: data.pieces.map", "E215"),
    "an input left out": (
        "        amount: sum(data.pieces.filter(p, has(p.price)).map(p, p.price * p.qty))\n",
        "",
        "states.judging.call  E221",
    ),
    "an input of another type": (
        "        kinds: data.pieces.map(p, p.kind)",
        "        kinds: data.serial",
        "input.kinds  E302",
    ),
    "a call without an answer": ("      failed:\n", "      flawed:\n        by: keeper\n", "E418"),
    "an answer with a sender": ("      failed:\n", "      failed:\n        by: keeper\n", "E214"),
    "an answer with a form": (
        "      failed:\n",
        "      failed:\n        form: {n: {type: int}}\n",
        "E214",
    ),
    "an answer with a guard": ("      failed:\n", "      failed:\n        when: 'true'\n", "E214"),
    "an answer to nothing": ("      give_up:", "      done:", "E214 'done' goes with `call`"),
    "an answer says what it says": ("event.code + event.detail", "event.reason", "E301"),
    "a call with tasks": (
        "    call:\n",
        f"    tasks: {TASKS}\n    call:\n",
        "states.judging.call  E214",
    ),
    # documents
    "an unknown document": ("document: [sheet]", "document: [sheat]", "document  E219"),
    "a number is text": (
        "number: case.key + '-' + string(case.number)",
        "number: case.number",
        "E302",
    ),
    "a number is not personal": (
        "number: case.key + '-' + string(case.number)",
        "number: data.customer",
        "number  E303",
    ),
    "a field that is not there": ("fields: {customer: {zh", "fields: {costumer: {zh", "E209"),
    "a column that is not there": (
        "columns: {name: {zh",
        "columns: {nam: {zh",
        "columns.nam  E209",
    ),
    "a total that is not there": ("totals: {total:", "totals: {totl:", "totals.totl  E209"),
    "a list that is not there": ("- list: pieces", "- list: peaces", "blocks[1].list  E209"),
    "a list that is none of records": ("- list: pieces", "- list: days", "blocks[1].list  E308"),
    "a block of two kinds": (
        "      - signatures:",
        "      - text: {zh: 文, en: Text}\n        signatures:",
        "blocks[3]  E214",
    ),
    "a block of none": (
        "      - signatures: [{zh: 客户签字, en: Customer}, {zh: 负责人, en: Keeper}]",
        "      - title: {zh: 题, en: Title}",
        "blocks[3]  E214",
    ),
    "a paragraph says what there is": (
        "in {{ data.month }}, opened",
        "in {{ data.moon }}, opened",
        "blocks[2].text.en  E306",
    ),
    "a paragraph is not personal": (
        "in {{ data.month }}, opened",
        "in {{ data.customer }}, opened",
        "blocks[2].text.en  E303",
    ),
    # schedules
    "a schedule knows no case": ("key: schedule.organisation +", "key: case.key +", "E301"),
    "a schedule knows what it is for": (
        "    each: organisation\n",
        "",
        "schedules.monthly.key  E301 unknown name 'schedule.organisation'",
    ),
    "a schedule gives what is asked": (
        "data: {place: schedule.organisation, customer",
        "data: {customer",
        "schedules.monthly  E221 the opening requires 'place'",
    ),
    "a schedule gives no internal field": (
        "data: {place: schedule.organisation, customer",
        "data: {place: schedule.organisation, serial",
        "data.serial  E209",
    ),
    "a schedule gives the type": (
        "data: {place: schedule.organisation,",
        "data: {place: schedule.at,",
        "data.place  E302",
    ),
    "a time of day": ("time: '08:30'", "time: '8:30'", "E105 '8:30' is not a time of day"),
}


@pytest.mark.parametrize(("old", "new", "words"), OF_ONE_PROCESS.values(), ids=OF_ONE_PROCESS)
def test_what_is_wrong_in_one_process(old: str, new: str, words: str) -> None:
    assert any(words in problem for problem in said(WORKSHOP, (old, new)))


BETWEEN = {
    "no such event": ("tell: add_note", "tell: add_not", "links.note.tell  E220 unknown event"),
    "an event for others": ("tell: add_note", "tell: submit", "E220 'ledger' takes no 'submit'"),
    "a field of the event": ("{serial: case.key, day:", "{seril: case.key, day:", "seril  E204"),
    "a required field of the event": (
        "event: {serial: case.key, day: local_date(event.at)}",
        "event: {serial: case.key}",
        "links.note  E221 'add_note' of 'ledger' requires 'day'",
    ),
    "the type of an event's field": (
        "day: local_date(event.at)}",
        "day: event.at}",
        "links.note.event.day  E302",
    ),
    "what the opening requires": (
        "data: {place: data.place, month: data.month}}",
        "data: {place: data.place}}",
        "links.twin  E221 the opening of 'ledger' requires 'month'",
    ),
    "what the opening sets itself": (
        "data: {place: data.place, month: data.month}}",
        "data: {place: data.place, month: data.month, closes_at: now}}",
        "links.twin.data.closes_at  E204 'closes_at' is internal",
    ),
    "the type of the opening's field": (
        "data: {place: data.place, month: data.month}}",
        "data: {place: data.place, month: case.number}}",
        "links.twin.data.month  E302",
    ),
    "a sender that is not there": ("    from: ledger\n", "    from: lodger\n", "E203"),
}


@pytest.mark.parametrize(("old", "new", "words"), BETWEEN.values(), ids=BETWEEN)
def test_what_is_wrong_between_two(old: str, new: str, words: str) -> None:
    assert any(words in problem for problem in said(WORKSHOP, (old, new)))


def test_the_engine_opens_a_case_for_a_message_only_if_it_may(tmp_path: Path) -> None:
    ledger = LEDGER.replace("start:\n  set: {", "start:\n  by: clerk\n  set: {")
    (tmp_path / "ledger.yaml").write_text(ledger, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"links\.note\.data  E220 .* may not open 'ledger'"):
        load(WORKSHOP.encode(), "workshop.yaml", tmp_path)


def test_a_message_without_data_opens_nothing() -> None:
    note = "    data: {place: data.place, month: data.month}\n    undelivered"
    assert said(WORKSHOP, (note, "    undelivered")) == []


def test_a_call_comes_to_an_end_and_needs_no_clock() -> None:
    clock = WORKSHOP[WORKSHOP.index("clocks:") : WORKSHOP.index("\nstates:")]
    unwatched = said(WORKSHOP, (clock, ""))
    assert [found[:24] for found in unwatched] == ["states.working  E404 a c"]


def test_a_call_whose_answer_leads_nowhere_does() -> None:
    clock = ("stop: [list_pieces, done, failed]", "stop: [list_pieces]")
    assert said(WORKSHOP, clock) == []
    found = said(
        WORKSHOP, clock, ("qty: 1, factor: 1}}\n        to: closed", "qty: 1, factor: 1}}")
    )
    assert any("states.judging  E404" in problem for problem in found)


def test_whoever_waits_for_messages_alone_needs_a_clock() -> None:
    clock = LEDGER[LEDGER.index("clocks:") : LEDGER.index("\nstates:")]
    assert any("states.open  E404" in problem for problem in said(LEDGER, (clock, "")))


def test_an_event_from_processes_alone_has_a_sender() -> None:
    assert said(LEDGER, ("        from: workshop\n", "        by: clerk\n")) == []
    found = said(LEDGER, ("        from: workshop\n", ""))
    assert any("states.open.on.add_note  E213" in problem for problem in found)


def test_personal_columns_do_not_lose_their_mark_on_the_way() -> None:
    column = "name: {type: text, required: true}\n        kind: {type: enum, values: [wood"
    personal = column.replace("type: text", "type: text, personal: true")
    found = said(WORKSHOP, (column, personal))
    assert any("extend.pieces  E308 the column 'name' is personal" in one for one in found)
