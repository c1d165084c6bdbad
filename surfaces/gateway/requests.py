"""How a request is read: caps, media type and strict JSON, before anything else looks at it.

What it is: `Capped`, an ASGI layer that holds no more of a body than may be sent; `StrictRoute`,
the routes' class, which reads JSON as the command line does (UTF-8, no key twice, no NaN).
What it is not: the shape of a body; the models say that.
Who may import it: the gateway and its routers.
"""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surfaces.gateway.problems import BadRequest, answer

MAX_BODY: Final = 1024 * 1024
"""Twice what a start may hold, so that the case says what is too much."""
MAX_TARGET: Final = 8 * 1024
_BODIES: Final = frozenset({"POST", "PUT", "PATCH"})


class Capped:
    """Reads a body up to the cap, then hands it on whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = _target(scope)
        body = b""
        if refused is None:
            body, refused = await _body(scope, receive)
        if refused is not None:
            await answer(refused, Request(scope), {"Connection": "close"})(scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


def _target(scope: Scope) -> BadRequest | None:
    length = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    return BadRequest(f"an address of {length} bytes is too long") if length > MAX_TARGET else None


async def _body(scope: Scope, receive: Receive) -> tuple[bytes, BadRequest | None]:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared[:20]) > MAX_BODY:
        return b"", _too_large()
    held = bytearray()
    while True:
        message = await receive()
        held += message.get("body", b"")
        if len(held) > MAX_BODY:
            return b"", _too_large()
        if not message.get("more_body", False):
            return bytes(held), None


def _too_large() -> BadRequest:
    return BadRequest(
        f"a body of more than {MAX_BODY} bytes is not read",
        code="payload_too_large",
        hint="send less; refer to attachments by links",
        facts={"limit": MAX_BODY},
    )


class _StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            self._strict = strict_json(await self.body())
        return self._strict


class StrictRoute(APIRoute):
    """A route whose body, if it has one, is strict JSON under its own name."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(plain: Request) -> Response:
            request = _StrictRequest(plain.scope, plain.receive)
            if request.method in _BODIES and self.body_field is not None:
                media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if media != "application/json":
                    raise BadRequest(
                        f"a body of the type {media[:100]!r} is not read here",
                        code="media_type_unsupported",
                        hint="send `Content-Type: application/json`",
                    )
                await request.json()
            return await handler(request)

        return strict


def strict_json(data: bytes) -> Any:
    """The value of a JSON text. Raises `BadRequest`."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_no_number
        )
        if b"\\u" in data:
            # An escape may be half of a surrogate pair, which nobody could write down again.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeDecodeError:
        raise BadRequest("the body is not UTF-8", hint="send JSON in UTF-8") from None
    except UnicodeEncodeError:
        raise BadRequest("half of a surrogate pair is no character", hint="send text") from None
    except RecursionError:
        raise BadRequest("the body is nested too deep", hint="send less deep JSON") from None
    except ValueError as broken:
        said = str(broken).partition(";")[0]
        raise BadRequest(f"the body is no JSON: {said}", hint="send a JSON object") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that stands twice one value would silently be lost."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice")
    return made
