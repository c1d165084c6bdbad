"""Rights that lapse, events that come late, and what is taken back."""

from tests.core.world import World, process, said, said_to, t

BODY = """
clocks:
  answer: {title: Answer, kind: cut_off, budget: 2 hours, start: opened, stop: claim, ladder: plan,
           lapse: {to: forfeited, set: {lost: true}, notify: [{to: client, text: Lost}]}}
  other: {title: Other, kind: resolution, budget: 30 hours, start: opened, stop: settle,
          ladder: plan}
  watch: {title: Watch, kind: reply, budget: 3 days, start: enter forfeited, stop: watched}
data: {lost: {type: bool, internal: true}, remark: {type: text}, amount: {type: int}}
states:
  working: {title: Working, on: {claim: {to: claimed, form: {amount: optional}}, talk: {}}}
  claimed: {title: Claimed, on: {settle: {to: done}}}
  forfeited: {title: Forfeited, closed: true, notify: [{to: boss, text: Gone}],
              on: {watched: {}, reopen: {to: working, reopens: true}}}
  done: {title: Done, closed: true}
anywhere:
  note: {within: any, form: {remark: required}}
""".replace("text: Lost", "text: {zh: 失效, en: Lost}").replace(
    "text: Gone", "text: {zh: 失效, en: Gone}"
)


def lapsed(until: str = "9 13:00") -> World:
    world = World(process(BODY))
    world.start("9 10:00")
    world.look(until)
    return world


class TestALapse:
    def test_the_case_moves_by_itself(self) -> None:
        world = lapsed()
        assert (world.case.state, world.phase()) == ("forfeited", "lapsed")
        assert world.case.data["lost"] is True
        assert world.phase("other") == "cancelled"
        assert world.phase("watch") == "running"
        assert ("lapse", "client") in said_to(world.notices)
        assert ("lapse", "boss") in said_to(world.notices)
        row = next(row for row in world.rows if row.kind == "lapse")
        assert (said(row.at), row.previous, row.state) == ("11-09 12:00", "working", "forfeited")

    def test_it_stays_open_for_the_tolerance(self) -> None:
        world = lapsed("12 13:00")
        world.send("12 13:00", "watched")
        assert world.case.ended is None
        world.look("16 12:00")
        assert said(world.case.ended) == "11-16 12:00"

    def test_an_event_before_it_restores_the_case(self) -> None:
        world = lapsed()
        decision = world.send("9 14:00", "claim", occurred="9 11:50", amount=5)
        assert (world.case.state, world.phase(), world.breached()) == ("claimed", "met", None)
        assert world.phase("other") == "running"
        assert "lost" not in world.case.data
        assert not [c for c in world.case.cycles if c.clock == "watch"]
        assert [row.kind for row in decision.rows] == ["restored", "event", "retraction"]
        assert sorted((n.kind, n.to) for n in decision.notices) == [
            ("retraction", "boss"),  # of the escalation at due
            ("retraction", "boss"),  # of the notice in the forfeited state
            ("retraction", "client"),
        ]
        sent = {notice.key for notice in world.notices}
        assert all(n.key.removesuffix("/retraction") in sent for n in decision.notices)

    def test_an_event_at_its_very_instant_is_in_time(self) -> None:
        world = lapsed()
        world.send("9 14:00", "claim", occurred="9 12:00")
        assert world.case.state == "claimed"

    def test_other_clocks_catch_up_after_the_restoration(self) -> None:
        world = lapsed()
        world.send("11 10:00", "claim", occurred="9 11:50")
        assert world.breached("other") == "11-10 16:00"
        assert world.rungs("other")[0] == ("remind", "11-10 08:30")

    def test_an_event_after_it_is_written_down_and_moves_nothing(self) -> None:
        world = lapsed()
        before = world.case
        decision = world.send("9 14:00", "claim", occurred="9 12:00:01", amount=5)
        assert decision.status == "late_rejected"
        assert [row.kind for row in decision.rows] == ["late_rejected"]
        assert (world.case.state, world.case.cycles) == (before.state, before.cycles)
        again = world.send("9 14:10", "claim", event_id="e1", amount=5)
        assert (again.status, again.rows) == ("duplicate", ())

    def test_an_event_of_the_new_state_is_simply_judged(self) -> None:
        world = lapsed()
        assert world.send("9 14:00", "watched").status == "accepted"
        assert world.case.state == "forfeited"

    def test_an_event_unknown_in_both_states_is_refused(self) -> None:
        assert lapsed().refused("9 14:00", "settle").code == "not_allowed_here"

    def test_what_was_recorded_meanwhile_outlasts_the_restoration(self) -> None:
        world = lapsed()
        world.send("9 13:30", "note", remark="called")
        world.send("9 14:00", "claim", occurred="9 11:50")
        assert world.case.data["remark"] == "called"

    def test_a_case_that_moved_on_keeps_its_lapse(self) -> None:
        world = lapsed()
        world.send("9 13:30", "reopen")
        world.send("9 14:00", "claim", occurred="9 11:50")
        assert "restored" not in world.kinds()
        assert world.case.state == "claimed"

    def test_after_the_tolerance_the_case_has_ended(self) -> None:
        world = lapsed()
        world.send("9 13:30", "watched")
        refusal = world.refused("16 12:00", "claim", occurred="9 11:50")
        assert refusal.code == "case_ended"

    def test_a_late_worker_needs_no_restoration(self) -> None:
        world = World(process(BODY))
        world.start("9 10:00")
        world.send("9 14:00", "claim", occurred="9 11:50")
        assert world.case.state == "claimed"
        assert world.kinds("lapse", "restored", "breach") == []


