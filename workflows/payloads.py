"""What crosses the border of a case: its start, an event's argument, and the JSON of both.

What it is: the one data converter of worker, starter and links (plain readable JSON, fields in
their order, values that equal their default left out), the shapes that senders write, and their
decoding with typed errors. Any SDK's plain JSON is understood.
What it is not: judgement; the core judges.
Who may import it: the shell and the surfaces.

A value left out is read back as its default, so a default in the core's dataclasses, once
released, keeps its meaning.
"""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError

from definitions.bundle import digest_of, unpin
from definitions.model import Process
from definitions.problems import DuecourseError
from workflows.core.case import Actor, Case, Incoming
from workflows.core.effects import Compute, Fill, Notify, OpenCase, Request, Tell
from workflows.core.program import Program

MAX_EVENT_BYTES = 256 * 1024
MAX_START_BYTES = 512 * 1024
MAX_HANDED_ON = 2 * 1024 * 1024
MAX_DETAIL = 2000
LATEST = 32_503_680_000
"""The first instant of the year 3000: what lies as far ahead, or before 1970, is a slip."""
MAX_LISTED = 20
_KEY = re.compile(r"[0-9A-Za-z\u4e00-\u9fff](?:[0-9A-Za-z\u4e00-\u9fff._@+-]{0,78}[^\W])?")
_KEY_HINT = "letters, digits, Chinese characters and . _ @ + - inside, at most 80 of them"
_HINTS: Mapping[str, str] = {
    "payload_invalid": "an event is one JSON object: {id, by: {id, roles}, data, occurred_at}",
    "start_invalid": "a start is one JSON object: {key, data, actor: {id, roles}, occurred_at}",
}
_LIMITS: Mapping[str, int] = {
    "payload_invalid": MAX_EVENT_BYTES,
    "start_invalid": MAX_START_BYTES,
}
T = TypeVar("T")


class BadPayload(DuecourseError):
    """The caller's fault: what was sent is not what belongs there."""

    code = "payload_invalid"


# --- JSON -----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def adapter(kind: Any) -> TypeAdapter[Any]:
    """The reader and writer of a type; making one is slow."""
    return TypeAdapter(kind)


class ReadableJson(JSONPlainPayloadConverter):
    """Plain JSON in UTF-8, keys in their order."""

    def to_payload(self, value: Any) -> Payload | None:
        if isinstance(value, PinnedRules):
            return value.payload
        return Payload(metadata={"encoding": b"json/plain"}, data=_json(value))

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        return adapter(Any if type_hint is None else type_hint).validate_json(payload.data)


def _json(value: Any) -> bytes:
    kind: Any = type(value)
    if isinstance(value, list | tuple) and value and dataclasses.is_dataclass(value[0]):
        kind = tuple[type(value[0]), ...]  # type: ignore[misc]
        value = tuple(value)
    elif not dataclasses.is_dataclass(value):
        return to_json(value)
    return adapter(kind).dump_json(value, exclude_defaults=True)


class ReadableConverter(CompositePayloadConverter):
    """Temporal's own converters, with the JSON one replaced."""

    def __init__(self) -> None:
        own = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(
            *(ReadableJson() if isinstance(one, JSONPlainPayloadConverter) else one for one in own)
        )


class ReadableFailures(DefaultFailureConverter):
    """Temporal's own; but a refusal is no fault of the program, and has no stack."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        super().to_failure(exception, payload_converter, failure)
        refused = isinstance(exception, ApplicationError) and exception.non_retryable
        if refused and exception.__cause__ is None:
            failure.stack_trace = ""


DATA_CONVERTER = DataConverter(
    payload_converter_class=ReadableConverter, failure_converter_class=ReadableFailures
)
"""For every client and worker of this program."""


# --- rules ----------------------------------------------------------------------------------

_RULES = "rules"


@dataclass(frozen=True, slots=True)
class PinnedRules:
    """Rules as the argument of a case: people read which they are; the rules themselves travel
    beside that, in the metadata, since pages of bytes would hide what matters."""

    said: str
    data: bytes

    @property
    def payload(self) -> Payload:
        """As it travels."""
        encoding = {"encoding": b"json/plain", _RULES: self.data}
        return Payload(metadata=encoding, data=to_json(self.said))


def rules_argument(rules: bytes, process: Process) -> PinnedRules:
    """The argument for a process's pinned rules."""
    title = process.title
    digest = digest_of(rules)[:12]
    return PinnedRules(f"规则 {title.zh} · {title.en} v{process.version} · {digest}", rules)


