"""Who calls, and whether that key may do this: the dependencies of every route.

What it is: `Authorization: Bearer KEY` to a `Caller`, refused with 401; rights, refused with 403;
and in whose name a caller sends.
What it is not: what a role may send; the case judges that.
Who may import it: the routers of the gateway.

A router asks `Annotated[Caller, Depends(needs("read"))]`.
"""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from definitions.problems import DuecourseError
from surfaces.gateway.bodies import Person
from surfaces.gateway.keys import ANYBODY, Caller, Right
from surfaces.gateway.services import Serving
from workflows.core.case import Actor

_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A key made by `python starter.py keys new ID`.",
)


class KeyRequired(DuecourseError):
    """The caller's fault: no key, or one that nobody knows."""

    code = "key_required"


class NotPermitted(DuecourseError):
    """The caller's fault: the key may not do this."""

    code = "not_permitted"


def caller(
    request: Request,
    services: Serving,
    presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    """Who calls. Raises `KeyRequired`."""
    if services.keys is None:
        return ANYBODY
    found = None if presented is None else services.keys.caller(presented.credentials)
    if found is None:
        raise KeyRequired(
            "this needs a key that is known here", hint="send `Authorization: Bearer KEY`"
        )
    return found


Calling = Annotated[Caller, Depends(caller)]


def needs(*rights: Right) -> Callable[[Caller], Caller]:
    """A dependency: the caller, if its key has all of these rights. Raises `NotPermitted`."""

    def permitted(calling: Calling) -> Caller:
        for right in rights:
            require(calling, right)
        return calling

    return permitted


def require(calling: Caller, right: Right) -> None:
    """Raises `NotPermitted` unless the key has the right."""
    if not calling.may(right):
        raise NotPermitted(
            f"the key '{calling.id}' has no right '{right}'",
            hint="ask whoever runs the gateway for it",
        )


def sender(calling: Caller, by: Person | None) -> Actor:
    """In whose name an event is sent: the key's, or a person's on whose behalf it may send, with no
    role that the key has not. Raises `NotPermitted`."""
    if by is None:
        return Actor(calling.id, calling.roles)
    if not calling.on_behalf:
        raise NotPermitted(
            f"the key '{calling.id}' sends in its own name only", hint="leave out `by`"
        )
    if not calling.open and (foreign := set(by.roles or ()) - set(calling.roles)):
        raise NotPermitted(
            f"the key '{calling.id}' has not these roles: {', '.join(sorted(foreign))}",
            hint=f"it has {', '.join(calling.roles) or 'none'}",
        )
    return Actor(by.id, calling.roles if by.roles is None else by.roles)


Reader = Annotated[Caller, Depends(needs("read"))]
