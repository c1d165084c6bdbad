"""What a case asks for beside notices: other cases, messages to them, computations, documents.

What it is: the requests in flight of one run. Whatever concerns one other case goes to it strictly
in order, one after the other; everything else side by side. Every request is tried again within
bounds, and what is given up becomes a line of the journal, an event or a problem of the case,
which never waits for it.
What it is not: a decision, nor the work itself; the activities are known here by name only.
Who may import it: the shell.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol, assert_never

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    RetryState,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from definitions.problems import DuecourseError
from workflows.attributes import from_plain
from workflows.core.effects import Compute, Fill, OpenCase, Request, Tell
from workflows.payloads import Start, adapter

MAX_FAILED = 100
MAX_IN_FLIGHT = 50
"""More than two thousand pending activities would wedge a case for good."""
DELIVERED = frozenset({"accepted", "duplicate"})

ONCE = timedelta(seconds=2)
REACH = timedelta(seconds=30)
GIVE_UP_REACHING = timedelta(days=30)
COMPUTE = timedelta(seconds=30)
FILL = timedelta(seconds=60)
GIVE_UP_FILLING = timedelta(hours=6)
_REACHING = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=5),
    maximum_attempts=12,
)
_PATIENTLY = RetryPolicy(
    initial_interval=timedelta(minutes=2), maximum_interval=timedelta(minutes=5)
)
"""After the first tries, while the case shows the problem: an outage must cost no message."""
_COMPUTING = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=5,
)
_FILLING = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))


class Unanswered(DuecourseError):
    """A computation gave no answer."""

    code = "unavailable"


class Asker(Protocol):
    """The case that asks."""

    def problem(self, code: str, detail: str | None) -> None:
        """Something is wrong with the case, or (None) no longer."""

    def note_link(self, opened: OpenCase, result: str) -> None:
        """What became of another case that was to be opened, if it is not simply open."""

    def undelivered(self, request: OpenCase | Tell, code: str, why: str) -> bool:
        """Another case could not be opened or told; whether the process itself sees to that."""

    def delivered(self, request: OpenCase | Tell) -> None:
        """Another case was opened or told, at last perhaps."""

    def answered(
        self, request: Compute, answered: Mapping[str, Any] | DuecourseError
    ) -> str | None:
        """A computation has come to its end; why the case cannot take that, if so."""

    def now(self) -> int:
        """Case time."""


class Requests:
    """Requests of one run. `add` only queues and may be called before the run has begun; `begin`
    starts what is queued. `spawn` runs a coroutine as a task of the run."""

    def __init__(self, asker: Asker, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self.failed: list[Request] = []
        self.children: set[str] = set()
        """Those that this run has started."""
        self._asker = asker
        self._spawn = spawn
        self._chains: dict[str, list[Request]] = {}
        self._running: set[str] = set()
        self._waiting: dict[str, str] = {}
        """Requests that are tried patiently, and why."""

    @property
    def idle(self) -> bool:
        """Nothing is queued or in flight."""
        return not self._chains

    def add(self, requests: Iterable[Request]) -> None:
        """Queue what a turn decided."""
        for request in requests:
            self._chains.setdefault(_chain(request), []).append(request)

    def begin(self) -> None:
        """Start what is queued, as much as may be in flight."""
        for chain in list(self._chains):
            if len(self._running) >= MAX_IN_FLIGHT:
                return
            if chain not in self._running:
                self._running.add(chain)
                self._spawn(self._work(chain))

    def retry(self) -> int:
        """Try again what was given up; how much that is."""
        failed, self.failed = self.failed, []
        for code in dict.fromkeys(map(_problem_of, failed)):
            self._asker.problem(code, None)
        self.add(failed)
        self.begin()
        return len(failed)

    async def _work(self, chain: str) -> None:
        """One after the other, in the order in which they were asked for."""
        queue = self._chains[chain]
        while queue:
            await self._do(queue[0])
            del queue[0]
        del self._chains[chain]
        self._running.discard(chain)
        self.begin()

    async def _do(self, request: Request) -> None:
        match request:
            case OpenCase(child=True):
                await self._open_child(request)
            case OpenCase():
                await self._open(request)
            case Tell():
                await self._tell(request)
            case Compute():
                await self._compute(request)
            case Fill():
                await self._fill(request)
            case _:
                assert_never(request)

    # --- other cases ------------------------------------------------------------------------

    async def _open(self, opened: OpenCase) -> None:
        try:
            result = await self._reached("open_case", opened, opened.target)
        except ActivityError as error:
            self._lost(opened, *_said(error))
            return
        self._asker.delivered(opened)
        if result["result"] != "opened":
            self._asker.note_link(opened, str(result["result"]))

    async def _open_child(self, opened: OpenCase) -> None:
        if opened.target in self.children:
            return
        try:
            prepared = await self._prepared(opened)
        except FailureError as error:
            self._lost(opened, *_said(error))
            return
        result = str(prepared["result"])
        if result == "ready":
            result = await self._start_child(opened, prepared)
        self._asker.delivered(opened)
        if result != "opened":
            self._asker.note_link(opened, result)

    async def _prepared(self, opened: OpenCase) -> dict[str, Any]:
        """How the child is started. Its rules are not part of that: it fetches them itself, so
        that they do not stand in this case's history too."""
        args = [opened, self._asker.now()]
        prepared: dict[str, Any]
        try:
            prepared = await workflow.execute_local_activity(
                "prepare_child",
                args=args,
                result_type=dict[str, Any],
                schedule_to_close_timeout=ONCE,
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except FailureError as error:
            cause = _cause(error)
            if isinstance(cause, ApplicationError) and cause.non_retryable:
                raise
        else:
            return prepared
        return await self._reached("prepare_child", opened, opened.target)

    async def _reached(
        self, activity: str, request: OpenCase | Tell, summary: str
    ) -> dict[str, Any]:
        """What the activity answers. Tried a few times quickly, then patiently, with the problem
        shown meanwhile; raises ActivityError for what is refused for good."""

        async def attempt(policy: RetryPolicy) -> dict[str, Any]:
            answer: dict[str, Any] = await workflow.execute_activity(
                activity,
                args=[request, self._asker.now()],
                result_type=dict[str, Any],
                start_to_close_timeout=REACH,
                schedule_to_close_timeout=GIVE_UP_REACHING,
                retry_policy=policy,
                summary=summary[:100],
            )
            return answer

        try:
            return await attempt(_REACHING)
        except ActivityError as error:
            if error.retry_state != RetryState.MAXIMUM_ATTEMPTS_REACHED:
                raise
            self._waiting[request.key] = f"{request.target}: {_said(error)[1]}"
            self._show_waiting()
        try:
            return await attempt(_PATIENTLY)
        finally:
            del self._waiting[request.key]
            self._show_waiting()

    def _show_waiting(self) -> None:
        """The problem `unreachable` says which case is being tried for."""
        said = next(iter(self._waiting.values()), None)
        self._asker.problem("unreachable", None if said is None else said[:200])

    async def _start_child(self, opened: OpenCase, prepared: Mapping[str, Any]) -> str:
        """Start it and wait until it has; it outlives this run and this case."""
        start: Start = adapter(Start).validate_python(prepared["start"])
        try:
            child = await workflow.start_child_workflow(
                opened.process,
                args=[start],
                id=opened.target,
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=from_plain(prepared["attributes"]),
                static_summary=prepared["summary"],
            )
        except WorkflowAlreadyStartedError:
            return "exists"
        self.children.add(opened.target)
        # It reports by messages; how its workflow ends is nothing to this one.
        child.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return "opened"

    async def _tell(self, tell: Tell) -> None:
        try:
            result = await self._reached("tell_case", tell, f"{tell.event} → {tell.target}")
        except ActivityError as error:
            self._lost(tell, *_said(error))
            return
        if result["result"] in DELIVERED:
            self._asker.delivered(tell)
        else:
            self._lost(tell, str(result["code"]), str(result["message"]))

    def _lost(self, request: OpenCase | Tell, code: str, why: str) -> None:
        if not self._asker.undelivered(request, code, why):
            self._give_up(request, f"{request.process}: {why}")

    # --- computations and documents ---------------------------------------------------------

    async def _compute(self, request: Compute) -> None:
        try:
            answer = await workflow.execute_activity(
                "compute",
                args=[request],
                result_type=dict[str, Any],
                start_to_close_timeout=COMPUTE,
                retry_policy=_COMPUTING,
                summary=request.computation,
            )
        except ActivityError as error:
            code, why = _said(error)
            refused = self._asker.answered(request, Unanswered(why, code=code))
        else:
            refused = self._asker.answered(request, answer)
        if refused is not None:
            self._give_up(request, refused)

    async def _fill(self, request: Fill) -> None:
        try:
            await workflow.execute_activity(
                "fill",
                args=[request],
                result_type=dict[str, Any],
                start_to_close_timeout=FILL,
                schedule_to_close_timeout=GIVE_UP_FILLING,
                retry_policy=_FILLING,
                summary=f"{request.form} {request.printed}"[:100].strip(),
            )
        except ActivityError as error:
            self._give_up(request, f"{request.document}: {_said(error)[1]}")

    def _give_up(self, request: Request, why: str) -> None:
        self.failed = [*self.failed, request][-MAX_FAILED:]
        self._asker.problem(_problem_of(request), why[:200])


_PROBLEMS: Mapping[type[Request], str] = {
    OpenCase: "link",
    Tell: "link",
    Compute: "computation",
    Fill: "document",
}


def _problem_of(request: Request) -> str:
    return _PROBLEMS[type(request)]


def _chain(request: Request) -> str:
    """What must stay in order among itself."""
    return request.target if isinstance(request, OpenCase | Tell) else request.key


def _cause(error: FailureError) -> BaseException:
    """A local activity's own error arrives bare, an ordinary one's as ActivityError."""
    return error if isinstance(error, ApplicationError) else error.cause or error


def _said(error: FailureError) -> tuple[str, str]:
    """Code and words of a failure."""
    cause = _cause(error)
    if isinstance(cause, ApplicationError):
        # An error that an activity let go has the name of a Python class, which is no code.
        code = cause.type or ""
        return code if code.islower() else "unavailable", cause.message[:200]
    return "unavailable", str(cause)[:200]