def pinned_in(argument: RawValue) -> bytes:
    """The rules in an argument."""
    payload = argument.payload
    return payload.metadata.get(_RULES, payload.data)


class Rules(NamedTuple):
    """Pinned rules, ready to run; shared by all cases of this process under them."""

    program: Program
    pinned: bytes
    digest: str


@lru_cache(maxsize=128)
def rules_of(pinned: bytes) -> Rules:
    """The rules in pinned bytes. Raises `BundleInvalid`."""
    return Rules(Program(unpin(pinned)), pinned, digest_of(pinned))


# --- starts ---------------------------------------------------------------------------------

Id = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Moment = str | Annotated[int, Strict()]
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class By:
    """Who sends."""

    __pydantic_config__ = _CLOSED
    id: Id = ""
    roles: Annotated[tuple[Id, ...], Field(max_length=50)] = ()

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.roles)


@dataclass(frozen=True, slots=True)
class Limits:
    """After how much a run continues as a new one. A run keeps those it was started with, or a
    replay would decide otherwise."""

    __pydantic_config__ = _CLOSED
    events: Annotated[int, Field(ge=12)] = 1000
    updates: Annotated[int, Field(ge=1)] = 1500
    signals: Annotated[int, Field(ge=1)] = 8000


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a run hands to the next one."""

    case: Case
    shift: int
    problems: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    """Names of signals that were refused and not yet sent anew."""
    notices: tuple[Notify, ...] = ()
    """Those that were given up."""
    opens: tuple[OpenCase, ...] = ()
    """Requests that were given up: each kind for itself, since a default such as `kind` is not
    written."""
    tells: tuple[Tell, ...] = ()
    computes: tuple[Compute, ...] = ()
    fills: tuple[Fill, ...] = ()

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests that were given up; what one case is asked is in its order again."""
        links: list[OpenCase | Tell] = [*self.opens, *self.tells]
        return (*sorted(links, key=lambda one: one.seq), *self.computes, *self.fills)


@dataclass(frozen=True, slots=True)
class Start:
    """The start of a case, what people read first. Only `key` and `data` are usual from outside;
    `resumed` is written by the case itself."""

    __pydantic_config__ = _CLOSED
    title: str = ""
    key: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    actor: By = By()
    event_id: Id = ""
    occurred_at: Moment | None = None
    origin: Id = ""
    clock_at: Moment | None = None
    number: Annotated[int, Field(ge=1, le=10_000)] = 1
    imported: bool = False
    limits: Limits = Limits()
    resumed: Resumed | None = None


def read_start(raw: RawValue | None, continued: bool = False) -> Start:
    """The start as it was sent, or as the run before handed it on (`continued`): nobody else may
    say how a case stands. Raises `BadPayload` (`start_invalid`, `payload_too_large`)."""
    limit = MAX_HANDED_ON if continued else MAX_START_BYTES
    start: Start = _read(raw, Start, limit, "start_invalid")
    if (start.resumed is not None) != continued:
        raise BadPayload("only a case itself hands on how it stands", code="start_invalid")
    _named("actor", start.actor, "start_invalid")
    return start


