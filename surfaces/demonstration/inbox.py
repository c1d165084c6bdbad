"""A mailbox and a robot room on this machine: what the demo's notices really arrive at.

What it is: an SMTP server and an HTTP receiver on loopback. The receiver answers as WeCom's robots
do (`errcode` 0), and shows all that has arrived as a page.
What it is not: a mail server; nothing leaves the machine.
Who may import it: the demo and tests.
"""

import email
import html
import json
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default as modern
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from surfaces.server import free_port

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as it arrived. `id` is what tells a twin from another message."""

    channel: str
    to: str
    subject: str
    text: str
    id: str


class Inbox:
    """Both receivers, while the context lasts."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self._lock = threading.Lock()
        self.mail_port = free_port()
        self._mail = Controller(_Mailbox(self), hostname=HOST, port=self.mail_port)
        self._web = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._web.daemon_threads = True
        self.url = f"http://{HOST}:{self._web.server_address[1]}"
        self._thread = threading.Thread(target=self._web.serve_forever, daemon=True)

    def __enter__(self) -> "Inbox":
        self._mail.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._web.shutdown()
        self._web.server_close()
        self._mail.stop()

    def keep(self, message: Arrived) -> None:
        """Keep a message."""
        with self._lock:
            self.arrived.append(message)

    def since(self, number: int) -> list[Arrived]:
        """What arrived after the first `number` messages."""
        with self._lock:
            return self.arrived[number:]


class _Mailbox:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    # The name is the one that aiosmtpd calls.
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        parsed = email.message_from_bytes(raw, policy=modern)
        assert isinstance(parsed, EmailMessage)
        body = parsed.get_body(("plain",))
        text = "" if body is None else str(body.get_content())
        for to in envelope.rcpt_tos:
            self._inbox.keep(
                Arrived("mail", str(to), str(parsed["Subject"]), text, str(parsed["Message-ID"]))
            )
        return "250 kept"


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body: dict[str, Any] = json.loads(self.rfile.read(length) or b"{}")
            channel = self.path.strip("/").partition("?")[0] or "webhook"
            inbox.keep(_posted(channel, body, self.headers.get("Idempotency-Key") or ""))
            self._answer(b'{"errcode": 0, "errmsg": "ok"}', "application/json")

        def do_GET(self) -> None:
            self._answer(page(inbox.since(0)).encode(), "text/html; charset=utf-8")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """The page of what arrived says enough."""

    return Receiver


def _posted(channel: str, body: dict[str, Any], key: str) -> Arrived:
    """A robot's message has its text in `markdown` or `text`; another system's stands as it is."""
    for kind in ("markdown", "text"):
        if isinstance(said := body.get(kind), dict):
            text = str(said.get("content") or said.get("text") or "")
            subject = next((line.strip("#* >") for line in text.splitlines() if line.strip()), "")
            return Arrived(channel, "群机器人 robot", subject, text, key)
    subject = str(body.get("subject") or body.get("title") or "")
    text = str(body.get("text") or json.dumps(body, ensure_ascii=False, indent=2))
    return Arrived(channel, str(body.get("recipient") or channel), subject, text, key)


def page(messages: list[Arrived]) -> str:
    """All messages, the latest first."""
    items = "".join(
        f"<article><h2>{html.escape(one.subject)}</h2>"
        f"<p class=to>{html.escape(one.channel)} → {html.escape(one.to)}</p>"
        f"<pre>{html.escape(one.text)}</pre></article>"
        for one in reversed(messages)
    )
    return (
        "<!doctype html><html lang=zh><meta charset=utf-8><title>收件 Inbox</title><style>"
        "body{font:15px/1.5 'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;"
        "max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1f2933;background:#f5f7fa}"
        "article{background:#fff;border:1px solid #d9e2ec;border-radius:8px;padding:1rem 1.25rem;"
        "margin:0 0 1rem}h1{font-size:1.4rem}h2{font-size:1.05rem;margin:0}"
        ".to{color:#627d98;margin:.2rem 0 .6rem}pre{white-space:pre-wrap;font:inherit;margin:0}"
        f"</style><h1>收到 {len(messages)} 条通知 · {len(messages)} notices arrived</h1>{items}"
        "<script>setTimeout(()=>location.reload(),3000)</script></html>"
    )
