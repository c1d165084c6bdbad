"""Cases that open and tell one another: who may, what is written down, and what becomes of it."""

from dataclasses import replace
from typing import Any

import pytest

from surfaces.rehearse import Outcome, rehearse_with
from surfaces.rehearse_core import CoreRunner
from surfaces.rules import Rules
from surfaces.scenario import parse_scenario
from surfaces.world import MOST_REQUESTS
from tests.core.world import World, model, t
from workflows.core.case import Actor, Incoming, engine, messenger
from workflows.core.decide import decide
from workflows.core.effects import OpenCase, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.messages import message, opening, refusal_of, refused_message, undelivered
from workflows.core.program import Program

ORDER = """
process: order
data:
  shop: {type: text}
  when: {type: instant}
  lines:
    type: list
    of: record
    fields: {no: {type: int}, qty: {type: int}, made: {type: instant}, secret: {type: text}}
links:
  parcel: {process: parcel, each: lines, when: item.qty > 0,
           key: "case.key + '-' + string(item.no)", child: true,
           data: {qty: item.qty, place: "string(item.index)"}}
  book: {process: book, key: data.shop, tell: note, start: if_absent, data: {shop: data.shop},
         event: {order: case.key, lines: data.lines, at: data.when}, undelivered: not_booked}
  close: {process: book, key: data.shop, tell: shut, start: never}
  lost: {process: parcel, each: lines, key: "case.key + '-' + string(item.no)", tell: cancel,
         start: never}
states:
  open:
    title: Open
    on:
      send: {open: parcel, tell: book, to: sent}
      shut: {tell: close, to: sent}
      stop: {when: event.why != '', form: {why: {type: text}}, tell: lost, to: sent}
  sent:
    title: Sent
    on:
      arrived: {from: parcel, form: {place: {type: text}}, set: {shop: actor.id}}
      poke: {from: parcel, by: boss}
      again: {tell: [book, close]}
      not_booked:
        by: system
        form: {target: {type: text}, code: {type: text}, detail: {type: text}}
        set: {shop: "event.target + ' ' + event.code"}
"""
PARCEL = """
process: parcel
data: {qty: {type: int, required: true, max: 50}, place: {type: text}}
links:
  back: {process: order, key: "case.key.split('-')[0]", tell: arrived, event: {place: data.place},
         start: never}
states:
  packed: {title: Packed, on: {deliver: {tell: back, to: there}, cancel: {from: order, to: there}}}
  there: {title: There, closed: true}
"""
BOOK = """
process: book
data: {shop: {type: text}, orders: {type: list, of: text, max_items: 2}, at: {type: instant},
       lines: {type: list, of: record, fields: {no: {type: int}, made: {type: instant}}}}
states:
  open:
    title: Open
    on:
      note:
        from: order
        form:
          order: {type: text, required: true}
          at: optional
          lines: {type: list, of: record, fields: {no: {type: int}, made: {type: instant}}}
        checks:
          - {when: "!(event.order in data.orders)", refuse: {zh: 已登记, en: booked already}}
          - {when: size(data.orders) < 2, refuse: {zh: 已满, en: the book is full}}
        set: {orders: "data.orders + [event.order]"}
        extend: {lines: event.lines}
      shut: {from: order, by: boss, to: done}
  done: {title: Done, closed: true}
"""
RULES = Rules.of([model(ORDER), model(PARCEL), model(BOOK)])
START = "start: {at: 2026-11-09T10:00+08:00, key: O1, data: {shop: S, lines: LINES}}\n"
LINES = (
    "[{no: 1, qty: 2, made: '2026-11-01T08:00+08:00', secret: x}, {no: 2, qty: 0}, {no: 3, qty: 1}]"
)


def played(steps: str, start: str = START) -> tuple[CoreRunner, Outcome]:
    text = f"scenario: orders\nprocess: order\n{start.replace('LINES', LINES)}steps:\n{steps}"
    runner = CoreRunner(RULES)
    return runner, rehearse_with(parse_scenario(text.encode(), "o.yaml"), RULES, runner)


def kinds(outcome: Outcome, step: int) -> list[tuple[str, str, str]]:
    """Case, kind and name of the rows of a step."""
    return [(case, row.kind, row.name) for case, row in outcome.steps[step].rows]


