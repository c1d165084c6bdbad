"""What an event does to a case: forms, roles, guards, tasks, owner, the end, and ids."""

from typing import Any

import pytest

from tests.core.world import World, process, said_to, t
from workflows.core.decide import MAX_ANSWERS
from workflows.core.errors import IllegalEvent

BODY = """
data:
  name: {type: text, required: true}
  level: {type: int, default: 4}
  region: {type: text, derive: region}
  secret: {type: text, internal: true}
  phone: {type: text, personal: true}
  days: {type: list, of: text, max_items: 2, internal: true}
  calls: {type: list, of: record, max_items: 2, internal: true,
          fields: {by: {type: text}, late: {type: bool}}}
  total: {type: int, internal: true}
  accused: {type: text}
tables:
  region:
    inputs: {level: data.level}
    output: text
    rows: [{when: {level: "<= 2"}, then: north}, {then: south}]
start: {by: agent, when: "data.name != 'nobody'", refuse: {zh: 无此人, en: nobody is nobody}}
forbid:
  - {when: "data.accused != '' && actor.id == data.accused",
     refuse: {zh: 须回避, en: the accused may not act}, unless: [note]}
clocks:
  work: {title: Work, kind: resolution, budget: 8 hours, start: opened, stop: finish}
  monthly: {title: Monthly, kind: reply, budget: 10 days, start: closed, stop: called}
  outliving: {title: Outliving, kind: reply, budget: 10 days, start: opened, outlives: true,
              stop: called}
states:
  working:
    title: Working
    actor: team_a
    on:
      check:
        by: [agent, boss]
        form: {level: required, ok: {type: bool}}
        when: data.level > 1
        refuse: {zh: 级别不足, en: the level is too low}
        branches:
          - {when: event.ok, to: sorting, set: {total: data.level * 2}}
          - {when: data.level == 9, to: finished}
      finish: {to: finished, notify: [{to: [client, assignee, owner],
               text: {zh: 完成, en: "Done {{ data.name }}"}}]}
      call: {append: {calls: {by: actor.id, late: "event.at > now"}}}
      add_day: {set: {days: "data.days + [local_date(event.at)]", total: "size(data.days)"}}
      take: {owner: actor.id, by: [boss, agent]}
      phone_in: {form: {phone: required}, notify: [{to: boss, text: {zh: 来电, en: Call}}]}
      twice: {set: {total: 3, secret: "string(data.total)"}}
  sorting:
    title: Sorting
    auto:
      - {when: data.total > 10, to: finished}
      - {to: deciding}
  deciding: {title: Deciding, on: {back: {to: working}}}
  finished: {title: Finished, closed: true, on: {called: {}}}
anywhere:
  note: {form: {remark: {type: text}}}
  convert: {to: finished, unless: [deciding]}
"""


def opened(**data: Any) -> World:
    world = World(process(BODY))
    world.start("9 10:00", **({"name": "Li"} | data))
    return world


class TestOpening:
    def test_data_are_filled(self) -> None:
        assert opened().case.data == {"name": "Li", "level": 4, "region": "south"}
        assert opened(level=1).case.data["region"] == "north"
        assert opened(region="east").case.data["region"] == "east"

    @pytest.mark.parametrize(
        ("data", "by", "code"),
        [
            ({}, "agent", "data_invalid"),
            ({"name": "Li", "secret": "x"}, "agent", "data_invalid"),
            ({"name": "Li"}, "boss", "role_not_allowed"),
            ({"name": "nobody"}, "agent", "guard_refused"),
        ],
    )
    def test_it_may_be_refused(self, data: dict[str, Any], by: str, code: str) -> None:
        world = World(process(BODY))
        with pytest.raises(IllegalEvent) as refusal:
            world.start("9 10:00", by=by, **data)
        assert refusal.value.code == code

    def test_every_fault_is_listed(self) -> None:
        with pytest.raises(IllegalEvent) as refusal:
            World(process(BODY)).start("9 10:00", level="x", other=1)
        assert {fault["field"] for fault in refusal.value.facts["errors"]} == {
            "name",
            "level",
            "other",
        }


