"""Column types of the records: instants, words and names that every database can hold.

What it is: the one place where a value of the effects becomes a value of a database. An instant
(whole seconds since the epoch, UTC) is `timestamptz` on PostgreSQL and ISO text in UTC on SQLite,
and comes back as the same number. Text that PostgreSQL or UTF-8 cannot hold (NUL, lone
surrogates) is written with U+FFFD in its place: such text is refused long before it gets here,
and if it does get here it must not stop a case's records for ever.
What it is not: validation.
Who may import it: the records and their migrations.
"""

import json
import math
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

REPLACEMENT = "\ufffd"
NAME_BYTES = 800
"""Longest name in an index. PostgreSQL refuses index rows over 2704 bytes; ours hold up to three
names."""


def clean_text(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join(REPLACEMENT if "\ud800" <= sign <= "\udfff" else sign for sign in text)
    return text


def clean_name(text: str) -> str:
    """A clean text that fits an index: an over-long one is cut and ends in the digest of all."""
    text = clean_text(text)
    # One sign is at most four bytes: short names need no second look.
    if len(text) <= NAME_BYTES // 4 or len(text.encode()) <= NAME_BYTES:
        return text
    return f"{text[:100]}~{sha256(text.encode()).hexdigest()}"


def clean_json(value: Any) -> Any:
    """The value with every text clean and every number finite (else null)."""
    match value:
        case str():
            return clean_text(value)
        case dict():
            return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def to_json(value: Any) -> str:
    """The value as JSON text that SQLite and PostgreSQL take."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode("utf-8")
    except ValueError:  # a number without an end, or half a surrogate pair
        return json.dumps(clean_json(value), ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in text:  # also where only the characters \u0000 are meant: that costs time only
        return json.dumps(clean_json(value), ensure_ascii=False, separators=(",", ":"))
    return text


def to_datetime(value: int | datetime) -> datetime:
    """The instant as an aware datetime in UTC; a naive datetime or a fraction is refused."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"a naive datetime is no instant: {value!r}")
        return value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an instant is whole seconds since the epoch, not {value!r}")
    return datetime.fromtimestamp(value, UTC)


class Instant(TypeDecorator[int]):
    """Whole seconds since the epoch, held as the database's own kind of time in UTC.

    SQLite has none and drops time zones, so there it is text such as 2026-11-10T01:30:00Z, which
    sorts as time does.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: int | datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        moment = to_datetime(value)
        if dialect.name == "sqlite":
            # isoformat, since strftime writes the year 999 without its leading zero.
            return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        return moment

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return int(to_datetime(moment).timestamp())


class Words(TypeDecorator[str]):
    """Any text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class Name(TypeDecorator[str]):
    """Text that may stand in an index."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_name(value)
