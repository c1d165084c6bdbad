"""Column types of the records: instants, words and names that every database can hold.

What it is: the one place where a value of the effects becomes a value of a database. An instant
(whole seconds since the epoch, UTC) is `timestamptz` on PostgreSQL and ISO text in UTC on SQLite,
and comes back as the same number. Text that PostgreSQL or UTF-8 cannot hold (NUL, lone
surrogates) is written with U+FFFD in its place: such text is refused long before it gets here,
and if it does get here it must not stop a case's records for ever.
What it is not: validation.
Who may import it: the records and their migrations.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pydantic_core
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

REPLACEMENT = "\ufffd"
NAME_BYTES = 800
"""Longest name in an index. PostgreSQL refuses index rows over 2704 bytes; ours hold up to three
names."""


def clean_text(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
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
    """The value (plain or a dataclass) as JSON text that SQLite and PostgreSQL take."""
    try:
        text = pydantic_core.to_json(value, inf_nan_mode="null").decode()
    except ValueError:  # half a surrogate pair
        return _cleaned(value)
    # Also where only the characters \\u0000 are meant: that costs time only.
    return _cleaned(value) if "\\u0000" in text else text


def _cleaned(value: Any) -> str:
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return pydantic_core.to_json(clean_json(plain)).decode()


def to_datetime(value: int | datetime) -> datetime:
    """The instant as an aware datetime in UTC; a naive datetime or a fraction is refused."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"a naive datetime is no instant: {value!r}")
        return value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an instant is whole seconds since the epoch, not {value!r}")
    return datetime.fromtimestamp(value, UTC)


def _utc_text(value: int | datetime) -> str:
    # isoformat, since strftime writes the year 999 without its leading zero.
    return to_datetime(value).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


_known_text = lru_cache(maxsize=4096)(_utc_text)


def _text_or_none(value: int | datetime | None) -> str | None:
    if value is None:
        return None
    return _known_text(value) if type(value) is int else _utc_text(value)


def _datetime_or_none(value: int | datetime | None) -> datetime | None:
    return None if value is None else to_datetime(value)


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
        return self.bind_processor(dialect)(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _text_or_none if dialect.name == "sqlite" else _datetime_or_none

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return int(to_datetime(moment).timestamp())


def _clean_or_none(value: str | None) -> str | None:
    return None if value is None else clean_text(value)


def _name_or_none(value: str | None) -> str | None:
    return None if value is None else clean_name(value)


class Words(TypeDecorator[str]):
    """Any text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _clean_or_none(value)

    def bind_processor(self, _: Dialect) -> Callable[[str | None], str | None]:
        return _clean_or_none


class Name(TypeDecorator[str]):
    """Text that may stand in an index."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _name_or_none(value)

    def bind_processor(self, _: Dialect) -> Callable[[str | None], str | None]:
        return _name_or_none
