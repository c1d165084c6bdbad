"""A journal is played again line for line, with what was refused and what was not delivered."""

from dataclasses import asdict
from typing import Any

from definitions.bundle import pin
from surfaces.ledger import Ledger, replayed
from tests.core.world import World, model, process, t
from workflows.core.case import Actor, Incoming
from workflows.core.decide import Decision, decide
from workflows.core.effects import Compute, Tell
from workflows.core.errors import IllegalEvent
from workflows.core.messages import answer, message, refused_message, undelivered

BODY = """
data: {total: {type: int}, at: {type: instant}, why: {type: text}}
computations: {price: {input: {at: {type: instant}}, output: {total: {type: int, required: true}}}}
links: {other: {process: sample, key: "'B'", tell: note, start: never, undelivered: lost}}
clocks:
  answer: {title: Answer, kind: reply, budget: 2 hours, start: opened, stop: done, ladder: plan}
states:
  open:
    title: Open
    on:
      note: {from: sample, form: {at: required}}
      ask: {form: {at: required}, tell: other, to: priced}
      lost: {by: system, form: {code: {type: text}}}
  priced:
    title: Priced
    call: {computation: price, input: {at: data.at}}
    on:
      again: {to: priced}
      done: {set: {total: event.total}, to: open}
      failed: {set: {total: 0}, to: open}
      lost: {by: system, form: {detail: {type: text}}, set: {why: event.detail}}
"""


class Shell(World):
    """A case to which things happen that only a shell can tell."""

    def decide(self, at: str, incoming: Incoming) -> Decision:
        try:
            return self._keep(decide(self.program, self.case, incoming, t(at)))
        except IllegalEvent as refused:
            return self._keep(refused_message(self.program, self.case, incoming, refused, t(at)))

    def ask(self, at: str) -> None:
        data = {"at": "2026-11-09T08:00:00+08:00"}
        self.decide(at, Incoming("ask", f"ask {at}", Actor("agent1", ("agent",)), data))

    def told(self, at: str) -> None:
        note = Tell(f"sample:B/1/{at}", "sample", "K-1", "note", {}, "sample:B", 4, t(at))
        self.decide(at, message(self.program, note))

    def lost(self, at: str) -> None:
        wanted = [one for one in self.requests if isinstance(one, Tell)][-1]
        self._keep(undelivered(self.program, self.case, wanted, "unknown_case", "no", t(at)))

    def answered(self, at: str, output: dict[str, Any]) -> None:
        call = [one for one in self.requests if isinstance(one, Compute)][-1]
        self.decide(at, answer(self.program, call, output))


def test_a_journal_with_refusals_is_played_again() -> None:
    shell = Shell(process(BODY))
    shell.start("9 10:00")
    shell.told("9 11:00")
    shell.ask("9 11:10")
    shell.lost("9 11:11")
    shell.told("9 13:30")
    shell.send("9 13:31", "again")
    shell.answered("9 13:32", {"total": "?"})
    shell.ask("9 14:00")
    shell.answered("9 14:01", {"total": 3})
    assert [(row.kind, row.name) for row in shell.rows if row.kind not in ("rung", "breach")] == [
        ("opened", "sample"),
        ("refused", "note"),
        ("event", "ask"),
        ("link", "sample"),
        ("call", "price"),
        ("undelivered", "sample"),
        ("event", "lost"),
        ("refused", "note"),
        ("event", "again"),
        ("call", "price"),
        ("event", "failed"),
        ("event", "ask"),
        ("link", "sample"),
        ("call", "price"),
        ("event", "done"),
    ]
    assert shell.case.data["why"] == "no"
    assert [row.seq for row in shell.rows] == [*range(1, len(shell.rows) + 1)]
    journal = tuple(asdict(row) for row in shell.rows)
    _, case = replayed(Ledger("sample:K-1", 1, pin(model(BODY)), journal))
    assert (case.seq, case.state) == (shell.case.seq, shell.case.state)
    assert (case.data, case.cycles) == (shell.case.data, shell.case.cycles)