def test_one_case_for_each_record_and_a_message_that_opens_its_target() -> None:
    runner, outcome = played("""
  - at: +1h
    send: send
    expect:
      state: sent
      cases: [{key: O1-1, state: packed, data: {qty: 2, place: '1'}},
              {key: O1-3, data: {place: '3'}}, {process: book, key: S}]
  - {case: 'book:S', expect: {data: {orders: [O1], shop: S,
      lines: [{no: 1, made: '2026-11-01T08:00+08:00'}, {no: 2}, {no: 3}]}}}
""")
    assert outcome.passed, outcome.steps
    assert kinds(outcome, 1) == [
        ("order:O1", "event", "send"),
        ("order:O1", "link", "parcel"),
        ("order:O1", "link", "parcel"),
        ("order:O1", "link", "book"),
        ("parcel:O1-1", "opened", "parcel"),
        ("parcel:O1-3", "opened", "parcel"),
        ("book:S", "opened", "book"),
        ("book:S", "event", "note"),
    ]
    rows = [row for _, row in outcome.steps[1].rows]
    assert rows[3].data == {"key": "S", "link": "book", "event": "note"}
    assert (rows[6].event_id, rows[7].event_id) == ("order:O1/1/5/start", "order:O1/1/5")
    assert (rows[6].actor, rows[6].roles) == ("order:O1", ("system",))
    assert (rows[7].actor, rows[7].roles) == ("order:O1", ("process:order",))
    assert runner.case("book:S").origin == "order:O1"
    assert {row.at for row in rows} == {t("9 11:00")}


def test_the_other_case_answers_and_knows_who_asked() -> None:
    _, outcome = played("""
  - {at: +1h, send: send}
  - {at: +1h, case: 'parcel:O1-3', send: deliver, expect: {state: there, ended: true}}
  - {expect: {data: {shop: 'parcel:O1-3'}}}
""")
    assert outcome.passed, outcome.steps
    assert kinds(outcome, 2)[-1] == ("order:O1", "event", "arrived")


def test_only_the_processes_named_may_send_a_message() -> None:
    _, outcome = played("""
  - {at: +1h, send: send, expect: {events: [poke, again, not_booked]}}
  - {send: arrived, refused: role_not_allowed}
  - {send: arrived, by: {id: b, roles: [boss]}, refused: role_not_allowed}
  - {send: arrived, message: {from: 'book:S'}, refused: role_not_allowed}
  - send: arrived
    message: {from: 'parcel:X'}
    data: {place: P}
    expect: {data: {shop: 'parcel:X'}}
  - {send: poke, message: {from: 'parcel:X'}}
  - {send: poke, by: {id: b, roles: [boss]}}
  - {send: poke, by: {id: b, roles: [agent]}, refused: role_not_allowed}
""")
    assert outcome.passed, outcome.steps
    view = outcome.steps[1].seen.view
    assert view is not None
    assert "arrived" not in [event.name for event in view.events], "nobody can send it"


def test_a_message_that_is_refused_leaves_a_row_on_both_sides() -> None:
    _, outcome = played(
        """
  - {at: +1h, send: send}
  - {at: +1h, send: again, expect: {data: {shop: 'book:S guard_refused'}}}
"""
    )
    assert outcome.passed, outcome.steps
    assert kinds(outcome, 2) == [
        ("order:O1", "event", "again"),
        ("order:O1", "link", "book"),
        ("order:O1", "link", "book"),
        ("book:S", "refused", "note"),
        ("order:O1", "undelivered", "book"),
        ("order:O1", "event", "not_booked"),
        ("book:S", "event", "shut"),
        ("book:S", "ended", "book"),
    ]
    rows = [row for _, row in outcome.steps[2].rows]
    assert rows[3].data == {
        "code": "guard_refused",
        "message": "booked already: note",
        "from": "order:O1",
    }
    assert rows[4].data == {
        "key": "S",
        "link": "book",
        "event": "note",
        "code": "guard_refused",
        "why": "booked already: note",
    }
    key = rows[3].event_id
    assert (rows[5].event_id, rows[5].actor) == (f"{key}/undelivered", "order:O1")
    assert rows[5].roles == ("system",)


def test_a_case_that_is_absent_or_has_ended_is_not_reached() -> None:
    runner, outcome = played("""
  - {at: +1h, send: shut}
  - {case: 'book:S', expect: {answer: {}}}
""")
    assert [one for one in kinds(outcome, 1) if one[1] != "link"][-1] == (
        "order:O1",
        "undelivered",
        "book",
    )
    assert outcome.steps[1].rows[-1][1].data["code"] == "unknown_case"
    assert "book:S" not in runner.world
    _, outcome = played("""
  - {at: +1h, send: send}
  - {case: 'book:S', send: shut, by: {id: b, roles: [boss]}, expect: {ended: true}}
  - {send: again}
""")
    assert kinds(outcome, 3)[3:] == [
        ("book:S", "undelivered", "note"),
        ("order:O1", "undelivered", "book"),
        ("order:O1", "event", "not_booked"),
        ("book:S", "undelivered", "shut"),
        ("order:O1", "undelivered", "book"),
    ]


