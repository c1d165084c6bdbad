"""Every error as an RFC 9457 problem: `application/problem+json`, with the stable code.

What it is: the one table from codes to HTTP statuses, the shape of a problem, and the handlers that
turn whatever goes wrong into one. `type` is the address of the code's explanation on this server.
What it is not: what a code means (`surfaces.codes`).
Who may import it: the gateway and its routers.

What is wrong on our side is told by its code only: where the database is, and why it is away, is
for the log.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from definitions.problems import DuecourseError
from definitions.text import Lang
from surfaces.codes import CODES
from surfaces.errors import Fault
from surfaces.gateway.language import language

MEDIA: Final = "application/problem+json"
PLACE: Final = "/v1/problems/"
MAX_ERRORS: Final = 100
_TOLD: Final = frozenset(
    {"state", "possible", "by", "known", "near", "ended", "opened", "tolerance", "bytes", "limit"}
)
"""Facts that help a caller to mend what was sent."""

log = structlog.get_logger("gateway")


class BadRequest(DuecourseError):
    """The caller's fault: this is no request that could be read."""

    code = "bad_request"


class UnknownRoute(DuecourseError):
    """The caller's fault: nothing is there."""

    code = "unknown_route"


class MethodNotAllowed(DuecourseError):
    """The caller's fault: something is there, and does not take this method."""

    code = "method_not_allowed"


def _rows(status: int, *codes: str) -> dict[str, int]:
    return dict.fromkeys(codes, status)


STATUS: Final[Mapping[str, int]] = MappingProxyType(
    _rows(400, "bad_request", "bad_cursor", "usage")
    | _rows(401, "key_required")
    | _rows(403, "not_permitted", "role_not_allowed", "forbidden")
    | _rows(404, "unknown_case", "unknown_process", "unknown_clock", "unknown_subject")
    | _rows(404, "nothing_found", "unknown_route", "schedule_missing", "unknown_subscription")
    | _rows(405, "method_not_allowed")
    | _rows(409, "not_allowed_here", "guard_refused", "case_ended", "event_id_conflict", "refused")
    | _rows(409, "case_full", "list_full", "no_such_record", "clock_choice", "amend_impossible")
    | _rows(409, "key_taken", "target_unavailable", "late_rejected", "not_opened", "before_case")
    | _rows(409, "too_old", "from_the_future", "hold_unbounded", "id_mismatch", "rules_mismatch")
    | _rows(409, "clock_at_refused")
    | _rows(413, "payload_too_large", "data_too_large")
    | _rows(415, "media_type_unsupported")
    | _rows(422, "bad_input", "payload_invalid", "start_invalid", "data_invalid", "key_invalid")
    | _rows(422, "key_unusable", "unknown_event", "input_invalid", "bundle_invalid")
    | _rows(422, "definition_invalid", "scenario_invalid")
    | _rows(500, "fault", "internal", "expression_failed", "expression_invalid", "no_row")
    | _rows(500, "no_row_matches", "many_rows_match", "ledger_invalid", "records_conflict")
    | _rows(500, "document_invalid", "computation_failed", "computation_mismatch")
    | _rows(500, "unknown_computation", "settings_invalid", "directory_invalid")
    | _rows(500, "channels_invalid", "keys_invalid", "search_attribute_type", "temporal_missing")
    | _rows(500, "organisations_missing", "schedule_invalid", "schedule_failed")
    | _rows(500, "rehearsal_stalled", "rehearsal_overshot", "rules_unavailable")
    | _rows(500, "channel_permanent", "webhooks_invalid", "no_records")
    | _rows(503, "temporal_unavailable", "records_unavailable", "records_outdated", "unavailable")
    | _rows(503, "unreachable", "not_taken", "notices_pending", "channel_waiting")
    | _rows(503, "channel_retryable", "lease_lost")
    | _rows(504, "no_answer")
)
"""How a code is answered. A case's own trouble (a table without a row) is not the caller's."""


