"""Search attributes: what lists of cases show and filter by, also while no worker runs.

What it is: their names and types, and their values as a function of a case's view. At most ten
Keyword and three of each other type fit a namespace, and none may be named Status.
What it is not: personal. Attributes are never encrypted, so a person's id is not among them.
Who may import it: the shell and the composition, which registers them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from workflows.core.effects import CaseView

MAX_BYTES = 200

PROCESS = SearchAttributeKey.for_keyword("CaseProcess")
STATE = SearchAttributeKey.for_keyword("CaseState")
WAITING_FOR = SearchAttributeKey.for_keyword("CaseWaitingFor")
OWNER_ROLE = SearchAttributeKey.for_keyword("CaseOwnerRole")
ORGANISATION = SearchAttributeKey.for_keyword("CaseOrganisation")
PRIORITY = SearchAttributeKey.for_keyword("CasePriority")
CLOCK_STATUS = SearchAttributeKey.for_keyword("CaseClockStatus")
PROBLEM = SearchAttributeKey.for_keyword("CaseProblem")
LEVEL = SearchAttributeKey.for_keyword("CaseLevel")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("CaseNextDeadline")
OVERDUE = SearchAttributeKey.for_bool("CaseOverdue")

KEYS: tuple[SearchAttributeKey[Any], ...] = (
    PROCESS,
    STATE,
    WAITING_FOR,
    OWNER_ROLE,
    ORGANISATION,
    PRIORITY,
    CLOCK_STATUS,
    PROBLEM,
    LEVEL,
    NEXT_DEADLINE,
    OVERDUE,
)
Values = dict[SearchAttributeKey[Any], Any]


def values(view: CaseView, problems: Mapping[str, str]) -> Values:
    """The attributes of a case; None where it has none."""
    due = view.next_due
    texts = {
        PROCESS: view.process,
        STATE: view.state,
        WAITING_FOR: ",".join(view.waiting_for),
        OWNER_ROLE: view.owner_role,
        ORGANISATION: view.organisation,
        PRIORITY: view.priority,
        CLOCK_STATUS: clock_status(view),
        PROBLEM: ",".join(sorted(problems)),
        LEVEL: view.level,
    }
    found: Values = {key: cut(text, MAX_BYTES) or None for key, text in texts.items()}
    found[NEXT_DEADLINE] = None if due is None else datetime.fromtimestamp(due, UTC)
    found[OVERDUE] = view.overdue
    return found


def clock_status(view: CaseView) -> str:
    """none, paused, overdue, warned or ok: the worst of the open clocks, timers aside."""
    owed = [clock for clock in view.clocks if clock.promise]
    running = [clock for clock in owed if clock.phase in ("running", "paused")]
    if not running:
        return "none"
    if view.overdue:
        return "overdue"
    if all(clock.phase == "paused" for clock in running):
        return "paused"
    return "warned" if view.level else "ok"


def known(attributes: TypedSearchAttributes, process: str) -> Values:
    """What a run of that process was started with. The process does not change: a run that was
    started with attributes, but before this one was among them, goes on without it."""
    held: Values = dict.fromkeys(KEYS)
    held.update({pair.key: pair.value for pair in attributes if pair.key in held})
    if held[STATE] is not None:
        held[PROCESS] = process
    return held


def changes(before: Values, after: Values) -> list[SearchAttributeUpdate[Any]]:
    """What must be upserted to get from one to the other."""
    return [
        key.value_unset() if value is None else key.value_set(value)
        for key, value in after.items()
        if before.get(key) != value
    ]


def at_start(view: CaseView) -> TypedSearchAttributes:
    """The first attributes, given by whoever starts the case: cheaper than an upsert."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(key, value)
            for key, value in values(view, {}).items()
            if value is not None
        ]
    )


def to_plain(attributes: TypedSearchAttributes) -> dict[str, Any]:
    """Attributes as plain values by name."""
    return {
        pair.key.name: pair.value.isoformat() if isinstance(pair.value, datetime) else pair.value
        for pair in attributes
    }


def from_plain(plain: Mapping[str, Any]) -> TypedSearchAttributes:
    """Attributes of plain values; names that are not ours are left out."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(
                key,
                datetime.fromisoformat(plain[key.name])
                if key is NEXT_DEADLINE
                else plain[key.name],
            )
            for key in KEYS
            if key.name in plain
        ]
    )


def cut(text: str, size: int) -> str:
    """The text in at most so many bytes of UTF-8, cut between two characters."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= size else data[:size].decode("utf-8", "ignore")