class TestRefusals:
    """Each changes nothing: `refused` compares the case before and after."""

    @pytest.mark.parametrize(
        ("event", "by", "data", "code"),
        [
            ("nonsense", "agent", {}, "unknown_event"),
            ("back", "agent", {}, "not_allowed_here"),
            ("check", "team_a", {"level": 3, "ok": True}, "role_not_allowed"),
            ("check", "agent", {"ok": True}, "data_invalid"),
            ("check", "agent", {"level": 1, "ok": True}, "guard_refused"),
            ("check", "agent", {"level": 3, "ok": False}, "guard_refused"),
        ],
    )
    def test_codes(self, event: str, by: str, data: dict[str, Any], code: str) -> None:
        assert opened().refused("9 11:00", event, by=by, **data).code == code

    def test_it_says_what_was_possible(self) -> None:
        refusal = opened().refused("9 11:00", "back")
        assert refusal.facts["state"] == "working"
        assert refusal.facts["possible"][:2] == ["check", "finish"]
        assert "cannot 'back' in 'working'" in str(refusal)

    def test_it_says_the_process_own_words(self) -> None:
        refusal = opened().refused("9 11:00", "check", level=1, ok=True)
        assert (refusal.text.zh, refusal.text.en) == ("级别不足", "the level is too low")

    def test_a_prohibition_comes_before_every_event(self) -> None:
        world = opened(accused="agent1")
        assert world.refused("9 11:00", "call").code == "forbidden"
        world.send("9 11:00", "note")
        world.send("9 11:00", "call", by="boss")

    def test_lists_have_a_maximum(self) -> None:
        world = opened()
        for minute in (1, 2):
            world.send(f"9 10:0{minute}", "call")
            world.send(f"9 10:0{minute}", "add_day")
        assert world.refused("9 11:00", "call").code == "list_full"
        assert world.refused("9 11:00", "add_day").code == "list_full"


class TestMoves:
    def test_branches_are_tried_in_order(self) -> None:
        world = opened()
        world.send("9 11:00", "check", level=9, ok=False)
        assert world.case.state == "finished"

    def test_automatic_states_run_on_to_one_that_waits(self) -> None:
        world = opened()
        world.send("9 11:00", "check", level=3, ok=True)
        assert (world.case.state, world.case.data["total"]) == ("deciding", 6)
        assert [visit.state for visit in world.case.visits] == ["working", "sorting", "deciding"]
        far = opened()
        far.send("9 11:00", "check", level=6, ok=True)
        assert far.case.state == "finished"

    def test_expressions_see_what_was_set_before(self) -> None:
        world = opened()
        world.send("9 11:00", "add_day")
        world.send("10 00:30", "add_day")
        assert world.case.data["days"] == ["2026-11-09", "2026-11-10"]
        assert world.case.data["total"] == 2
        world.send("10 00:40", "twice")
        assert world.case.data["secret"] == "3"

    def test_records_are_appended(self) -> None:
        world = opened()
        world.send("9 11:00", "call", by="boss")
        assert world.case.data["calls"] == [{"by": "boss1", "late": False}]

    def test_events_accepted_anywhere(self) -> None:
        world = opened()
        world.send("9 11:00", "check", level=3, ok=True)
        assert world.refused("9 11:00", "convert").code == "not_allowed_here"
        world.send("9 11:00", "back")
        world.send("9 11:00", "convert")
        assert world.refused("9 11:10", "note").code == "not_allowed_here"

    def test_notices_name_roles(self) -> None:
        world = opened()
        decision = world.send("9 11:00", "finish")
        assert said_to(decision.notices) == [
            ("event", "client"),
            ("event", "agent"),  # nobody acts in the finished state: the owner
            ("event", "agent"),
        ]
        assert len({notice.key for notice in decision.notices}) == 3
        assert decision.notices[0].facts["data"]["name"] == "Li"

    def test_personal_fields_are_in_no_notice_and_no_view(self) -> None:
        world = opened()
        decision = world.send("9 11:00", "phone_in", phone="13800000000")
        assert world.case.data["phone"] == "13800000000"
        assert "13800000000" not in str(decision.notices)
        assert "phone" not in decision.view.data

    def test_the_first_of_the_owning_role_stays_owner(self) -> None:
        world = opened()
        assert (world.case.owner, world.case.owner_role) == ("agent1", "agent")
        world.send("9 11:00", "take", by="boss")
        assert (world.case.owner, world.case.owner_role) == ("boss1", "boss")


