"""Group robots of WeCom, DingTalk and Feishu.

What it is: each one's body, signature and codes. All three say HTTP 200 and put the truth into the
body, so that only a code of 0 there is success. Codes not in the tables are tried again, within the
notifier's bound. What it is not: rates (declared here, kept by `rates`).
Who may import it: the channels' configuration.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never
from urllib.parse import quote_plus

from activities.notices.channels.base import (
    Merge,
    Message,
    Permanent,
    Receipt,
    Retryable,
    cut,
    reason,
)
from activities.notices.channels.web import Answer, HttpClients, check_status, post, secrets_of
from activities.notices.clock import Clock

Kind = Literal["wecom", "dingtalk", "feishu"]
Verdict = Literal["wait", "later", "never"]

# What a code in the answer means: `wait` the rate is exceeded, `later` try again, `never` this
# message or this robot's settings have to change first.
VERDICTS: Mapping[Kind, Mapping[int, Verdict]] = {
    "wecom": {
        -1: "later",  # busy
        40008: "never",  # kind of message
        40058: "never",  # a parameter
        44004: "never",  # empty
        45002: "never",  # too long
        45009: "wait",  # more than 20 a minute
        45033: "wait",  # too many at one time
        93000: "never",  # the robot's key
        93004: "never",  # the robot is disabled
        93008: "never",  # not in the group
    },
    "dingtalk": {
        -1: "later",  # busy
        40035: "never",  # a parameter
        130101: "wait",  # more than 20 a minute
        300001: "never",  # the robot's token
        300005: "never",  # the robot's token
        310000: "never",  # signature, keyword or IP
        400013: "never",  # the group is dissolved
        400101: "never",  # the robot's token
        400102: "never",  # the robot is disabled
        400105: "never",  # kind of message
        400106: "never",  # no such robot
        410100: "wait",  # more than 20 a minute
        430101: "never",  # unsafe link
        430102: "never",  # unsuitable text
    },
    "feishu": {
        9499: "never",  # the request's form
        11232: "wait",  # rate
        19001: "never",  # the robot's token
        19002: "never",  # a parameter
        19021: "never",  # signature or timestamp
        19022: "never",  # IP
        19024: "never",  # keyword
        99991400: "wait",  # rate
    },
}
# Bytes of one text, with room for the mentions below it and for what stands around it (WeCom counts
# 4096 for the text alone, the others about 20 KB for the body).
MENTIONS = 480
LIMITS: Mapping[Kind, int] = {"wecom": 3600, "dingtalk": 16_000, "feishu": 16_000}
RATES: Mapping[Kind, int] = {"wecom": 20, "dingtalk": 20, "feishu": 100}


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot in one group. `secret` signs (DingTalk, Feishu); WeCom has none."""

    name: str
    kind: Kind
    url: str
    clients: HttpClients
    clock: Clock
    secret: str = ""
    rate: int | None = 20
    timeout: float = 10.0
    merge: Merge = "room"

    @property
    def limit(self) -> int:
        """Bytes of one text."""
        return LIMITS[self.kind]

    async def send(self, message: Message) -> Receipt:
        """Say it in the group. The receivers know no idempotency key: a twin is possible exactly
        where the answer is lost."""
        now = self.clock.now()
        body = json.dumps(self._body(message, now), ensure_ascii=False).encode()
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = await post(self.clients, self._url(now), body, headers, self.timeout)
        self._judge(answer)
        return Receipt(message.id)

    def _url(self, now: int) -> str:
        if self.kind != "dingtalk" or not self.secret:
            return self.url
        stamp = now * 1000
        signed = _signature(self.secret, f"{stamp}\n{self.secret}")
        joint = "&" if "?" in self.url else "?"
        return f"{self.url}{joint}timestamp={stamp}&sign={quote_plus(signed)}"

    def _body(self, message: Message, now: int) -> dict[str, Any]:
        text = cut(message.markdown, self.limit)
        who = _mentioned(message.address)
        match self.kind:
            case "wecom":
                said = "\n".join([text, *(f"<@{account}>" for account in who)])
                return {"msgtype": "markdown", "markdown": {"content": said}}
            case "dingtalk":
                # It joins lines unless two blanks end them, and mentions only what the text names.
                said = "  \n".join([*text.split("\n"), *(f"@{account}" for account in who)])
                return {
                    "msgtype": "markdown",
                    "markdown": {"title": message.subject, "text": said},
                    "at": {"atUserIds": who, "isAtAll": False},
                }
            case "feishu":
                said = "\n".join([text, *(f"<at id={account}></at>" for account in who)])
                body = _card(message, said)
                if self.secret:
                    # The other way round from DingTalk: the text is the key and nothing is signed.
                    signed = _signature(f"{now}\n{self.secret}", "")
                    body |= {"timestamp": str(now), "sign": signed}
                return body
            case _:
                assert_never(self.kind)

    def _judge(self, answer: Answer) -> None:
        said = _said(answer)
        code = said.get("errcode", said.get("code", said.get("StatusCode")))
        if code == 0 and 200 <= answer.status < 300:
            return
        if not isinstance(code, int) or code == 0:
            check_status(answer)
            raise Retryable("the answer is not the robot's")
        why = str(said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or "")
        text = reason(f"code {code}: {why}", *secrets_of(self.url, self.secret))
        verdict = VERDICTS[self.kind].get(code)
        if verdict is None:
            check_status(answer)
        if verdict == "never":
            raise Permanent(text)
        raise Retryable(text, limited=verdict == "wait")


def _mentioned(address: str) -> list[str]:
    """The accounts, as many as the room left for them takes; everybody else reads it anyway."""
    who: list[str] = []
    left = MENTIONS
    for account in filter(None, address.split(",")):
        left -= len(account.encode()) + len("<at id=></at>\n")
        if left < 0:
            break
        who.append(account)
    return who


def _said(answer: Answer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _signature(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def _card(message: Message, said: str) -> dict[str, Any]:
    header = {
        "title": {"tag": "plain_text", "content": message.subject},
        "template": "red" if message.urgent else "blue",
    }
    element = {"tag": "div", "text": {"tag": "lark_md", "content": said}}
    return {"msg_type": "interactive", "card": {"header": header, "elements": [element]}}
