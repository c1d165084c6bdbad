"""`/healthz` and `/readyz`: whether this copy lives, and whether the engine is awake.

What it is: questions to Temporal and the records with their answers, for probes and for an alarm
outside the engine: the oldest wake-up that nobody has settled tells that it is asleep, which it
cannot tell itself. Nobody is asked for a key, and no case is named.
Who may import it: `app`.
"""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from temporalio.service import RPCError

from definitions.problems import DuecourseError
from surfaces.gateway.requests import StrictRoute
from surfaces.gateway.services import Services, Serving
from surfaces.instants import shown
from surfaces.platform import workers

router = APIRouter(tags=["health"], route_class=StrictRoute)
PATIENCE: Final = 5.0


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Wakeup(BaseModel):
    """The oldest instant at which an open case was to be looked at and has not been."""

    at: str
    age_seconds: int
    waiting: int = Field(description="How many cases wait so.")


class Ready(BaseModel):
    """`troubles`: the codes of what is wrong."""

    ready: bool
    temporal: bool
    records: bool
    worker: bool
    oldest_wakeup: Wakeup | None
    troubles: list[str]


@router.get("/healthz", summary="Whether this copy lives")
async def alive() -> Alive:
    """Nothing else is asked."""
    return Alive()


@router.get(
    "/readyz",
    summary="Whether everything works",
    responses={503: {"description": "Something is wrong: `troubles` says what.", "model": Ready}},
)
async def ready(services: Serving, response: Response) -> Ready:
    """Temporal and the records answer, a worker polls, and no wake-up is overdue."""
    temporal, polled = await _temporal(services)
    records, wakeup = await _records(services)
    late = wakeup is not None and wakeup.age_seconds > services.settings.asleep_after
    troubles = {
        "temporal_unavailable": not temporal,
        "no_worker": temporal and not polled,
        "records_unavailable": not records,
        "asleep": late,
    }
    told = [code for code, wrong in troubles.items() if wrong]
    if told:
        response.status_code = 503
    return Ready(
        ready=not told,
        temporal=temporal,
        records=records,
        worker=polled,
        oldest_wakeup=wakeup,
        troubles=told,
    )


async def _temporal(services: Services) -> tuple[bool, bool]:
    async def asked() -> bool:
        return not await workers(await services.client(), services.settings.task_queue)

    try:
        return True, await asyncio.wait_for(asked(), PATIENCE)
    except (DuecourseError, RPCError, TimeoutError):
        return False, False


async def _records(services: Services) -> tuple[bool, Wakeup | None]:
    now = services.now()

    async def asked() -> tuple[int, int] | None:
        await services.records.check()
        return await services.records.read.overslept(now)

    try:
        found = await asyncio.wait_for(asked(), PATIENCE)
    except (DuecourseError, TimeoutError):
        return False, None
    if found is None:
        return True, None
    at, waiting = found
    return True, Wakeup(at=shown(at, "UTC"), age_seconds=now - at, waiting=waiting)