class TestTheEnd:
    def test_closing_cancels_what_does_not_outlive_it(self) -> None:
        world = opened()
        world.send("9 11:00", "convert")
        phases = {c.clock: c.phase for c in world.case.cycles}
        assert phases == {"work": "cancelled", "outliving": "running", "monthly": "running"}
        assert (world.case.closed, world.case.ended) == (t("9 11:00"), None)

    def test_it_ends_when_the_last_duty_is_done(self) -> None:
        world = opened()
        world.send("9 11:00", "finish")
        world.send("12 10:00", "called")
        assert world.case.ended == t("12 10:00")
        assert world.kinds()[-1] == "ended"
        assert world.decisions[-1].view.events == ()
        assert world.decisions[-1].view.next_wakeup is None
        assert world.refused("12 11:00", "called").code == "case_ended"

    def test_a_final_state_without_duties_ends_at_once(self) -> None:
        body = BODY.replace("start: closed", "start: back").replace("outlives: true", "each: false")
        world = World(process(body))
        world.start("9 10:00", name="Li")
        world.send("9 11:00", "finish")
        assert world.case.ended == t("9 11:00")


class TestIds:
    def test_a_repeated_event_gets_the_first_answer(self) -> None:
        world = opened()
        first = world.send("9 11:00", "call", event_id="x")
        before = world.case
        again = world.send("9 12:00", "call", event_id="x")
        assert (again.status, again.answer, again.rows) == ("duplicate", first.answer, ())
        assert world.case == before

    def test_of_old_answers_a_case_keeps_the_essentials(self) -> None:
        world = opened()
        sent = [world.send("9 11:00", "twice", event_id=f"x{n}") for n in range(MAX_ANSWERS + 1)]
        old, kept = sent[0].answer, sent[1].answer
        assert world.send("9 12:00", "twice", event_id="x1").answer == kept
        again = world.send("9 12:00", "twice", event_id="x0")
        essentials = {word: old[word] for word in ("case", "seq", "status", "state")}
        assert (again.status, again.answer) == ("duplicate", essentials)
        assert essentials != old
        assert world.refused("9 12:00", "convert", event_id="x0").code == "event_id_conflict"

    def test_it_is_answered_even_where_it_is_no_longer_possible(self) -> None:
        world = opened()
        world.send("9 11:00", "convert", event_id="x")
        world.send("9 11:05", "called")
        assert world.send("20 12:00", "convert", event_id="x").status == "duplicate"

    def test_other_content_is_refused(self) -> None:
        world = opened()
        world.send("9 11:00", "note", event_id="x", remark="a")
        refusal = world.refused("9 11:00", "note", event_id="x", remark="b")
        assert refusal.code == "event_id_conflict"
        assert world.refused("9 11:00", "call", event_id="start").code == "event_id_conflict"

    def test_a_refused_id_is_free(self) -> None:
        world = opened()
        world.refused("9 11:00", "back", event_id="x")
        assert world.send("9 11:00", "call", event_id="x").status == "accepted"

    def test_events_without_an_id_are_all_new(self) -> None:
        world = opened()
        world.send("9 11:00", "note", event_id="", remark="a")
        assert world.send("9 11:00", "note", event_id="", remark="a").status == "accepted"

    def test_answers_are_short(self) -> None:
        answer = opened().send("9 11:00", "call", event_id="x").answer
        assert answer["state"] == "working"
        assert answer["status"] == "accepted"
        assert len(str(answer).encode()) < 1024


