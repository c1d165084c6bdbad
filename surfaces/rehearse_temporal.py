"""A world of cases on real Temporal: the same scenario, the same judging, the production shell.

What it is: the runner that plays a scenario against a real server whose time can be skipped, a real
worker and real records. All cases of the scenario advance in lock step: always to the earliest
next wake-up of any, then to the step's instant. What is judged comes from answers, from the cases'
own view and from the records; no core runs beside it.
What it is not: fast, or the present: a case's time begins at the instant the scenario names, and
the seconds that the machine itself needs pass in it too. That is why every event says when it
occurred.
Who may import it: the surfaces and the tests. `rehearse_stage` is where it plays.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from definitions.problems import DuecourseError
from surfaces.cases import Cases
from surfaces.rehearse import News, Reply
from surfaces.rehearse_watch import (
    PASSING,
    PATIENCE,
    Life,
    NotInTime,
    Overshot,
    Watch,
    eventually,
    patiently,
)
from surfaces.rules import Rules
from workflows.core.case import Incoming
from workflows.core.effects import CaseView
from workflows.payloads import By, EventArgument
from workflows.starting import start_arguments

MARGIN = 0.8
TOO_FAR = 30.0
"""Seconds past the wanted instant at which the server's time skipping has gone wrong."""
CLOSE_BY = 20
"""Seconds: a case that is only looked at is not brought nearer to its next wake-up than this, for
the machine's own seconds pass in it too."""
MakeWorker = Callable[[Client], AbstractAsyncContextManager[Any]]
"""A worker for a client; a null context where one runs elsewhere."""


