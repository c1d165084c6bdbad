"""The file of subscriptions: who is sent which rows of the journal.

What it is: the models of `webhooks.yaml`, and the subscriptions made of it with their secrets.
What it is not: how far each is; that is in the records.
Who may import it: the feed, the surfaces, the composition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from activities.notices.channels.configuration import Held, Secrets
from activities.notices.settings import SettingsError, load
from activities.records import FeedFilter
from definitions.text import Name
from workflows.core.effects import RowKind

CODE = "webhooks_invalid"
KINDS = get_args(RowKind)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError("must be an address such as https://crm.example.com/hooks/duecourse")
    if parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname)):
        return url
    raise ValueError("must begin with https:// (http:// only to this machine itself)")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class SubscriptionSettings(BaseModel):
    """One subscription, as the file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_address)]
    secret: Held
    active: bool = True
    processes: tuple[Name, ...] = ()
    kinds: tuple[RowKind, ...] = ()
    organisations: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    personal: bool = False
    """Whether personal fields are sent too."""
    begin: Literal["now", "start"] = "now"
    """With what comes, or with the whole journal; it counts once, when the subscription is new."""
    timeout: float = Field(default=10.0, gt=0, le=30)
    parallel: int = Field(default=4, ge=1, le=32)
    """Cases that are sent at the same time."""
    give_up_hours: float = Field(default=24.0, gt=0, le=24 * 30)


class WebhooksFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(default="/duecourse", min_length=1, max_length=500)
    """What events call their source; a URI by which receivers tell installations apart."""
    subscriptions: dict[Name, SubscriptionSettings] = {}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription with its secret."""

    name: str
    said: SubscriptionSettings
    source: str
    secret: str

    @property
    def wanted(self) -> FeedFilter:
        """Which rows it wants."""
        return FeedFilter(self.said.processes, self.said.organisations, self.said.kinds)


def read_file(path: Path) -> WebhooksFile:
    """The file without its secrets. Raises `SettingsError` (`webhooks_invalid`)."""
    return load(path, WebhooksFile, CODE, lambda _: ())


def subscriptions(
    path: Path, environment: Mapping[str, str], only: str = ""
) -> tuple[Subscription, ...]:
    """The active subscriptions of a file with their secrets, or only that one, be it active or not.
    Raises `SettingsError` (`webhooks_invalid`) with every problem."""
    file = read_file(path)
    secrets = Secrets(path, environment, "subscriptions", CODE)
    found = [
        Subscription(name, one, file.source, secrets.of(name)("secret", one.secret))
        for name, one in file.subscriptions.items()
        if (name == only if only else one.active)
    ]
    if secrets.problems:
        raise SettingsError(secrets.problems, CODE)
    return tuple(found)