class FieldProblem(BaseModel):
    """One field that cannot be taken."""

    field: str = Field(description="Its way in the body: `data.lines[2].amount`.")
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; `type` is where it is explained."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/v1/problems/not_allowed_here",
                    "title": "当前状态下不能进行此事件",
                    "status": 409,
                    "detail": "当前状态下不能进行此事件",
                    "instance": "/v1/cases/complaint/TS-2026-0001/events",
                    "code": "not_allowed_here",
                    "hint": "用 show 查看当前可进行的事件",
                    "facts": {"state": "received", "possible": ["acknowledge", "withdraw"]},
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    hint: str = ""
    errors: list[FieldProblem] = Field(default=[], description="For forms: every wrong field.")
    facts: dict[str, Any] = Field(default={}, description="What would have been possible.")


_OF_HTTP: Final[Mapping[int, type[DuecourseError]]] = MappingProxyType(
    {400: BadRequest, 404: UnknownRoute, 405: MethodNotAllowed, 415: BadRequest}
)


def status_of(code: str) -> int:
    """The status of a code; one that nobody has listed is our fault."""
    return STATUS.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(error: DuecourseError, lang: Lang, instance: str) -> dict[str, Any]:
    """The error as a problem in one language."""
    status = status_of(error.code)
    known = CODES.get(error.code)
    title = error.code if known is None else known.means.pick(lang)
    told: dict[str, Any] = {
        "type": PLACE + error.code,
        "title": title,
        "status": status,
        "detail": title,
        "instance": instance,
        "code": error.code,
        "hint": "" if known is None else known.do.pick(lang),
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return told
    told["detail"] = _detail(error, lang)
    if error.hint and lang == "en":
        told["hint"] = error.hint
    errors = [_field(one, lang) for one in error.facts.get("errors", ())][:MAX_ERRORS]
    facts = {name: value for name, value in error.facts.items() if name in _TOLD}
    return told | ({"errors": errors} if errors else {}) | ({"facts": facts} if facts else {})


def _detail(error: DuecourseError, lang: Lang) -> str:
    if lang == "en" or not error.facts.get("zh"):
        return _plain(error.message)
    # What a case adds, such as the names of states, is the same in any language.
    more = "" if "errors" in error.facts else error.facts.get("detail") or ""
    return _plain(f"{error.facts['zh']}：{more}" if more else str(error.facts["zh"]))


def _field(one: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    """A wrong field, as forms, cases and payloads each tell it."""
    said = one.get("message", "")
    words = said.get(lang, "") if isinstance(said, Mapping) else one.get(lang) or said
    return {
        "field": _plain(str(one.get("field", ""))),
        "code": str(one.get("code", "invalid")),
        "detail": _plain(str(words)),
    }


def _plain(text: str) -> str:
    """A text that any reader takes: without halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode()


def answer(
    error: DuecourseError, request: Request, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The error as a response."""
    told = problem(error, language(request), _plain(request.url.path))
    more = dict(headers or {})
    if told["status"] == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = "Bearer"
    if told["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        more["Retry-After"] = "5"
    if told["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("gateway.failed", code=error.code, error=error.message, path=told["instance"])
    return JSONResponse(told, told["status"], headers=more, media_type=MEDIA)


def invalid(errors: Sequence[Any]) -> DuecourseError:
    """What does not fit the description of a request."""
    found = [
        {"field": _way(one["loc"]), "code": one["type"], "message": one["msg"]}
        for one in errors[:MAX_ERRORS]
    ]
    said = "; ".join(f"{one['field']}: {one['message']}" for one in found)
    return BadRequest(said, code="bad_input", facts={"errors": found})


def _way(location: Sequence[str | int]) -> str:
    """`data.lines[2]`; the first word says only whether it is of the body or the query."""
    text = ""
    for step in location[1:] or location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text[:200]


def install(app: FastAPI) -> None:
    """Let every error of the app be told as a problem."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DuecourseError)
        return answer(error, request)

    async def misfit(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer(invalid(error.errors()), request)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = _OF_HTTP.get(error.status_code, Fault)
        return answer(kind(str(error.detail)), request, error.headers)

    async def fault(request: Request, error: Exception) -> JSONResponse:
        return answer(Fault(f"{type(error).__name__}: {str(error)[:300]}"), request)

    app.add_exception_handler(DuecourseError, known)
    app.add_exception_handler(RequestValidationError, misfit)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: which problems it may answer, beside what any may."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ANY, *statuses})
    }


_ANY: Final = (400, 401, 403, 422, 500, 503)
