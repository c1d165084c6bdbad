"""Which names an expression may use, and of which type."""

from definitions.expressions import ValueType, compile_expression
from definitions.model import Process
from definitions.scope import (
    case_scope,
    clock_scope,
    event_form,
    event_forms,
    personal_names,
    pick_scope,
    schedule_scope,
    trigger_form,
)

TITLE = {"zh": "题", "en": "Title"}
PROCESS = Process.model_validate(
    {
        "process": "gate",
        "version": 1,
        "title": TITLE,
        "owner": "keeper",
        "data": {
            "note": {"type": "text"},
            "fee": {"type": "money"},
            "day": {"type": "date"},
            "tags": {"type": "list", "of": "text"},
            "counts": {"type": "list", "of": "int"},
            "visits": {"type": "list", "of": "record", "fields": {"at": {"type": "instant"}}},
            "phone": {"type": "text", "personal": True},
            "in": {"type": "bool"},
        },
        "forms": {"slip": {"fee": "required", "n": {"type": "int"}, "ghost": "optional"}},
        "clocks": {
            "answer": {
                "title": TITLE,
                "kind": "response",
                "budget": "2 hours",
                "start": ["opened", "knock"],
                "stop": "pass",
                "each": True,
                "pick": "event.n",
            }
        },
        "states": {
            "shut": {
                "title": TITLE,
                "on": {
                    "knock": {"form": {"phone": "required", "loud": {"type": "bool"}}},
                    "pass": {"form": "slip", "to": "open"},
                },
            },
            "open": {
                "title": TITLE,
                "on": {"pass": {"form": {"n": {"type": "int"}}}},
                "tasks": {
                    "sweep": {
                        "title": TITLE,
                        "role": "keeper",
                        "budget": "1 hours",
                        "ladder": "short",
                    }
                },
            },
        },
    },
    strict=False,
)


def test_fields_have_the_types_of_the_language() -> None:
    types = case_scope(PROCESS).variables
    assert types["data.note"] is ValueType.TEXT
    assert types["data.fee"] is ValueType.MONEY
    assert types["data.day"] is ValueType.DATE
    assert types["data.tags"] is ValueType.LIST_TEXT
    assert types["data.counts"] is ValueType.LIST_INT
    assert types["data.visits"] is ValueType.LIST_RECORD


def test_what_every_case_has() -> None:
    types = case_scope(PROCESS).variables
    assert types["case.opened_at"] is ValueType.INSTANT
    assert types["case.number"] is ValueType.INT
    assert types["actor.roles"] is ValueType.LIST_TEXT
    assert types["now"] is ValueType.INSTANT
    assert types["tasks.open"] is ValueType.INT


def test_a_task_has_a_clock_of_its_name() -> None:
    types = case_scope(PROCESS).variables
    assert types["clocks.answer.running"] is ValueType.BOOL
    assert types["clocks.sweep.breached"] is ValueType.BOOL


def test_without_a_form_there_is_no_event() -> None:
    assert not [name for name in case_scope(PROCESS).variables if name.startswith("event.")]


def test_a_form_brings_its_fields_and_those_of_the_case_that_it_names() -> None:
    types = case_scope(PROCESS, PROCESS.forms["slip"]).variables
    events = {name: kind for name, kind in types.items() if name.startswith("event.")}
    assert events == {
        "event.fee": ValueType.MONEY,
        "event.n": ValueType.INT,
        "event.at": ValueType.INSTANT,
        "event.name": ValueType.TEXT,
    }


def test_a_word_that_no_expression_can_use_is_left_out() -> None:
    assert "data.in" not in case_scope(PROCESS).variables


def test_expressions_compile_in_it() -> None:
    scope = case_scope(PROCESS, PROCESS.forms["slip"])
    source = "data.fee == event.fee && event.at >= case.opened_at && !clocks.sweep.running"
    assert "clocks.sweep.running" in compile_expression(source, scope, ValueType.BOOL).names


def test_personal_fields_are_named_on_both_sides() -> None:
    form = PROCESS.states["shut"].on["knock"].form
    assert not isinstance(form, str)
    assert personal_names(PROCESS) == {"data.phone"}
    assert personal_names(PROCESS, form) == {"data.phone", "event.phone"}


def test_an_event_declared_twice_offers_what_both_forms_have() -> None:
    clock = PROCESS.clocks["answer"]
    assert len(event_forms(PROCESS, "pass")) == 2
    assert set(trigger_form(PROCESS, clock.stop)) == {"n"}
    assert "event.n" in pick_scope(PROCESS, clock).variables
    assert "event.fee" not in pick_scope(PROCESS, clock).variables


def test_a_clock_that_may_start_at_the_opening_has_no_field_of_an_event() -> None:
    names = clock_scope(PROCESS, PROCESS.clocks["answer"]).variables
    assert {name for name in names if name.startswith("event.")} == {"event.at", "event.name"}


LISTED = Process.model_validate(
    {
        "process": "gate",
        "version": 1,
        "title": TITLE,
        "owner": "keeper",
        "data": {
            "visits": {
                "type": "list",
                "of": "record",
                "fields": {
                    "at": {"type": "instant"},
                    "fee": {"type": "money"},
                    "who": {"type": "text", "personal": True},
                },
            }
        },
        "computations": {
            "weigh": {"input": {}, "output": {"weight": {"type": "int", "required": True}}}
        },
        "states": {
            "shut": {
                "title": TITLE,
                "call": {"computation": "weigh"},
                "on": {"done": {"to": "open"}, "failed": {"to": "open"}},
            },
            "open": {"title": TITLE, "on": {"done": {"form": {"n": {"type": "int"}}}}},
        },
        "schedules": {
            "all": {"title": TITLE, "each": "organisation", "key": "schedule.month"},
            "one": {"title": TITLE, "key": "schedule.month"},
        },
    }
)


def test_within_a_list_the_present_record_is_item() -> None:
    types = case_scope(LISTED, None, each="visits").variables
    items = {name: kind for name, kind in types.items() if name.startswith("item.")}
    assert items == {
        "item.at": ValueType.INSTANT,
        "item.fee": ValueType.MONEY,
        "item.who": ValueType.TEXT,
        "item.index": ValueType.INT,
    }
    assert personal_names(LISTED, None, each="visits") == {"item.who"}


def test_what_answers_a_call_has_an_implied_form() -> None:
    assert set(event_form(LISTED, "shut", "done")) == {"weight"}
    assert set(event_form(LISTED, "shut", "failed")) == {"code", "detail"}
    assert set(event_form(LISTED, "open", "done")) == {"n"}
    assert event_form(LISTED, None, "done") == {}
    assert event_form(LISTED, "shut", "done") is event_form(LISTED, "shut", "done")
    assert [set(form) for form in event_forms(LISTED, "done")] == [{"weight"}, {"n"}]


def test_a_schedule_knows_its_instant_its_month_and_maybe_an_organisation() -> None:
    assert set(schedule_scope(LISTED.schedules["one"]).variables) == {
        "schedule.at",
        "schedule.month",
    }
    assert "schedule.organisation" in schedule_scope(LISTED.schedules["all"]).variables
