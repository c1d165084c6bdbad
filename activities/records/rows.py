"""Values of the effects as rows of the tables, and back.

What it is: pure mappings, one for each table.
What it is not: statements.
Who may import it: the records.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from activities.ledger import Delivery
from activities.records.columns import clean_json, clean_name, clean_text
from workflows.core.effects import CaseView, ClockView, Notify, Row, TaskView

SEARCH_LIMIT = 4000
_CASE_COLUMNS = (
    "process",
    "key",
    "state",
    "seq",
    "at",
    "opened",
    "since",
    "closed",
    "ended",
    "hold_until",
    "keep_until",
    "next_wakeup",
    "next_due",
    "overdue",
    "level",
    "owner",
    "owner_role",
    "organisation",
    "region",
    "priority",
    "profile",
    "origin",
)
_ROW_COLUMNS = (
    "seq",
    "kind",
    "name",
    "at",
    "recorded",
    "event_id",
    "actor",
    "roles",
    "data",
    "state",
    "previous",
    "clock",
    "cycle",
    "level",
)
_CLOCK_COLUMNS = tuple(ClockView.__dataclass_fields__)
_TASK_COLUMNS = tuple(TaskView.__dataclass_fields__)
_DELIVERY_COLUMNS = tuple(Delivery.__dataclass_fields__)


def journal(row: Row, case: str, number: int) -> dict[str, Any]:
    return {
        "case_id": case,
        "number": number,
        "revision": 0,
        **{name: getattr(row, name) for name in _ROW_COLUMNS},
        "roles": list(row.roles),
    }


def same_row(kept: Mapping[Any, Any], offered: Mapping[str, Any]) -> bool:
    """Whether a row of the journal says what is offered, as it would be kept."""
    return all(
        kept[name] == (clean_name if name == "event_id" else clean_text)(offered[name])
        if isinstance(offered[name], str)
        else kept[name] == clean_json(offered[name])
        for name in _ROW_COLUMNS
    )


def as_row(kept: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of the journal for readers: a `Row`'s fields with its case, number, revision and
    position."""
    return {
        "case": kept["case_id"],
        "number": kept["number"],
        "revision": kept["revision"],
        "position": kept["position"],
        **{name: kept[name] for name in _ROW_COLUMNS},
    }


def case_link(row: Mapping[Any, Any]) -> dict[str, Any] | None:
    """The link that a row of the journal speaks of, if it does. A row of that kind without a
    link's name only says what became of one."""
    data = row["data"]
    if row["kind"] != "link" or "key" not in data or "link" not in data:
        return None
    return {
        "source": row["case_id"],
        "number": row["number"],
        "seq": row["seq"],
        "target": f"{row['name']}:{data['key']}",
        "link": data["link"],
        "event": data.get("event"),
    }


def case_state(view: CaseView, number: int) -> dict[str, Any]:
    return {
        "case_id": view.case,
        "number": number,
        **{name: getattr(view, name) for name in _CASE_COLUMNS},
        "silent_after": None if view.dwell is None else view.since + view.dwell,
        "search": search_text(view),
        "view": view,
    }


def search_text(view: CaseView) -> str:
    """Everything of a case that a person might look for, case-folded, a line each."""
    words = [
        view.case,
        view.owner,
        view.organisation,
        *view.title.values(),
        *view.state_title.values(),
        *_scalars(view.data),
    ]
    return "\n".join(word for word in words if word).casefold()[:SEARCH_LIMIT]


def _scalars(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _scalars(item)
        case list() | tuple():
            for item in value:
                yield from _scalars(item)
        case None | bool():
            return
        case _:
            yield str(value)


def clock(view: ClockView, case: str, number: int) -> dict[str, Any]:
    return {
        "case_id": case,
        "number": number,
        **{name: getattr(view, name) for name in _CLOCK_COLUMNS},
    }


def task(view: TaskView, case: str, number: int) -> dict[str, Any]:
    return {
        "case_id": case,
        "number": number,
        **{name: getattr(view, name) for name in _TASK_COLUMNS},
    }


def notice(note: Notify, number: int) -> dict[str, Any]:
    return {
        "key": note.key,
        "case_id": note.case,
        "number": number,
        "seq": note.seq,
        "process": note.process,
        "kind": note.kind,
        "role": note.to,
        "at": note.at,
        "due": note.due,
        "clock": note.clock,
        "cycle": note.cycle,
        "rung": note.rung,
        "level": note.level,
        "payload": note,
    }


def delivery(key: str, item: Delivery) -> dict[str, Any]:
    return {"notice_key": key, **{name: getattr(item, name) for name in _DELIVERY_COLUMNS}}


def as_delivery(mark: Mapping[Any, Any]) -> Delivery:
    return Delivery(**{name: mark[name] for name in _DELIVERY_COLUMNS})
