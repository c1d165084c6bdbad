"""What a process may say of what its cases are about, and of how long their files are kept."""

from pathlib import Path

import pytest

from definitions.loader import load
from definitions.problems import DefinitionError

HERE = Path(__file__).parent
GATE = (HERE / "sound" / "gate.yaml").read_text(encoding="utf-8")


def said(more: str) -> list[str]:
    """The problems of the gate with this."""
    text = GATE.replace("owner: keeper\n", f"owner: keeper\n{more}\n", 1)
    text = text.replace("data:\n", "data:\n  day: {type: date}\n", 1)
    assert more in text
    try:
        load(text.encode(), "gate.yaml", HERE)
    except DefinitionError as refused:
        return [f"{found.path} {found.code} {found.message}" for found in refused.problems]
    return []


SOUND = (
    "subjects: {visit: case.key}",
    "subjects: {visit: \"data.kind == 'car' ? case.key : ''\"}",
    "subjects: {kind: data.kind}",
    "subjects: {a: case.key, b: case.key, c: case.key, d: case.key, e: case.key}",
    "retention: {keep: 60 months}",
    "retention: {keep: 60 months, after: data.day, norm: R-ABC-01}",
    "retention: {keep: 1 month, after: local_date(case.opened_at)}",
    "retention: {keep: 1 month, after: \"data.kind == 'car' ? data.day : ''\"}",
)
WRONG: dict[str, str] = {
    "subjects: {visit: data.weight}": "subjects.visit E302",
    "subjects: {visit: data.visits}": "subjects.visit E302",
    "subjects: {visit: data.nothing}": "subjects.visit E301 unknown name 'data.nothing'",
    "subjects: {visit: data.phone}": "subjects.visit E303 data.phone is personal",
    "subjects: {visit: case.state}": "subjects.visit E319 case.state does not stay",
    "subjects: {visit: actor.id}": "subjects.visit E319 actor.id does not stay",
    "subjects: {visit: local_date(now)}": "subjects.visit E319 now does not stay",
    "subjects: {visit: event.name}": "subjects.visit E301",
    "subjects: {Visit: case.key}": "subjects.Visit E105",
    "subjects: {a: case.key, b: case.key, c: case.key, d: case.key, e: case.key, f: case.key}": (
        "subjects E106 6 subjects; a case has at most 5"
    ),
    "retention: {after: data.day}": "retention.keep E103",
    "retention: {keep: 60 days}": "retention.keep E105",
    "retention: {keep: 60 months same_time}": "retention.keep E105",
    "retention: {keep: 60 months, after: data.weight}": "retention.after E302",
    "retention: {keep: 60 months, after: data.phone}": "retention.after E303",
    "retention: {keep: 60 months, after: local_date(now)}": "retention.after E319 now",
    "retention: {keep: 60 months, until: data.day}": "retention.until E101",
}


@pytest.mark.parametrize("more", SOUND)
def test_sound(more: str) -> None:
    assert said(more) == []


@pytest.mark.parametrize("more", WRONG)
def test_wrong(more: str) -> None:
    (only,) = said(more)
    assert only.startswith(WRONG[more])
