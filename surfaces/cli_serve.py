"""`serve` and `keys`: the HTTP gateway, and the keys of those who call it.

What it is: the commands and the gateway's composition. It keeps no state: run as many as you like.
Who may import it: `cli`.
"""

import asyncio
import ipaddress
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from json import dumps
from typing import Annotated, Any, Final, Literal

import uvicorn
from cyclopts import Parameter
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from definitions.text import Name
from surfaces.cases import Cases
from surfaces.errors import BadInput, Exit
from surfaces.gateway.app import create_app
from surfaces.gateway.feed import end_streams
from surfaces.gateway.keys import KeyId, Keys, Right, digest_of, new_key
from surfaces.gateway.services import Services
from surfaces.output import Json, plain, say
from surfaces.settings import BadSettings, Settings, load_settings

MAX_AT_ONCE: Final = 500
"""Requests in hand; more are answered 503 by the server itself."""


def serve(
    *,
    host: Annotated[str, Parameter(help="Where to listen; DUECOURSE_HTTP_HOST if not said.")] = "",
    port: Annotated[int | None, Parameter(help="0 takes a free one.")] = None,
    open: Annotated[  # noqa: A002
        bool, Parameter(negative="", help="Ask nobody for a key: on this machine only.")
    ] = False,
) -> int:
    """Serve the HTTP gateway until interrupted. Its description is at /v1/openapi.json."""
    settings = load_settings()
    where = host or settings.http_host
    keys = _keys(settings, open, where)
    asyncio.run(_serve(settings, keys, where, settings.http_port if port is None else port))
    return Exit.DONE


def _keys(settings: Settings, open_: bool, host: str) -> Keys | None:
    """The keys that are asked for; None where everybody is believed. Raises `BadSettings`."""
    if open_:
        if not _loopback(host):
            raise BadInput(
                f"--open would let anybody who reaches {host} in",
                hint="listen on 127.0.0.1, or name a file of keys by DUECOURSE_API_KEYS",
            )
        return None
    if settings.api_keys is None:
        raise BadSettings(
            "there is no file of API keys",
            hint="set DUECOURSE_API_KEYS (`keys new ID` makes one), or say --open on this machine",
        )
    return Keys.load(settings.api_keys)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(settings: Settings, keys: Keys | None, host: str, port: int) -> None:
    async with Cases(settings) as cases:
        for name in cases.rules.names():
            # Compiled before the first caller waits for it.
            _ = cases.rules[name]
        app = create_app(Services(cases, keys, lambda: int(time.time())))
        server = Server(configured(app, host, port))
        await server.serve()
    if not server.started:
        raise BadSettings(
            f"{host}:{port} cannot be listened on", hint="is the port taken? see --port"
        )


class Server(uvicorn.Server):
    """Ends the streams before it waits for the answers that are under way: those have no end. A
    signal ends the serving, not the program, which closes what it holds and ends with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            end_streams(app)
        await super().shutdown(sockets)


def configured(app: Any, host: str, port: int) -> uvicorn.Config:
    """How uvicorn serves the app."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning" if not sys.stderr.isatty() else "info",
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=MAX_AT_ONCE,
        timeout_graceful_shutdown=20,
    )


def keys(
    action: Literal["new"],
    id: str,  # noqa: A002
    *,
    role: Annotated[list[str] | None, Parameter(help="A role in which it sends; repeat.")] = None,
    right: Annotated[list[Right] | None, Parameter(help="What it may do; repeat.")] = None,
    organisation: Annotated[
        list[str] | None, Parameter(help="Whose cases are its business; none: all. Repeat.")
    ] = None,
    on_behalf: Annotated[
        bool, Parameter(negative="", help="It may name the person who sends.")
    ] = False,
    json: Json = False,
) -> int:
    """Make an API key: it is shown this once, with the lines for the file of keys."""
    _check(KeyId, [id], "an id of a key is letters, digits and . _ -")
    _check(Name, role or [], "a role is lower-case letters, digits and _")
    key = new_key()
    held: dict[str, Any] = {"sha256": digest_of(key)}
    held |= {"roles": list(role or []), "rights": list(right or ["read"])}
    held |= {"organisations": list(organisation or [])}
    held |= {"on_behalf": True} if on_behalf else {}
    result = {"id": id, "key": key, "keys": {id: held}}
    say(result, json, lambda console: _show(console, id, key, held))
    return Exit.DONE


def _check(kind: Any, values: Sequence[str], hint: str) -> None:
    for value in values:
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError:
            raise BadInput(f"{value[:100]!r} cannot be used", hint=hint) from None


def _show(console: Console, id_: str, key: str, held: dict[str, Any]) -> None:
    console.print(plain(f"密钥（只显示这一次） key, shown this once:\n\n{key}\n"))
    console.print(plain("写入密钥文件 for the file of keys (DUECOURSE_API_KEYS):\n"))
    lines = ["keys:", f"  {id_}:"]
    for name, value in held.items():
        said = "true" if value is True else value
        if isinstance(value, list):
            # An organisation may look like a number.
            quoted = name == "organisations"
            words = [dumps(one, ensure_ascii=False) if quoted else one for one in value]
            said = f"[{', '.join(words)}]"
        lines.append(f"    {name}: {said}")
    console.print(plain("\n".join(lines)), soft_wrap=True)
