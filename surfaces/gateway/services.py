"""What the gateway works with: the cases, the definitions, the settings and the keys.

What it is: one value, made by the composition and handed to `create_app`; routers get it as
`Serving`.
What it is not: state. Everything that lasts is in Temporal and in the records.
Who may import it: the gateway, its routers and the composition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from temporalio.client import Client

from activities.records import Records
from surfaces.cases import Cases
from surfaces.gateway.keys import Keys
from surfaces.rules import Rules
from surfaces.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """`keys` None: everybody who reaches the port is believed (`serve --open`)."""

    cases: Cases
    keys: Keys | None
    now: Callable[[], int]
    """The present, in whole seconds since the epoch."""

    @property
    def records(self) -> Records:
        return self.cases.records

    @property
    def catalogue(self) -> Rules:
        """Programs by process id."""
        return self.cases.rules

    @property
    def settings(self) -> Settings:
        return self.cases.settings

    async def client(self) -> Client:
        """The connection to Temporal, made when first needed. Raises `TemporalUnavailable`."""
        return await self.cases.client()


def services_of(request: Request) -> Services:
    """The services of the app that a request reached."""
    services: Services = request.app.state.services
    return services


Serving = Annotated[Services, Depends(services_of)]