def test_a_case_that_cannot_be_opened_is_a_trouble_unless_the_process_sees_to_it() -> None:
    start = START.replace("LINES", "[{no: 1, qty: 99}]")
    _, outcome = played("  - {at: +1h, send: send}\n", start)
    (trouble,) = outcome.steps[1].differences
    assert "could not reach parcel:O1-1" in str(trouble)
    assert ("order:O1", "undelivered", "parcel") in kinds(outcome, 1)


def test_nothing_is_asked_for_if_the_event_is_refused() -> None:
    world = World(RULES["order"])
    world.start("9 10:00", shop="S", lines=[{"no": 1}])
    world.refused("9 11:00", "stop", why="")
    assert not world.requests
    assert world.refused("9 11:00", "send").code == "expression_failed", "no quantity"
    world.send("9 11:00", "stop", why="it rains")
    (told,) = world.requests
    assert isinstance(told, Tell)
    assert (told.event, told.target, told.start) == ("cancel", "parcel:K-1-1", None)


def test_cases_that_never_stop_talking_are_stopped() -> None:
    ping = """
process: ping
links: {other: {process: ping, key: "case.key == 'A' ? 'B' : 'A'", tell: hit}}
states: {open: {title: Open, on: {hit: {tell: other}}}}
"""
    rules = Rules.of([model(ping)])
    text = """
scenario: ping
process: ping
start: {at: 2026-11-09T10:00+08:00, key: A}
steps: [{at: +1h, send: hit}, {at: +1h}]
"""
    outcome = rehearse_with(parse_scenario(text.encode(), "p.yaml"), rules, CoreRunner(rules))
    (trouble,) = outcome.steps[1].differences
    assert str(MOST_REQUESTS) in str(trouble)
    assert not outcome.steps[2].differences


# --- what every shell shares ----------------------------------------------------------------

NOTE = Tell("k", "book", "S", "note", {"order": "O1"}, "order:O1", 4, t("9 11:00"), {}, "book")


def receiver() -> World:
    world = World(RULES["book"])
    world.start("9 10:00")
    return world


def refuse(program: Program, world: World, told: Incoming) -> IllegalEvent:
    with pytest.raises(IllegalEvent) as refused:
        decide(program, world.case, told, t("9 11:00"))
    return refused.value


def test_a_refusal_is_remembered_and_a_retry_hears_of_it() -> None:
    world, program = receiver(), RULES["book"]
    told = message(program, replace(NOTE, data={}))
    error = refuse(program, world, told)
    first = refused_message(program, world.case, told, error, t("9 11:00"))
    assert [row.kind for row in first.rows] == ["refused"]
    assert (first.status, refusal_of(first)) == ("refused", ("data_invalid", error.message))
    again = decide(program, first.case, told, t("9 12:00"))
    assert (again.status, again.rows) == ("duplicate", ())
    assert refusal_of(again) == ("data_invalid", error.message)
    assert refused_message(program, first.case, told, error, t("9 12:00")).rows == ()
    taken = decide(program, world.case, message(program, NOTE), t("9 12:00"))
    assert refusal_of(taken) is None


def test_the_sender_hears_once_of_what_was_not_delivered() -> None:
    world = World(RULES["order"])
    world.start("9 10:00", shop="S")
    world.send("9 11:00", "send")
    (told,) = world.requests
    assert isinstance(told, Tell)
    first = undelivered(world.program, world.case, told, "unavailable", "no", t("9 12:00"))
    assert [row.kind for row in first.rows] == ["undelivered", "event"]
    assert first.case.data["shop"] == "book:S unavailable"
    assert first.rows[1].data["detail"] == "no"
    again = undelivered(world.program, first.case, told, "unavailable", "no", t("9 12:00"))
    assert (again.status, again.case, again.rows) == ("duplicate", first.case, ())
    quiet = undelivered(
        world.program, world.case, replace(told, undelivered=""), "gone", "no", t("9 12:00")
    )
    assert [row.kind for row in quiet.rows] == ["undelivered"]
    assert quiet.case.data == world.case.data