def test_a_lapse_that_cannot_move_the_case_still_lapses() -> None:
    # The table has no row: a move that cannot be made must not stop time.
    body = BODY.replace("set: {lost: true}", "set: {amount: data.amount / 0}")
    world = World(process(body))
    world.start("9 10:00", amount=1)
    world.look("9 13:00")
    assert (world.phase(), world.case.state) == ("lapsed", "working")
    row = next(row for row in world.rows if row.kind == "lapse")
    assert row.data["failed"] == "expression_failed"


ROLL = """
clocks:
  answer: {title: Answer, kind: cut_off, budget: day 14 of month, start: opened, stop: claim,
           ladder: cut, lapse: {to: gone, roll: next_working_day}}
ladders:
  cut:
    days:
      - {id: before, level: L0, at: 09:00 on the 2nd last working day before due, to: agent}
      - {id: missed, level: L1, at: due, to: boss}
      - {id: last_day, level: L1, at: 09:00 on the forfeit day, to: boss}
states:
  working: {title: Working, on: {claim: {to: done}}}
  done: {title: Done, closed: true}
  gone: {title: Gone, closed: true}
"""


class TestTargetAndForfeiture:
    """14 November 2026 is a Saturday: the right lapses at Monday's end."""

    def world(self) -> World:
        world = World(process(ROLL))
        world.start("2 10:00")
        return world

    def test_the_target_is_the_plain_day(self) -> None:
        world = self.world()
        world.look("17 00:00", over=False)
        assert world.rungs() == [
            ("before", "11-12 09:00"),
            ("missed", "11-15 00:00"),
            ("last_day", "11-16 09:00"),
        ]
        assert world.breached() == "11-15 00:00"
        assert (world.phase(), said(world.cycle().ended)) == ("lapsed", "11-17 00:00")

    def test_between_them_it_is_late_and_not_lost(self) -> None:
        world = self.world()
        world.send("16 23:59:59", "claim")
        assert (world.phase(), world.breached()) == ("met", "11-15 00:00")
        assert world.case.state == "done"

    def test_an_event_at_the_exclusive_instant_is_too_late(self) -> None:
        world = self.world()
        decision = world.send("17 00:00", "claim")
        assert decision.status == "late_rejected"
        assert world.case.state == "gone"

    def test_a_restored_right_keeps_the_breach_of_its_target(self) -> None:
        world = self.world()
        world.look("17 10:00")
        world.send("17 10:00", "claim", occurred="16 10:00")
        assert (world.phase(), world.breached()) == ("met", "11-15 00:00")

    def test_on_a_working_day_both_are_one(self) -> None:
        world = World(process(ROLL.replace("day 14", "day 12")))
        world.start("2 10:00")
        assert world.standing()["last_day"] is None
        world.look("13 00:00")
        assert said(world.cycle().ended) == "11-13 00:00"


TIMED = """
clocks:
  month: {title: Month, kind: timer, budget: day 14 of month, start: opened, stop: claim,
          lapse: {to: gone, roll: next_working_day}}
states:
  working: {title: Working, on: {claim: {to: done}, talk: {}}}
  done: {title: Done, closed: true}
  gone: {title: Gone, closed: true}
"""
BOXED = TIMED.replace("day 14 of month", "2 hours").replace(", roll: next_working_day", "")
OWED = BOXED.replace(
    "clocks:\n",
    "clocks:\n  answer: {title: Answer, kind: reply, budget: 3 hours, start: opened, stop: claim,\n"
    "           ladder: plan}\n",
)


