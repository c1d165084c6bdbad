"""A row of the journal as other systems read it, and the event that carries it to them.

What it is: `told`, a row with its instants in ISO 8601; `cloud_event`, that row in a CloudEvent
(1.0, structured JSON); `headers`, its signature.
What it is not: the sending.
Who may import it: the feed, the surfaces.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activities.notices.channels.webhook import sign

SPECIFICATION = "1.0"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "duecourse.case."
TEST_TYPE = "duecourse.test"
WINDOW = 300
"""Seconds by which a receiver should bear a signature's timestamp to be off, and no more."""
MAX_BODY = 512 * 1024
_TOLD = (
    *("id", "cursor", "case", "number", "seq", "revision", "process", "organisation", "kind"),
    *("name", "at", "recorded", "event_id", "actor", "roles", "state", "previous", "clock"),
    *("cycle", "level", "data", "masked"),
)
_INSTANTS = frozenset({"at", "recorded"})


def iso(instant: int) -> str:
    """An instant in UTC: `2026-11-10T01:30:00Z`."""
    return datetime.fromtimestamp(instant, UTC).isoformat().replace("+00:00", "Z")


def told(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the feed as it is told. Values of the process's own fields stay as they are."""
    return {
        name: iso(item[name]) if name in _INSTANTS else item[name] for name in _TOLD if name in item
    }


def cloud_event(item: Mapping[str, Any], source: str) -> bytes:
    """The event of a row. Its `id` is the same however often it is sent. Data that are too large to
    be sent are left out, and `cut` says so; `GET /v1/journal` has them."""
    row = told(item)
    event = {
        "specversion": SPECIFICATION,
        "id": item["id"],
        "source": source,
        "type": PREFIX + item["kind"],
        "subject": item["case"],
        "time": row["at"],
        "datacontenttype": "application/json",
        "partitionkey": item["case"],
        "data": row,
    }
    body = _json(event)
    if len(body) <= MAX_BODY:
        return body
    return _json({**event, "data": {**row, "data": {}, "cut": True}})


def trial_event(source: str, subscription: str, now: int) -> bytes:
    """An event that stands for nothing, to try a receiver."""
    event = {
        "specversion": SPECIFICATION,
        "id": f"test/{subscription}/{now}",
        "source": source,
        "type": TEST_TYPE,
        "subject": "test",
        "time": iso(now),
        "datacontenttype": "application/json",
        "data": {"zh": "测试：请忽略", "en": "a test: please ignore", "subscription": subscription},
    }
    return _json(event)


def headers(secret: str, now: int, body: bytes) -> dict[str, str]:
    """The headers under which a body is sent at `now`."""
    stamp = str(now)
    return {
        "content-type": CONTENT_TYPE,
        "x-duecourse-timestamp": stamp,
        "x-duecourse-signature": f"sha256={sign(secret, stamp, body)}",
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
