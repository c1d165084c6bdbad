"""Real receivers on the loopback: HTTP that answers by a script, and SMTP."""

import asyncio
import contextlib
import json
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.notices.world import settle


@dataclass
class Got:
    """One request as it arrived."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Say:
    """One answer; `hang` never gives one, `drip` one that comes by single bytes and never ends."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drip: bool = False


@dataclass
class Receiver:
    """Answers by the script, then with the last answer again."""

    script: list[Say]
    url: str = ""
    got: list[Got] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Got(first.split(" ")[1], headers, body))
            say = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            await self._say(say, reader, writer)
        finally:
            writer.close()

    async def _say(
        self, say: Say, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = say.body if isinstance(say.body, bytes) else json.dumps(say.body).encode()
        length = 10_000 if say.drip else len(body)
        head = [f"HTTP/1.1 {say.status} X", f"content-length: {length}", "connection: close"]
        head += [f"{key}: {value}" for key, value in say.headers.items()]
        if not say.hang:
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            await writer.drain()
        if say.hang:
            await reader.read()  # Until the other side has had enough.
        while say.drip and not reader.at_eof():
            writer.write(b" ")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await reader.read(1)


@asynccontextmanager
async def receiver(*script: Say) -> AsyncIterator[Receiver]:
    made = Receiver(list(script) or [Say()])
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await _gone()


async def _gone() -> None:
    """Wait until every conversation here has ended: the clients have left already."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)
    await settle()  # What was closed is let go of in the loop's next rounds.


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A port at which somebody listens and never says a word."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _gone()


async def refusing_port() -> int:
    """A port that was free a moment ago, and where nobody listens."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


@dataclass
class PostOffice:
    """An SMTP handler: refuses the recipients and the data that it is told to."""

    refuse: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            parsed = message_from_bytes(content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.got.append(parsed)
            self.to += envelope.rcpt_tos
        return self.data_answer


@asynccontextmanager
async def post_office(
    login: tuple[str, str] | None = None, **more: Any
) -> AsyncIterator[PostOffice]:
    office = PostOffice(**more)

    def check(server: Any, session: Any, envelope: Any, mechanism: Any, data: Any) -> AuthResult:
        said = (data.login.decode(), data.password.decode())
        return AuthResult(success=said == login, handled=False)

    sessions: list[SMTP] = []

    def made() -> SMTP:
        with warnings.catch_warnings():
            # It warns that a log-in without TLS is unwise, and rightly, anywhere but here.
            warnings.simplefilter("ignore", UserWarning)
            sessions.append(
                SMTP(
                    office,
                    hostname="office.test",
                    enable_SMTPUTF8=True,
                    authenticator=check if login else None,
                    auth_required=login is not None,
                    auth_require_tls=False,
                )
            )
        return sessions[-1]

    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for session in sessions:
            if session.transport is not None:
                session.transport.close()
        await _gone()