def check_key(key: str) -> str:
    """The key, if it is one. Raises `BadPayload` (`key_invalid`)."""
    if not _KEY.fullmatch(key):
        raise BadPayload(
            f"{key[:100]!r} is no case key", code="key_invalid", hint=_KEY_HINT, facts={}
        )
    return key


def from_a_case(actor: Actor) -> bool:
    """Whether another case sends this. A refusal is then written down where it was refused, too."""
    return any(role.startswith("process:") for role in actor.roles)


def case_id(process: str, key: str) -> str:
    """The workflow id of a case. Raises `BadPayload` (`key_invalid`)."""
    return f"{process}:{check_key(key)}"


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventArgument:
    """The one argument of an update or a signal."""

    __pydantic_config__ = _CLOSED
    id: Id = ""
    by: By = By()
    data: dict[str, Any] = field(default_factory=dict)
    occurred_at: Moment | None = None


def read_event(name: str, args: Sequence[RawValue], otherwise_id: str) -> Incoming:
    """The event as it was sent; without an id of its own it has `otherwise_id`. Raises
    `BadPayload` (`payload_invalid`, `payload_too_large`)."""
    if len(args) > 1:
        raise BadPayload(f"'{name}' takes one JSON object", hint="{id, by, data, occurred_at}")
    said: EventArgument = _read(args[0] if args else None, EventArgument, MAX_EVENT_BYTES)
    _named("by", said.by)
    return Incoming(
        name=name,
        id=said.id or otherwise_id,
        actor=said.by.actor,
        data=said.data,
        occurred=instant(said.occurred_at),
    )


def instant(value: str | int | None) -> int | None:
    """Whole seconds since the epoch; fractions are cut off. Raises `BadPayload`."""
    if value is None:
        return None
    seconds = value if isinstance(value, int) else _seconds(value)
    if seconds is None or not 0 <= seconds < LATEST:
        raise BadPayload(
            f"{str(value)[:100]!r} is no instant of the years 1970 to 2999",
            hint="write it as 2026-11-10T09:30:00+08:00",
        )
    return seconds


def _seconds(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else math.floor(moment.timestamp())


def _named(field_name: str, by: By, code: str = BadPayload.code) -> None:
    """Whoever acts in a role has a name: the journal says who did what."""
    if by.roles and not by.id:
        said = f"{field_name}.id: roles are claimed by nobody"
        raise BadPayload(said, code=code, hint=_HINTS[code])


def sendable(value: T, code: str = BadPayload.code) -> T:
    """A start or an event as it is, if it can be read where it is sent to: what would be refused
    there is refused here. Raises `BadPayload`."""
    try:
        data = _json(value)
    except (ValueError, RecursionError):
        raise BadPayload(
            "this is no plain JSON: half of a surrogate pair, or nested too deep",
            code=code,
            hint=_HINTS[code],
        ) from None
    _validated(data, type(value), _LIMITS[code], code)
    return value


def _read(raw: RawValue | None, kind: Any, limit: int, code: str = BadPayload.code) -> Any:
    data = raw.payload.data if raw is not None else b""
    if raw is None or raw.payload.metadata.get("encoding") == b"binary/null":
        data = b"{}"
    return _validated(data, kind, limit, code)


def _validated(data: bytes, kind: Any, limit: int, code: str) -> Any:
    if len(data) > limit:
        raise BadPayload(
            f"{len(data)} bytes are too many",
            code="payload_too_large",
            hint=f"at most {limit} bytes",
            facts={"bytes": len(data), "limit": limit},
        )
    try:
        return adapter(kind).validate_json(data)
    except ValidationError as broken:
        found = [
            {"field": ".".join(map(str, one["loc"])) or "argument", "message": one["msg"]}
            for one in broken.errors(include_url=False, include_context=False, include_input=False)
        ][:MAX_LISTED]
        said = "; ".join(f"{one['field']}: {one['message']}" for one in found)
        raise BadPayload(
            said[:MAX_DETAIL], code=code, hint=_HINTS[code], facts={"errors": found}
        ) from None