class TemporalRunner:
    """The `Runner` of real Temporal. Its worker runs while the context lasts."""

    def __init__(
        self,
        cases: Cases,
        client: Client,
        rules: Rules,
        make_worker: MakeWorker,
        strict: bool = True,
    ) -> None:
        self.rules = rules
        self._cases = cases
        self._records = cases.records
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self._make_worker = make_worker
        self._strict = strict
        self._worker: AbstractAsyncContextManager[Any] | None = None
        self._watch = Watch(self._skipper.client, cases.records, lambda: self._worker is not None)

    async def __aenter__(self) -> "TemporalRunner":
        await self._work()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rest()

    # --- what a scenario does ---------------------------------------------------------------

    async def start(self, process: str, key: str, event: Incoming, at: int) -> Reply:
        """Open a case whose time begins at `at`."""
        case = f"{process}:{key}"
        if case in self._watch.lives:
            view = await self._watch.view(case)
            return Reply({"case": case, "status": "existing", "state": view.state})
        try:
            arguments = start_arguments(
                self.rules[process].process,
                key=key,
                data=dict(event.data),
                actor=event.actor,
                event_id=event.id,
                now=at,
                occurred_at=at if event.occurred is None else event.occurred,
                clock_at=at,
            )
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())
        task_queue = self._cases.settings.task_queue
        handle = await self._skipper.client.start_workflow(**arguments, task_queue=task_queue)
        await self._watch.add(case, handle)
        answered = await self._watch.view(case)
        await self._watch.quiet()
        return Reply(
            {"case": case, "seq": answered.seq, "status": "accepted", "state": answered.state}
        )

    async def send(self, case: str, event: Incoming, at: int) -> Reply:
        """Send an event as an update; it says that it occurred at `at` if nothing else."""
        try:
            answer = await self._cases.send(
                case,
                event.name,
                event.data,
                event.actor,
                event_id=event.id,
                occurred_at=at if event.occurred is None else event.occurred,
            )
        except DuecourseError as refused:
            return Reply(refusal=refused.to_json())
        await self._watch.quiet()
        # What a case says to another is answered whatever becomes of it.
        return Reply(answer, refusal=answer.get("refused"))

    async def pass_time(self, until: int, over: bool) -> None:
        """Advance every case in lock step."""
        await self._ring_all(until, over)
        lives = [life for life in self._watch.lives.values() if not life.ended]
        targets = [(life, _short_of_the_next(life, until) if over else until) for life in lives]
        await asyncio.gather(*(self._skip(life, target) for life, target in targets))
        await self._watch.quiet()
        await self._ring_all(until, over)

    async def _ring_all(self, until: int, over: bool) -> None:
        """Let everybody reach the wake-ups up to `until`. What belongs to the second of `until`
        itself wakes its case when that second is over."""
        while (ring := await self._next()) is not None:
            at, case = ring
            view = self._watch.lives[case].view
            late = over and at == until + 1 and view is not None and _of_second(view, until)
            if at > until and not late:
                return
            await self._ring(case, at)

    async def outage(self, at: int, until: int, case: str, event: Incoming | None) -> Reply:
        """Stop the worker at `at`, leave the event waiting as a signal, and work again."""
        await self._rest()
        if event is not None:
            argument = EventArgument(
                id=event.id,
                by=By(event.actor.id, event.actor.roles),
                data=dict(event.data),
                occurred_at=at if event.occurred is None else event.occurred,
            )
            try:
                await self._watch.lives[case].handle.signal(event.name, argument)
            except RPCError as gone:
                await self._work()
                return Reply(refusal={"code": "case_ended", "message": gone.message})
        else:
            # Timers ring while nobody listens; what waits for a worker holds the time back.
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await self._skip_all(until)
        await self._work()
        reply = Reply() if event is None else await self._signalled(case, event)
        await self._watch.quiet()
        await self.pass_time(until, over=event is None)
        return reply

    async def view(self, case: str) -> CaseView | None:
        """The case as it told itself when it was last quiet."""
        lives = self._watch.lives
        return lives[case].view if case in lives else None

    async def news(self) -> News:
        """Rows, notices and documents that the records have and that were not told before."""
        await self._watch.quiet()
        return await self._watch.news()

    # --- time -------------------------------------------------------------------------------

    async def _next(self) -> tuple[int, str] | None:
        rings = [
            (life.view.next_wakeup, case)
            for case, life in self._watch.lives.items()
            if life.view is not None and not life.ended and life.view.next_wakeup is not None
        ]
        return min(rings, default=None)

    async def _ring(self, case: str, at: int) -> None:
        """Let one case reach its wake-up, and wait until it has decided on it."""
        if self._may_tell(case):
            # Whoever is told something then must not live in the past.
            await self._skip_all(at)
        life = self._watch.lives[case]
        await self._skip(life, at)

        async def decided() -> bool:
            view = await self._watch.view(case)
            return view.ended is not None or view.next_wakeup is None or view.next_wakeup > at

        await eventually(decided, f"{case} does not wake up")
        await self._watch.quiet()

    def _may_tell(self, case: str) -> bool:
        links = self.rules[case.partition(":")[0]].process.links
        return any(link.tell is not None for link in links.values())

    async def _skip_all(self, until: int) -> None:
        """Advance every open case at once."""
        lives = [life for life in self._watch.lives.values() if not life.ended]
        await asyncio.gather(*(self._skip(life, until) for life in lives))

    async def _skip(self, life: Life, until: int) -> None:
        """Let one case's time run up to `until`. Raises `Overshot` if the server ran past it and
        this runner is strict."""
        target = until - life.shift
        # A skip that is asked for while something is in flight may run on to the next timer.
        await self._watch.idle(life)
        ahead = target - (await self._now(life)).timestamp()
        if ahead <= 0:
            return
        # A little more, so that the second has surely begun for the case as well.
        try:
            async with asyncio.timeout(2 * PATIENCE):
                await self._skipper.fast_forward(life.handle, timedelta(seconds=ahead + MARGIN))
        except TimeoutError:
            hint = "something of it is in flight; see it in Temporal's UI"
            raise NotInTime(f"time does not pass for {life.handle.id}", hint=hint) from None
        except RPCError as error:
            described = await patiently(life.handle.describe)
            if described.close_time is not None:
                return
            if error.status not in PASSING:
                raise
            await self._skip(life, until)
            return
        now = await self._now(life)
        if self._strict and now.timestamp() > target + TOO_FAR:
            raise Overshot(f"time ran {now.timestamp() - target:.0f} s too far")

    async def _now(self, life: Life) -> datetime:
        return await patiently(lambda: self._skipper.get_current_time(life.handle))

    # --- signals ----------------------------------------------------------------------------

    async def _signalled(self, case: str, event: Incoming) -> Reply:
        """What became of an event that nobody waited for, from the journal."""
        view = await self._watch.view(case)

        async def judged() -> dict[str, Any] | None:
            for row in await self._records.read.journal(case, view.number):
                if row["event_id"] == event.id:
                    return row
            return None

        row = await eventually(judged, f"{case} does not judge '{event.name}'")
        if row["kind"] == "refused":
            return Reply(refusal={"code": row["data"]["code"], "message": row["data"]["message"]})
        status = "late_rejected" if row["kind"] == "late_rejected" else "accepted"
        return Reply({"case": case, "seq": row["seq"], "status": status, "state": row["state"]})

    # --- the worker -------------------------------------------------------------------------

    async def _work(self) -> None:
        self._worker = self._make_worker(self._skipper.client)
        await self._worker.__aenter__()

    async def _rest(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.__aexit__(None, None, None)


def _of_second(view: CaseView, second: int) -> bool:
    """Whether a rung or an inclusive deadline of this very second is still to come."""
    return any(
        clock.phase == "running"
        and (
            (clock.next_rung is not None and clock.next_rung["at"] == second)
            or (clock.due == second and not clock.exclusive and clock.breached is None)
        )
        for clock in view.clocks
    )


def _short_of_the_next(life: Life, until: int) -> int:
    """How far a case's time goes on if it is only to be looked at at `until`."""
    ring = None if life.view is None else life.view.next_wakeup
    return until if ring is None else min(until, ring - CLOSE_BY)
