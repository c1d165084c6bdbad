"""What a case asks of the world, carried out in the right order by activities.

What it is: the queue of rows and the activities in flight of one run. Rows go to the records one
turn after the other: a local activity tried once for two seconds, then, if that fails, an ordinary
one that is tried for ever, while the case goes on and its later rows wait in the queue. Notices
have bounded retries and end as a problem of the case, which never waits for them.
What it is not: a decision, nor the work itself; the activities are known here by name only. What a
case asks of others is in `requesting`.
Who may import it: the shell.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from workflows.core.effects import Batch, Notify, Request, Row
from workflows.requesting import MAX_FAILED, ONCE, Asker, Requests

MAX_ROWS = 200

WRITE = timedelta(seconds=30)
SEND = timedelta(seconds=60)
GIVE_UP_SENDING = timedelta(days=3)
_FOR_EVER = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
)
_SENDING = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
_TWICE = RetryPolicy(maximum_attempts=2)


class Performer:
    """Effects of one run. `submit` only queues and may be called before the run has begun;
    `begin` starts what is queued."""

    def __init__(
        self,
        owner: Asker,
        number: int,
        opening: Mapping[str, Any] | None,
        rules: bytes | None = None,
    ) -> None:
        """`opening` and `rules` go to the records with the first rows."""
        self.failed_notices: list[Notify] = []
        self.fault: Exception | None = None
        self.taken: dict[str, Any] | None = None
        self._owner = owner
        self._number = number
        self._opening = opening
        self._rules = rules
        self._rows: list[Batch] = []
        self._writing = False
        self._notices: list[tuple[Notify, ...]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests = Requests(owner, self._spawn)

    @property
    def idle(self) -> bool:
        """Nothing is queued or in flight."""
        return self.requests.idle and not (self._rows or self._notices or self._tasks)

    def submit(
        self, batch: Batch, notices: tuple[Notify, ...] = (), requests: tuple[Request, ...] = ()
    ) -> None:
        """Queue what a turn decided."""
        self._rows.append(batch)
        if notices:
            self._notices.append(notices)
        self.requests.add(requests)

    def begin(self, by_itself: bool = False) -> None:
        """Start what is queued. What happened `by_itself` (no sender waits for it) is written by
        the activity that sends its notices, if no earlier rows are on their way: that saves one."""
        if by_itself and len(self._rows) == 1 and self._notices and self._may_combine:
            self._writing = True
            self._spawn(self._write_and_send(self._rows[0], self._notices.pop(0)))
        elif self._rows and not self._writing:
            self._writing = True
            self._spawn(self._write_all())
        while self._notices:
            self._spawn(self._send(self._notices.pop(0)))
        self.requests.begin()

    def retry(self) -> int:
        """Try again what was given up; how much that is."""
        notices, self.failed_notices = tuple(self.failed_notices), []
        if notices:
            self._owner.problem("undeliverable", None)
            self._spawn(self._send(notices, again=True))
        return len(notices) + self.requests.retry()

    # --- tasks ------------------------------------------------------------------------------

    @property
    def _may_combine(self) -> bool:
        return not self._writing and self._opening is None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A fault of ours must fail the workflow's task, loudly, and not vanish in a task."""
        try:
            await work
        except Exception as fault:  # noqa: BLE001 - re-raised by the run
            self.fault = fault

    # --- records ----------------------------------------------------------------------------

    async def _write_all(self) -> None:
        behind = False
        while self._rows and self.taken is None:
            batch, count = _joined(self._rows)
            args = [batch, self._number, self._opening, self._rules]
            try:
                if behind:
                    result = await workflow.execute_activity(
                        "record",
                        args=args,
                        result_type=dict[str, Any],
                        start_to_close_timeout=WRITE,
                        retry_policy=_FOR_EVER,
                    )
                else:
                    result = await workflow.execute_local_activity(
                        "record",
                        args=args,
                        result_type=dict[str, Any],
                        schedule_to_close_timeout=ONCE,
                        retry_policy=RetryPolicy(maximum_attempts=1),
                    )
            except FailureError as error:
                # A local activity's own error arrives bare, an ordinary one's as ActivityError.
                behind = True
                self._owner.problem("records", _reason(error))
                continue
            self._written(count, result)
        self._writing = False
        if behind:
            self._owner.problem("records", None)

    def _written(self, count: int, result: Mapping[str, Any]) -> None:
        del self._rows[:count]
        self._opening = self._rules = None
        self.taken = result.get("taken")

    async def _write_and_send(self, batch: Batch, notices: tuple[Notify, ...]) -> None:
        try:
            result = await workflow.execute_activity(
                "write_and_send",
                # The batch brings its notices; the second argument is what older runs sent.
                args=[batch, (), self._number],
                result_type=dict[str, Any],
                start_to_close_timeout=WRITE,
                schedule_to_close_timeout=2 * WRITE,
                retry_policy=_TWICE,
                summary=_summary(notices),
            )
        except ActivityError:
            result = {"recorded": False, "pending": True}
        self._writing = False
        if result["recorded"]:
            del self._rows[0]
        self.begin()
        if result["pending"]:
            await self._send(notices)
        else:
            self._undeliverable(notices, result["undeliverable"])

    # --- notices ----------------------------------------------------------------------------

    async def _send(self, notices: tuple[Notify, ...], again: bool = False) -> None:
        try:
            result = await workflow.execute_activity(
                "send",
                args=[notices, again],
                result_type=dict[str, Any],
                start_to_close_timeout=SEND,
                schedule_to_close_timeout=GIVE_UP_SENDING,
                retry_policy=_SENDING,
                summary=_summary(notices),
            )
            failed = result["undeliverable"]
        except ActivityError as error:
            failed = dict.fromkeys((notice.key for notice in notices), _reason(error))
        self._undeliverable(notices, failed)

    def _undeliverable(self, notices: tuple[Notify, ...], failed: Mapping[str, str]) -> None:
        if not failed:
            return
        lost = [notice for notice in notices if notice.key in failed]
        self.failed_notices = [*self.failed_notices, *lost][-MAX_FAILED:]
        self._owner.problem("undeliverable", next(iter(failed.values())))


def _joined(batches: list[Batch]) -> tuple[Batch, int]:
    """As many batches from the front as may go together, as one; and how many they were."""
    count, rows = 0, ()
    joined: tuple[Row, ...] = rows
    notices: tuple[Notify, ...] = ()
    while count < len(batches):
        more = batches[count]
        if count and len(joined) + len(more.rows) > MAX_ROWS:
            break
        joined, notices, count = joined + more.rows, notices + more.notices, count + 1
    return replace(batches[count - 1], rows=joined, notices=notices), count


def _summary(notices: tuple[Notify, ...]) -> str:
    said = [f"{notice.level or notice.kind} → {notice.to}" for notice in notices[:4]]
    return " · ".join(said)


def _reason(error: FailureError) -> str:
    cause = error if isinstance(error, ApplicationError) else error.cause
    said = str(cause.message if isinstance(cause, ApplicationError) else cause or error)
    return said[:200]
