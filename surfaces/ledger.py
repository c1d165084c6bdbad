"""The ledger of a case: its rules and its journal, and the case that follows from them.

What it is: a value that can be exported and read back. Playing its events again through the core
gives the case as it was, so that anybody can recompute a deadline without a server or a database.
What it is not: a source of truth beside the records, from which it is made.
Who may import it: the surfaces.
"""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from definitions.bundle import BundleInvalid, digest_of
from definitions.forms import DataInvalid, check, start_items
from definitions.model import Item
from definitions.problems import DuecourseError
from definitions.sending import as_payload as as_payload
from workflows.core.case import Actor, Case, Incoming
from workflows.core.decide import decide, look, open_case
from workflows.core.errors import IllegalEvent
from workflows.core.program import Program
from workflows.payloads import rules_of

_NOTED = frozenset({"refused", "undelivered", "late_rejected"})
_HINT = "write one with `explain CASE --export FILE`"


class LedgerInvalid(DuecourseError):
    """What was given is no ledger, or its events do not lead to one another under its rules."""

    code = "ledger_invalid"


@dataclass(frozen=True, slots=True)
class Ledger:
    """One case: `journal` rows as the records give them, `pinned` its rules."""

    case: str
    number: int
    pinned: bytes
    journal: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values; the rules in base64."""
        return {
            "case": self.case,
            "number": self.number,
            "digest": digest_of(self.pinned),
            "rules": base64.b64encode(self.pinned).decode(),
            "journal": [dict(row) for row in self.journal],
        }


def read_ledger(path: Path) -> Ledger:
    """A ledger from a file. Raises `LedgerInvalid`."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pinned = base64.b64decode(told["rules"], validate=True)
        journal = tuple(sorted(told["journal"], key=lambda row: int(row["seq"])))
        ledger = Ledger(str(told["case"]), int(told["number"]), pinned, journal)
        digest = told["digest"]
    except OSError as broken:
        raise LedgerInvalid(f"{path} cannot be read: {broken.strerror}", hint=_HINT) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as broken:
        said = f"{type(broken).__name__} {broken}"
        raise LedgerInvalid(f"{path} is no ledger: {said}", hint=_HINT) from None
    if _digest(pinned) != digest:
        raise LedgerInvalid("the rules are not those of the digest", hint=_HINT)
    return ledger


def _digest(pinned: bytes) -> str:
    try:
        return digest_of(pinned)
    except BundleInvalid as broken:
        raise LedgerInvalid(f"the rules cannot be read: {broken.message}", hint=_HINT) from None


def replayed(ledger: Ledger) -> tuple[Program, Case]:
    """The case as its journal makes it, and its rules. Raises `LedgerInvalid`."""
    program = rules_of(ledger.pinned).program
    if any(row["kind"] == "amend" for row in ledger.journal):
        raise LedgerInvalid(
            "the rules of this case were amended; one set of rules cannot replay it"
        )
    case: Case | None = None
    try:
        for number, row in enumerate(ledger.journal):
            if row["kind"] == "opened":
                key = ledger.case.partition(":")[2]
                told = _incoming(row, start_items(program.process))
                case = open_case(
                    program, key, told, row["recorded"], ledger.number, backlog=True
                ).case
            elif row["kind"] == "event" and case is not None:
                told = _incoming(row, _form(program, case.state, row["name"]))
                case = decide(program, case, told, row["recorded"], backlog=True).case
            elif row["kind"] in _NOTED and case is not None:
                # Nothing was done, and yet it has its number: keys count the lines before them.
                case = replace(look(program, case, row["at"]).case, seq=row["seq"])
            elif case is not None and row["at"] > _next_event(ledger.journal[number:]):
                # What was due had been decided when an event came that had occurred before it.
                case = look(program, case, row["recorded"]).case
        if case is None:
            raise LedgerInvalid("the journal has no opening")
        last = max(row["recorded"] for row in ledger.journal)
        return program, look(program, case, max(last, case.settled)).case
    except IllegalEvent as refused:
        raise LedgerInvalid(
            f"the journal cannot be played again: {refused.message}", hint=_HINT
        ) from refused
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        said = f"{type(broken).__name__} {broken}"
        raise LedgerInvalid(f"this is no journal: {said}", hint=_HINT) from broken


def _next_event(rest: Sequence[Mapping[str, Any]]) -> float:
    """The instant at which the next event occurred."""
    return next((row["at"] for row in rest if row["kind"] == "event"), math.inf)


def _incoming(row: Mapping[str, Any], items: Mapping[str, Item]) -> Incoming:
    sent = {name: value for name, value in row["data"].items() if name in items}
    actor = Actor(row["actor"], tuple(row["roles"]))
    return Incoming(row["name"], row["event_id"], actor, as_payload(items, sent), row["at"])


def says_the_same(program: Program, row: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether data, as somebody sends them, are those of an event's row."""
    if row["kind"] != "event":
        return dict(row["data"]) == dict(data)
    items = _form(program, row["previous"], row["name"])
    try:
        sent = check(items, data)
    except DataInvalid:
        return False
    return sent == {name: value for name, value in row["data"].items() if name in items}


def _form(program: Program, state: str, name: str) -> Mapping[str, Item]:
    """The form under which an event was accepted: that of the state, or of the open task, after
    what has become due."""
    event = program.events(state).get(name)
    if event is not None:
        return program.items(event.form)
    return program.items(program.tasks[name].form) if name in program.tasks else {}