TASKS = """
data: {level: {type: int}, opinions: {type: list, of: text, internal: true}}
states:
  working:
    title: Working
    on: {ask: {to: joint, form: {level: optional}}}
  joint:
    title: Joint
    tasks:
      first: {title: First, role: team_a, budget: 2 hours, ladder: plan,
              form: {text: {type: text, required: true}},
              set: {opinions: "data.opinions + [event.text]"},
              when: "!has(data.level) || data.level > 0"}
      second: {title: Second, role: team_b, budget: 3 hours, ladder: plan,
               when: "!has(data.level) || data.level > 1"}
    on: {all_done: {to: asked}, give_up: {to: working}, hurry: {when: tasks.open == 1, to: asked}}
  asked: {title: Asked, closed: true}
"""


class TestTasks:
    def asked(self, body: str = TASKS, **data: Any) -> World:
        world = World(process(body))
        world.start("9 10:00")
        world.send("9 11:00", "ask", **data)
        return world

    def test_each_has_its_clock_and_its_people(self) -> None:
        world = self.asked()
        assert (world.due("first"), world.due("second")) == ("11-09 13:00", "11-09 14:00")
        assert world.decisions[-1].view.waiting_for == ("team_a", "team_b")
        world.look("9 13:00")
        assert said_to(world.notices) == [("remind", "team_a"), ("superior", "boss")]

    def test_when_all_are_done_it_moves_on(self) -> None:
        world = self.asked()
        world.send("9 12:00", "first", by="team_a", text="fine")
        assert (world.case.state, world.phase("first")) == ("joint", "met")
        assert world.refused("9 12:01", "first", by="team_a", text="x").code == "not_allowed_here"
        assert world.refused("9 12:01", "second", by="team_a").code == "role_not_allowed"
        world.send("9 12:10", "second", by="team_b")
        assert (world.case.state, world.case.data["opinions"]) == ("asked", ["fine"])

    def test_any_of_them_may_do(self) -> None:
        world = self.asked(TASKS.replace("all_done", "any_done"))
        world.send("9 12:00", "second", by="team_b")
        assert (world.case.state, world.phase("first")) == ("asked", "cancelled")

    def test_leaving_drops_them(self) -> None:
        world = self.asked()
        world.send("9 12:00", "give_up")
        assert world.phase("first") == "cancelled"
        assert world.case.tasks == ()
        world.send("9 13:00", "ask")
        assert (world.cycle("first").n, world.due("first")) == (2, "11-09 15:00")

    def test_a_guard_may_count_them(self) -> None:
        world = self.asked()
        assert world.refused("9 12:00", "hurry").code == "guard_refused"
        world.send("9 12:00", "second", by="team_b")
        world.send("9 12:00", "hurry")
        assert world.case.state == "asked"

    def test_only_those_needed_are_opened(self) -> None:
        world = self.asked(level=1)
        assert [task.task for task in world.case.tasks] == ["first"]

    def test_where_none_is_needed_nobody_waits(self) -> None:
        assert self.asked(level=0).case.state == "asked"

    def test_an_old_task_event_is_refused(self) -> None:
        body = TASKS.replace("budget: 2 hours", "budget: 20 days") + "tolerance: 1 hours\n"
        world = self.asked(body)
        refusal = world.refused("9 13:00", "second", by="team_b", occurred="9 11:59")
        assert refusal.code == "too_old"


LINKS = """
data: {part: {type: text}}
links:
  return: {process: part_return, key: "case.key + '-R'", data: {part: data.part, at: event.at}}
  report: {process: report, key: case.key, planned: true, available: false}
states:
  working: {title: Working, on: {send_back: {open: return}, report: {open: report}}}
"""


def test_links_open_other_cases() -> None:
    world = World(process(LINKS))
    world.start("9 10:00", part="pump")
    world.send("9 11:00", "send_back")
    opened = world.opened[0]
    assert (opened.process, opened.business_key) == ("part_return", "K-1-R")
    assert opened.data == {"part": "pump", "at": t("9 11:00")}
    assert opened.origin == "sample:K-1"
    assert world.rows[-1].kind == "link"
    assert world.refused("9 12:00", "report").code == "target_unavailable"


def test_a_process_may_live_round_the_clock() -> None:
    body = LINKS + "calendar: always\n"
    world = World(process(body))
    world.start("9 10:00")
    assert world.decisions[-1].view.zone == "Asia/Shanghai"
