"""What is sent to the gateway, and what it answers: the models of the description.

What it is: shapes with examples. What it is not: the judgement of data, which is the case's.
Who may import it: the routers of the gateway.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from definitions.text import Name
from surfaces.gateway.problems import BadRequest
from surfaces.instants import EXAMPLE, parse_instant

COMPLAINT: Final[dict[str, Any]] = {
    "process": "complaint",
    "key": "TS-2026-0001",
    "event_id": "crm-88231",
    "occurred_at": "2026-11-10T09:30:00+08:00",
    "by": {"id": "zhang.wei", "roles": ["service_specialist"]},
    "data": {
        "product_line": "loader",
        "channel": "hotline",
        "organisation": "LY01",
        "customer_unit": "洛阳建工机械有限公司",
        "contact_name": "陈建国",
        "contact_phone": "13800000000",
        "machine_model": "LG855N",
        "serial_number": "LG855N-20458",
        "content": "装载机动臂油缸漏油，更换后三天再次漏油，现场停工",
    },
}
EVENT: Final[dict[str, Any]] = {
    "event": "acknowledge",
    "event_id": "crm-88240",
    "occurred_at": "2026-11-10T10:05:00+08:00",
    "by": {"id": "li.na", "roles": ["service_specialist"]},
    "data": {"apology_given": True},
}
ANSWER: Final[dict[str, Any]] = {
    "case": "complaint:TS-2026-0001",
    "seq": 2,
    "status": "accepted",
    "state": "acknowledged",
    "clocks": {"response": "met"},
    "events": ["propose", "withdraw"],
}

Moment = Annotated[
    str, Field(max_length=40, description="ISO 8601 with an offset; now, if not said.")
]
EventId = Annotated[
    str, Field(max_length=200, description="The same id is done once. Made here, if not said.")
]
Case = Annotated[str, Field(description="`process:key`, which is the workflow's id too.")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Body):
    """A person in whose name a key with `on_behalf` sends, in some of the key's roles."""

    # No colon: whoever has one in the name is a case.
    id: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f:]{1,200}$")]
    roles: Annotated[tuple[Name, ...], Field(max_length=50)] | None = Field(
        default=None, description="All of the key's, if not said."
    )


class StartBody(_Body):
    """The opening of a case."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPLAINT]})

    process: Name
    key: Annotated[str, Field(max_length=320, description="The business key: one case for each.")]
    data: dict[str, Any] = {}
    by: Person | None = None
    occurred_at: Moment | None = None
    event_id: EventId = ""
    imported: bool = Field(
        default=False,
        description="A case that has run elsewhere: clocks count from `occurred_at`, however long "
        "ago; reminders that lie in the past are marked and not sent. Needs the right `import`.",
    )


class EventBody(_Body):
    """An event that happens to a case."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENT]})

    event: Annotated[str, Field(max_length=200)]
    data: dict[str, Any] = {}
    by: Person | None = None
    occurred_at: Moment | None = None
    event_id: EventId = ""


def occurred(text: str | None) -> int | None:
    """The instant that a body says. Raises `BadRequest`."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as wrong:
        errors = [{"field": "occurred_at", "code": "not_an_instant", "message": str(wrong)}]
        raise BadRequest(
            str(wrong), code="bad_input", hint=f"such as {EXAMPLE}", facts={"errors": errors}
        ) from None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Opened(_Answer):
    """`existing`: the key's case runs or has ended already, and nothing was opened."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "case": "complaint:TS-2026-0001",
                    "status": "opened",
                    "event_id": "crm-88231",
                    "href": "/v1/cases/complaint/TS-2026-0001",
                }
            ]
        }
    )

    case: Case
    status: Literal["opened", "existing"]
    href: str
    event_id: str | None = None


class Answered(_Answer):
    """What came of an event.

    `late_rejected`: it came after the lapse that ended the case, and was only written down.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [ANSWER]})

    case: Case
    status: Literal["accepted", "duplicate", "late_rejected", "retried"]
    seq: int | None = Field(default=None, description="The row of the journal.")
    state: str | None = None
    clocks: dict[str, str] = Field(default={}, description="The phase of each that changed.")
    events: list[str] = Field(default=[], description="What is possible now.")
    ended: bool = False


class Queued(BaseModel):
    """No worker took the event within 5 seconds: it waits, and is not done. Send it again with the
    same id for its answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"case": "complaint:TS-2026-0001", "status": "queued", "event_id": "crm-88240"}
            ]
        }
    )

    case: Case
    status: Literal["queued"]
    event_id: str


class CaseTold(_Answer):
    """A case as it stands: instants with the offset of its zone, texts in both languages."""

    case: Case
    process: str
    key: str
    state: str
    state_title: dict[str, str]
    opened: str
    organisation: str = ""
    waiting_for: list[str] = Field(default=[], description="Roles that owe the next step.")
    next_due: str | None = None
    next_due_clock: str = ""
    overdue: bool = False
    closed: str | None = None
    ended: str | None = None
    data: dict[str, Any] = {}
    masked: list[str] = Field(default=[], description="Personal fields that are not shown.")
    clocks: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = Field(default=[], description="Possible now, and for whom.")
    problems: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = Field(default=[], description="Cases that it opened or told.")


class CaseList(BaseModel):
    """A page; `cursor` null on the last one."""

    cases: list[CaseTold]
    cursor: str | None


class JournalRow(_Answer):
    """One line of a case's journal: `at` is the instant for which it stands."""

    seq: int
    kind: str
    name: str
    at: str
    recorded: str
    actor: str = ""
    roles: list[str] = []
    data: dict[str, Any] = {}
    state: str = ""


class JournalPage(BaseModel):
    """`after`: what to ask with next; null at the end."""

    case: Case
    rows: list[JournalRow]
    after: int | None


class DocumentTold(_Answer):
    """A document that was printed; `href` is the PDF, for keys with the right `personal`."""

    document: str
    title: dict[str, str]
    printed: str = Field(description="The number on it.")
    at: str
    size: int
    digest: str = Field(description="SHA-256 of the PDF.")
    href: str


class DocumentList(BaseModel):
    case: Case
    documents: list[DocumentTold]


class Explanation(_Answer):
    """How a deadline came about; what the intervals count together is the budget."""

    clock: str
    cycle: int
    title: str
    budget: str
    due: str | None
    stretches: list[dict[str, Any]]


class Explained(BaseModel):
    case: Case
    lang: str
    clocks: list[Explanation]


class StuckList(BaseModel):
    """Cases that need somebody, with every reason, and what is wrong for all of them."""

    cases: list[dict[str, Any]]
    troubles: list[dict[str, str]]


class AboutList(BaseModel):
    """Every case about one thing, the earliest opened first."""

    kind: str
    value: str
    cases: list[dict[str, Any]]
    cursor: str | None


class Dossier(_Answer):
    """The tree of the cases that belong together."""

    case: Case
    top: str
    count: int
    cut: bool
    tree: dict[str, Any]