class TestATimer:
    """Time that passes and that nobody owes: the case moves, and nothing is missed."""

    def world(self, body: str = TIMED) -> World:
        world = World(process(body))
        world.start("2 10:00")
        return world

    def gone(self, world: World) -> tuple[str, str, str | None, str | None]:
        cycle = world.cycle(world.case.cycles[-1].clock)
        return world.case.state, cycle.phase, said(cycle.breached), said(cycle.ended)

    def test_it_lapses_and_nothing_is_missed(self) -> None:
        world = self.world()
        world.punctual("17 00:00")
        assert self.gone(world) == ("gone", "lapsed", None, "11-17 00:00")
        assert world.kinds() == ["opened", "lapse"]
        assert not world.decisions[-1].view.overdue

    def test_a_late_worker_decides_the_same(self) -> None:
        late, punctual = self.world(), self.world()
        late.look("21 10:00")
        punctual.punctual("17 00:00")
        punctual.look("21 10:00")
        assert late.case == punctual.case
        assert late.notices == punctual.notices == []

    def test_it_is_due_when_it_lapses(self) -> None:
        world = self.world()
        assert world.due("month") == "11-17 00:00"
        world.look("16 12:00")  # its plain day has gone by
        view = world.decisions[-1].view
        assert (view.next_due, view.overdue, view.next_wakeup) == (None, False, t("17 00:00"))
        assert world.view("month").due == t("17 00:00")
        assert world.kinds() == ["opened"]

    def test_a_stop_is_never_late(self) -> None:
        world = self.world()
        world.send("16 23:59:59", "claim")
        assert (world.phase("month"), world.breached("month")) == ("met", None)
        assert world.kinds("breach") == []

    def test_an_event_at_an_inclusive_instant_comes_before_it(self) -> None:
        world = self.world(BOXED)
        world.send("2 12:00", "claim")
        assert (world.case.state, world.phase("month")) == ("done", "met")
        other = self.world(BOXED)
        other.look("2 12:00")
        assert self.gone(other) == ("gone", "lapsed", None, "11-02 12:00")

    def test_an_event_at_an_exclusive_instant_comes_after_it(self) -> None:
        world = self.world()
        assert world.send("17 00:00", "claim").status == "late_rejected"

    def test_an_event_before_it_restores_the_case(self) -> None:
        world = self.world()
        world.look("17 10:00")
        decision = world.send("17 10:00", "claim", occurred="16 10:00")
        assert [row.kind for row in decision.rows] == ["restored", "event", "ended"]
        assert world.case.state == "done"
        assert (world.phase("month"), world.breached("month")) == ("met", None)

    def test_what_is_due_next_is_a_promise(self) -> None:
        world = self.world(OWED)
        view = world.decisions[-1].view
        assert (view.next_due, view.next_due_clock) == (t("2 13:00"), "answer")
        assert view.next_wakeup == t("2 12:00") + 1
        world.look("2 12:00")
        assert (world.case.state, world.phase("answer")) == ("gone", "cancelled")

    def test_time_that_a_change_of_rules_used_up_lapses_at_the_change(self) -> None:
        body = BOXED.replace("budget: 2 hours", "budget: {table: by_level}")
        body = body.replace("talk: {}", "talk: {set: {level: 1}}") + (
            "data: {level: {type: int, default: 8}}\n"
            "tables:\n  by_level:\n    inputs: {level: data.level}\n    output: budget\n"
            "    rows: [{when: {level: 8}, then: 8 hours}, {then: 2 hours}]\n"
        )
        world = self.world(body)
        world.send("2 15:00", "talk")
        world.look("2 15:00")
        assert self.gone(world) == ("gone", "lapsed", None, "11-02 15:00")
        assert world.kinds("breach") == []

    def test_after_closing_nobody_is_waited_for(self) -> None:
        body = BOXED.replace("start: opened, stop: claim", "start: closed, outlives: true")
        world = self.world(body)
        view = world.send("2 11:00", "claim").view
        assert (view.closed, view.ended, view.waiting_for) == (t("2 11:00"), None, ())
        world.look("2 13:00")
        assert (world.case.state, world.phase("month")) == ("gone", "lapsed")


