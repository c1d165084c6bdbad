"""What is said of a message that was refused fits where it is said."""

import json
from dataclasses import replace

from tests.core.world import World, process, t
from workflows.core.amend import amend
from workflows.core.case import Actor, Incoming, messenger
from workflows.core.effects import Tell
from workflows.core.errors import IllegalEvent
from workflows.core.messages import refusal_of, refused_message, undelivered

NAMED = "".join(f"      event_with_a_long_name_{n}: {{by: boss}}\n" for n in range(30))
SHORT = f"""
data: {{shop: {{type: text}}, why: {{type: text}}}}
links: {{book: {{process: book, key: data.shop, tell: note, start: never, undelivered: lost}}}}
states:
  open:
    title: Open
    on:
      tell: {{tell: book}}
      lost:
        by: system
        form: {{detail: {{type: text, max_length: 20}}}}
        set: {{why: event.detail}}
{NAMED}"""


def world() -> World:
    made = World(process(SHORT))
    made.start("9 10:00", shop="S")
    return made


def test_the_reason_is_cut_to_what_the_event_may_say() -> None:
    case = world()
    case.send("9 11:00", "tell")
    (told,) = case.requests
    assert isinstance(told, Tell)
    done = undelivered(case.program, case.case, told, "no", "x" * 300, t("9 11:01"))
    assert [row.kind for row in done.rows] == ["undelivered", "event"]
    assert done.case.data["why"] == "x" * 20
    assert done.rows[0].data["why"] == "x" * 300


def test_a_refusal_is_told_in_less_than_a_kilobyte() -> None:
    case = world()
    case.send("9 11:00", "tell")
    assert len(case.decisions[-1].answer["events"]) == 24
    incoming = Incoming("note", "k/1/2", messenger("order:O"), {}, t("9 11:00"))
    error = IllegalEvent("guard_refused", detail="no " * 500)
    refused = refused_message(case.program, case.case, incoming, error, t("9 11:01"))
    assert len(json.dumps(refused.answer)) < 1000
    assert refused.answer["state"] == "open"
    code, why = refusal_of(refused) or ("", "")
    assert (code, len(why)) == ("guard_refused", 500)
    assert refused.case.seen[-1].answer == refused.answer


ENDED = """
clocks:
  claim: {title: Claim, kind: cut_off, budget: 5 hours, start: opened, lapse: {to: lost}}
  after: {title: After, kind: reply, budget: 90 days, start: enter lost, outlives: true,
          stop: thanked}
states:
  open: {title: Open, on: {note: {}}}
  lost: {title: Lost, closed: true, on: {thanked: {}}}
"""


def test_a_late_message_under_rules_without_the_state_before_is_simply_not_delivered() -> None:
    case = World(process(ENDED))
    case.start("9 10:00")
    case.look("30 10:00")
    assert (case.case.state, case.case.lapse, case.case.ended) == ("lost", None, None)
    new = process(ENDED.replace("  open: {", "  begun: {"))
    boss = Actor("boss1", ("boss",))
    case.case = amend(case.program, new, case.case, t("30 11:00"), boss, "x", "a1").case
    case.program = new
    case.send("30 12:00", "thanked")
    assert case.case.ended is not None
    incoming = Incoming("note", "k/1/2", messenger("order:O"), {})
    error = IllegalEvent("case_ended")
    (row,) = refused_message(new, case.case, incoming, error, t("30 13:00")).rows
    assert row.kind == "undelivered"
    assert replace(row, seq=0).data["from"] == "order:O"
