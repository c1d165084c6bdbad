"""API keys of other systems: who calls, and what that key may do.

What it is: the keys file (YAML, named by `DUECOURSE_API_KEYS`), read once, and the question whose
a presented key is. The file holds SHA-256 of each key: a key is 256 random bits, so that a slow
hash would protect nothing and cost every call.
What it is not: an identity provider for people.
Who may import it: the gateway, `cli_serve` and the tests.

```yaml
keys:
  crm:
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    roles: [service_specialist]
    rights: [start, send, read]
    organisations: [LY01]        # empty or left out: all
    on_behalf: true              # a body may name a person, and fewer of these roles
```
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from activities.notices.settings import load
from definitions.problems import DuecourseError
from definitions.text import Name

Right = Literal["start", "send", "read", "export", "import", "personal"]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
PREFIX: Final = "dc_"
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Organisation = Annotated[str, Field(min_length=1, max_length=200)]


class KeysInvalid(DuecourseError):
    """The operator's fault: the file of keys cannot be used."""

    code = "keys_invalid"


class ApiKey(BaseModel):
    """One key, as the file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    roles: tuple[Name, ...] = ()
    rights: tuple[Right, ...] = ("read",)
    organisations: tuple[Organisation, ...] = ()
    on_behalf: bool = False


class KeysFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: dict[KeyId, ApiKey] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key's identity and what it may do. No `organisations` means all of them."""

    id: str
    roles: tuple[str, ...] = ()
    rights: frozenset[str] = frozenset()
    organisations: tuple[str, ...] = ()
    on_behalf: bool = False
    open: bool = False
    """Anybody on this machine, where no keys are asked for."""

    def may(self, right: Right) -> bool:
        return right in self.rights

    def sees(self, organisation: str) -> bool:
        """Whether the cases of an organisation are its business."""
        return not self.organisations or organisation in self.organisations


ANYBODY: Final = Caller("starter", ("system",), frozenset(RIGHTS), on_behalf=True, open=True)
"""With `serve --open`: the sender that the command line has too, who may name any role."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys; none at all means that everybody is `ANYBODY`."""

    callers: Mapping[str, Caller] = field(default_factory=dict)
    """By the SHA-256 of the key."""

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """The keys of a file. Raises `SettingsError` (`keys_invalid`) with every problem."""
        return cls.of(load(path, KeysFile, KeysInvalid.code, lambda _: ()))

    @classmethod
    def of(cls, held: KeysFile) -> "Keys":
        """The keys that are held. Raises `KeysInvalid` if two are the same."""
        callers = {
            key.sha256: Caller(
                name, key.roles, frozenset(key.rights), key.organisations, key.on_behalf
            )
            for name, key in held.keys.items()
        }
        if len(callers) < len(held.keys):
            raise KeysInvalid("two keys have the same sha256", hint="make each with `keys new`")
        return cls(callers)

    def caller(self, presented: str) -> Caller | None:
        """Whose key it is. Compared with all of them, each in constant time."""
        digest = digest_of(presented)
        found: Caller | None = None
        for known, caller in self.callers.items():
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def new_key() -> str:
    """A key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """What the file holds of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