def test_a_sender_that_refuses_to_hear_writes_that_down() -> None:
    world = World(RULES["order"])
    world.start("9 10:00", shop="S")
    wanted = replace(NOTE, key="order:K-1/1/9", origin="order:K-1", undelivered="not_booked")
    first = undelivered(world.program, world.case, wanted, "gone", "no", t("9 12:00"))
    assert [(row.kind, row.name) for row in first.rows] == [
        ("undelivered", "book"),
        ("refused", "not_booked"),
    ]
    assert first.rows[1].data["code"] == "not_allowed_here"
    again = undelivered(world.program, first.case, wanted, "gone", "no", t("9 12:00"))
    assert again.rows == ()


def test_a_case_whose_last_word_came_to_nothing_takes_that_up() -> None:
    program = Program(
        model("""
process: note
data: {lost: {type: text}}
links: {book: {process: book, key: "'S'", tell: note, event: {order: case.key}, undelivered: lost}}
clocks: {again: {title: Again, kind: reply, budget: 2 hours, start: lost, stop: said, ladder: plan}}
states:
  open: {title: Open, on: {say: {tell: book, to: said}}}
  said: {title: Said, closed: true, on: {said: {}}}
anywhere:
  lost: {by: system, within: any, form: {code: {type: text}}, set: {lost: event.code}}
""")
    )
    world = World(program)
    world.start("9 10:00")
    world.send("9 11:00", "say")
    assert world.case.ended is not None
    (told,) = world.requests
    assert isinstance(told, Tell)
    heard = undelivered(program, world.case, told, "gone", "no", t("9 12:00"))
    assert [(row.kind, row.name) for row in heard.rows] == [
        ("undelivered", "book"),
        ("event", "lost"),
    ]
    # A duty began, so the case lives on until that is done.
    assert (heard.case.ended, heard.case.data) == (None, {"lost": "gone"})
    world.case = heard.case
    world.send("9 13:00", "said")
    assert world.case.ended == t("9 13:00")


def test_a_message_may_have_been_long_on_its_way() -> None:
    world, program = receiver(), RULES["book"]
    told = message(program, replace(NOTE, at=world.case.opened))
    late = decide(program, world.case, told, t("9 11:00") + 30 * 86_400)
    assert late.status == "accepted"
    assert late.rows[-1].at == world.case.opened


def test_a_case_that_is_told_late_settles_first() -> None:
    program = Program(
        model("""
process: book
clocks:
  answer: {title: Answer, kind: reply, budget: 1 hours, start: opened, ladder: plan}
states: {open: {title: Open, on: {note: {by: boss, form: {order: {type: text}}}}}}
""")
    )
    world = World(program)
    world.start("9 10:00")
    told = message(program, NOTE)
    error = refuse(program, world, told)
    refused = refused_message(program, world.case, told, error, t("9 12:00"))
    assert [row.kind for row in refused.rows] == ["rung", "breach", "rung", "refused"]
    assert refused.rows[-1].at == t("9 12:00")


def test_who_lapsed_is_told_that_it_is_too_late() -> None:
    program = Program(
        model(
            """
process: book
tolerance: 1 minutes
clocks:
  right: {title: Right, kind: cut_off, budget: 1 hours, start: opened, lapse: {to: gone}}
states:
  open: {title: Open, on: {note: {form: {order: {type: text}}}, shut: {to: gone}}}
  gone: {title: Gone, closed: true}
"""
        )
    )
    world = World(program)
    world.start("9 10:00")
    world.look("9 12:00")
    assert world.case.ended is not None
    told = message(program, replace(NOTE, at=t("9 13:00")))
    error = IllegalEvent("case_ended")
    late = refused_message(program, world.case, told, error, t("9 13:00"))
    assert [(row.kind, row.clock) for row in late.rows] == [("late_rejected", "right")]
    unknown = replace(told, name="sing", id="x")
    never = refused_message(program, world.case, unknown, error, t("9 13:00"))
    assert [row.kind for row in never.rows] == ["undelivered"]


def test_how_a_case_opens_for_another() -> None:
    program = RULES["parcel"]
    data: dict[str, Any] = {"qty": 1}
    asked = OpenCase("k", "parcel", "P", data, "order:O1", 3, t("9 11:00"), actor="ann")
    told = opening(program, asked)
    assert told == Incoming("start", "k", Actor("ann", ("system",)), data, t("9 11:00"))
    begun = opening(program, replace(NOTE, start={"qty": 1}))
    assert begun == Incoming("start", "k/start", engine("order:O1"), data, t("9 11:00"))
    assert opening(program, replace(NOTE, start=None)) is None
    assert message(RULES["book"], NOTE).actor == messenger("order:O1")
