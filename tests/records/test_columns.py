"""Instants are aware and whole, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from activities.records.columns import Instant, to_datetime
from tests.records.build import T0


def test_one_instant_in_any_zone() -> None:
    shanghai = datetime(2026, 11, 10, 9, 30, 0, 999_999, timezone(timedelta(hours=8)))
    assert to_datetime(shanghai) == to_datetime(T0) == datetime(2026, 11, 10, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("wrong", [datetime(2026, 11, 10), 1.5, True, "2026-11-10"])  # noqa: DTZ001
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        to_datetime(wrong)  # type: ignore[arg-type]


def test_sqlite_holds_utc_text_that_sorts_as_time_does() -> None:
    kind, dialect = Instant(), sqlite.dialect()
    texts = [kind.process_bind_param(at, dialect) for at in (-62_135_596_800, -1, 0, T0)]
    assert texts[0] == "0001-01-01T00:00:00Z"
    assert texts[-1] == "2026-11-10T01:30:00Z"
    assert texts == sorted(texts)


def test_a_naive_time_from_a_database_is_refused() -> None:
    with pytest.raises(TypeError, match="naive"):
        Instant().process_result_value(datetime(2026, 11, 10), postgresql.dialect())  # type: ignore[no-untyped-call]  # noqa: DTZ001
