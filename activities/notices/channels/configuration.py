"""The channels' settings file, and the channels made of it.

What it is: the models of `channels.yaml` and the factory. Secrets never stand in the file: it says
which variable of the environment or which file holds them, and the factory is given both.
What it is not: a channel. Who may import it: compositions.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from activities.notices.channels.base import Channel
from activities.notices.channels.console import Console
from activities.notices.channels.mail import Mail, Tls
from activities.notices.channels.robots import RATES, Robot
from activities.notices.channels.web import HttpClients
from activities.notices.channels.webhook import Webhook
from activities.notices.clock import Clock
from activities.notices.settings import Finding, SettingsError, load
from definitions.problems import Problem
from definitions.text import Name

CODE = "channels_invalid"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Held(_Model):
    """Where a secret is held: a variable of the environment, or a file's one line (a relative path
    counts from the settings file)."""

    env: str = ""
    file: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.env) == bool(self.file):
            raise ValueError("name either `env` or `file`")
        return self


Rate = Annotated[int, Field(ge=1, le=10_000)]
Seconds = Annotated[float, Field(gt=0, le=60)]


class MailSettings(_Model):
    """An SMTP server. Without `domain` that of the sender is taken."""

    type: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    sender: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    sender_name: str = ""
    domain: str = ""
    tls: Tls = "starttls"
    username: str = ""
    password: Held | None = None
    rate: Rate = 60
    timeout: Seconds = 20.0


class RobotSettings(_Model):
    """A group's robot. Its address is a secret too: whoever has it can speak in the group."""

    type: Literal["wecom", "dingtalk", "feishu"]
    url: Held
    secret: Held | None = None
    rate: Rate | None = None
    timeout: Seconds = 10.0


class WebhookSettings(_Model):
    """Another system."""

    type: Literal["webhook"]
    url: str | Held
    secret: Held
    rate: Rate = 600
    timeout: Seconds = 10.0


class ConsoleSettings(_Model):
    """The log, and a file to append to."""

    type: Literal["console"]
    file: str = ""


Settings = Annotated[
    MailSettings | RobotSettings | WebhookSettings | ConsoleSettings, Field(discriminator="type")
]


class ChannelsFile(_Model):
    """The file as a whole."""

    channels: dict[Name, Settings] = Field(min_length=1)


class ChannelSettings:
    """What the file says, and where it stands."""

    def __init__(self, channels: Mapping[str, Settings], path: Path) -> None:
        self.channels = channels
        self.path = path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file. Raises `SettingsError` (`channels_invalid`) with every problem found."""
        return cls(load(path, ChannelsFile, CODE, _nothing_more).channels, path)


def build_channels(
    settings: ChannelSettings, clients: HttpClients, clock: Clock, environment: Mapping[str, str]
) -> dict[str, Channel]:
    """The channels by name. Raises `SettingsError` with every secret that is not there."""
    # The library logs whole addresses at `info`, and a robot's address is its key.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    secrets = Secrets(settings.path, environment)
    built = {
        name: _build(name, one, secrets.of(name), settings.path.parent, clients, clock)
        for name, one in settings.channels.items()
    }
    if secrets.problems:
        raise SettingsError(secrets.problems, CODE)
    return built


Reveal = Callable[[str, "Held | str | None"], str]


def _build(
    name: str, one: Settings, reveal: Reveal, folder: Path, clients: HttpClients, clock: Clock
) -> Channel:
    match one:
        case MailSettings():
            return Mail(
                name,
                one.host,
                one.port,
                one.sender,
                one.domain or one.sender.rpartition("@")[2],
                clock,
                sender_name=one.sender_name,
                tls=one.tls,
                username=one.username,
                password=reveal("password", one.password),
                rate=one.rate,
                timeout=one.timeout,
            )
        case RobotSettings():
            return Robot(
                name,
                one.type,
                reveal("url", one.url),
                clients,
                clock,
                secret=reveal("secret", one.secret),
                rate=one.rate or RATES[one.type],
                timeout=one.timeout,
            )
        case WebhookSettings():
            url, secret = reveal("url", one.url), reveal("secret", one.secret)
            return Webhook(name, url, secret, clients, clock, rate=one.rate, timeout=one.timeout)
        case ConsoleSettings():
            return Console(name, folder / one.file if one.file else None)


class Secrets:
    """Reveals what is held elsewhere, and collects what is not there as problems of the file.
    `root` is the key under which it names those who need secrets."""

    def __init__(
        self, path: Path, environment: Mapping[str, str], root: str = "channels", code: str = CODE
    ) -> None:
        self.path = path
        self.environment = environment
        self.root = root
        self.code = code
        self.problems: list[Problem] = []

    def of(self, name: str) -> Reveal:
        def reveal(field: str, held: Held | str | None) -> str:
            if held is None or isinstance(held, str):
                return held or ""
            value, missing = self._value(held)
            if missing:
                at = f"{self.root}.{name}.{field}"
                self.problems.append(Problem(self.code, self.path.name, 1, 1, at, missing))
            return value

        return reveal

    def _value(self, held: Held) -> tuple[str, str]:
        if held.env:
            value = self.environment.get(held.env, "")
            return value, "" if value else f"the variable {held.env} is not set"
        try:
            value = (self.path.parent / held.file).read_text("utf-8").strip()
        except (OSError, ValueError) as broken:
            return "", f"the file {held.file} cannot be read ({type(broken).__name__})"
        return value, "" if value else f"the file {held.file} is empty"


def _nothing_more(_raw: object) -> Iterator[Finding]:
    return iter(())


def check_names(used: Iterable[str], channels: Mapping[str, Channel]) -> None:
    """Raise `SettingsError` for every channel that the directory uses and nobody has set up."""
    missing = sorted(set(used) - set(channels))
    hint = f"channels set up: {', '.join(sorted(channels)) or 'none'}"
    problems = [
        Problem(CODE, "channels", 1, 1, f"channels.{name}", f"'{name}' is not set up", hint)
        for name in missing
    ]
    if problems:
        raise SettingsError(problems, CODE)
