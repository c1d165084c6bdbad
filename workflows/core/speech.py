"""What a turn says: notices to roles.

What it is: effects made from what has just been decided; personal fields are left out of them.
What it is not: delivery, or the resolution of roles to people.
Who may import it: the core.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from definitions.text import Text
from workflows.core.effects import Notify
from workflows.core.turn import Turn

_NAME = re.compile(r"\b(data|event|case)\s*\.\s*(\w+)", re.ASCII)


def address(turn: Turn, kind: str) -> None:
    """Address the notices of what has just been decided."""
    for index, notice in enumerate(turn.said):
        facts = facts_of(turn, notice.text)
        for role in notice.to:
            notify(
                turn,
                key=f"{turn.case.id}/{turn.case.number}/{turn.seq}/{index}/{role}",
                kind=kind,
                to=turn.role(role),
                title=turn.program.process.title,
                text=notice.text,
                facts=facts,
                urgent=notice.urgent,
            )
    turn.said = []


def facts_of(turn: Turn, text: Text) -> dict[str, dict[str, Any]]:
    """Of what may be said, that which a text names: a notice carries no more than it says."""
    spoken = spoken_of(text)
    known = {"data": public_data, "event": public_event, "case": case_facts}
    found = {of: known[of](turn) for of in known if of in spoken}
    return {
        of: {name: value for name, value in values.items() if name in spoken[of]}
        for of, values in found.items()
    }


@lru_cache(maxsize=1024)
def spoken_of(text: Text) -> Mapping[str, frozenset[str]]:
    """The names that a text speaks, by what they belong to."""
    found: dict[str, set[str]] = {}
    for of, name in _NAME.findall(f"{text.zh} {text.en}"):
        found.setdefault(of, set()).add(name)
    return {of: frozenset(names) for of, names in found.items()}


def notify(turn: Turn, *, title: Text, text: Text | None = None, **more: Any) -> None:
    """Add one notice to one role."""
    attributes = turn.program.process.attributes
    turn.notices.append(
        Notify(
            case=turn.case.id,
            process=turn.case.process,
            at=turn.at,
            seq=turn.seq,
            number=turn.case.number,
            zone=turn.program.zone,
            organisation=str(turn.data.get(attributes.organisation or "") or ""),
            region=str(turn.data.get(attributes.region or "") or ""),
            assignee=turn.owner if more["to"] == turn.owner_role else "",
            title=plain(title),
            text=None if text is None else plain(text),
            **more,
        )
    )


def public_data(turn: Turn) -> dict[str, Any]:
    """Case data without personal fields."""
    public = turn.program.public_fields
    return {k: v for k, v in turn.data.items() if k in public}


def public_event(turn: Turn) -> dict[str, Any]:
    """Event data without personal fields; a stored field follows the case's."""
    hidden = turn.program.personal_fields(turn.name)
    kept = {k: v for k, v in turn.event.items() if k not in hidden}
    return {**kept, "at": turn.at, "name": turn.name, "actor": turn.actor.id}


def case_facts(turn: Turn) -> dict[str, Any]:
    """What a text may say of the case itself."""
    return {
        "key": turn.case.key,
        "state": turn.state,
        "opened_at": turn.case.opened,
        "number": turn.case.number,
        "closed": turn.closed is not None,
    }


def plain(text: Text) -> dict[str, str]:
    """Words in both languages as an effect holds them."""
    return {"zh": text.zh, "en": text.en}