class TestOccurredAt:
    def started(self) -> World:
        world = World(process(BODY))
        world.start("9 10:00")
        return world

    def test_a_clock_ahead_by_a_minute_is_skew(self) -> None:
        world = self.started()
        world.send("9 11:00", "claim", occurred="9 11:01")
        assert said(world.cycle().ended) == "11-09 11:00"

    def test_more_is_refused(self) -> None:
        refusal = self.started().refused("9 11:00", "claim", occurred="9 11:01:01")
        assert refusal.code == "from_the_future"

    def test_not_before_the_case(self) -> None:
        assert self.started().refused("9 11:00", "claim", occurred="9 09:59").code == "before_case"

    def test_the_opening_may_be_backdated(self) -> None:
        world = World(process(BODY))
        world.start("2 10:00", now="9 10:00")
        assert said(world.case.opened) == "11-02 10:00"

    def test_not_older_than_the_tolerance(self) -> None:
        world = World(process(BODY.replace("budget: 2 hours", "budget: 9 days")))
        world.start("2 10:00")
        assert world.refused("10 11:00", "talk", occurred="3 10:59:59").code == "too_old"
        world.send("10 11:00", "talk", occurred="3 11:00")

    def test_an_event_may_have_a_tolerance_of_its_own(self) -> None:
        world = World(process(BODY.replace("talk: {}", "talk: {tolerance: 1 hours}")))
        world.start("9 10:00")
        assert world.refused("9 11:50", "talk", occurred="9 10:49").code == "too_old"

    def test_it_may_precede_earlier_events(self) -> None:
        world = self.started()
        world.send("9 11:30", "talk")
        world.send("9 11:40", "claim", occurred="9 11:00")
        assert said(world.cycle().ended) == "11-09 11:00"
        events = [row for row in world.rows if row.kind == "event"]
        assert [said(row.at) for row in events] == ["11-09 11:30", "11-09 11:00"]

    def test_reminders_before_due_are_never_retracted(self) -> None:
        world = self.started()
        world.look("9 11:55")
        assert said_to(world.notices) == [("remind", "agent")]
        decision = world.send("9 11:56", "claim", occurred="9 11:00")
        assert decision.notices == ()


def test_an_import_marks_what_is_past_and_sends_nothing() -> None:
    world = World(process(BODY))
    world.start("9 10:00", now="9 11:45", imported=True)
    assert world.notices == []
    assert [(f.rung, f.sent) for f in world.cycle().fired] == [("remind", False)]
    world.look("9 12:00")
    assert said_to(world.notices)[0] == ("superior", "boss")
    late = World(process(BODY))
    late.start("9 10:00", now="10 20:00", imported=True)
    assert late.rungs() == []
    assert said(late.cycle("answer").breached) == "11-09 12:00"


def test_an_opening_reported_late_is_no_import() -> None:
    world = World(process(BODY))
    world.start("9 10:00", now="9 11:45")
    assert said_to(world.notices) == [("remind", "agent")]
    assert t("9 11:45") == world.case.settled


LATE = """
clocks:
  answer: {title: Answer, kind: reply, budget: {table: by_level}, start: opened, stop: close,
           ladder: plan, pause: {states: [waiting]}}
data: {level: {type: int, default: 2}}
tables:
  by_level:
    inputs: {level: data.level}
    output: budget
    rows: [{when: {level: 8}, then: 8 hours}, {then: 2 hours}]
states:
  working: {title: Working, on: {close: {to: done}, ask: {to: waiting}, easier: {set: {level: 8}}}}
  waiting: {title: Waiting, on: {reply: {to: working}}}
  done: {title: Done, closed: true}
"""


class TestWhatWasSaidTooSoon:
    """Looks ran ahead of an event that had occurred: people are told of it, the case is right."""

    def late(self) -> World:
        world = World(process(LATE))
        world.start("9 10:00")
        world.look("9 13:10")  # due 12:00, told again at 13:00
        return world

    def test_a_late_stop_takes_back_what_was_said_after_it(self) -> None:
        world = self.late()
        decision = world.send("9 13:15", "close", occurred="9 12:30")
        assert (world.phase(), world.breached()) == ("met", "11-09 12:00")
        assert [(n.kind, n.rung) for n in decision.notices] == [("retraction", "next")]

    def test_a_late_pause_opens_again_what_was_said_after_it(self) -> None:
        world = self.late()
        decision = world.send("9 13:15", "ask", occurred="9 12:30")
        assert [(n.kind, n.rung) for n in decision.notices] == [("retraction", "next")]
        world.send("9 15:00", "reply")
        world.look("9 16:00")
        assert world.rungs()[-2:] == [("next", "11-09 13:00"), ("next", "11-09 15:30")]
        assert world.breached() == "11-09 12:00"

    def test_rules_that_had_changed_before_the_breach_take_it_back(self) -> None:
        world = self.late()
        world.send("9 13:15", "easier", occurred="9 11:00")
        assert (world.due(), world.breached()) == ("11-09 18:00", None)
        world.look("9 18:00")
        assert world.breached() == "11-09 18:00"
        assert world.rungs()[-1] == ("superior", "11-09 18:00")


def test_a_backlog_is_decided_as_if_there_had_been_no_outage() -> None:
    world = World(process(LATE))
    world.start("9 10:00")
    world.send("9 18:00", "ask", occurred="9 11:00", backlog=True)
    world.send("9 18:00", "reply", occurred="9 16:00", backlog=True)
    world.look("9 18:00")
    assert (world.due(), world.breached()) == ("11-09 17:00", "11-09 17:00")
    assert world.kinds("retraction") == []
