"""Cases on real Temporal being watched: each with its own time, all until nothing moves any more.

What it is: from a workflow, its view and the records: how far a case's time is from its workflow's,
when the case has done all that was asked of it, which other cases it has opened or told, and what
rows, notices and documents are new.
What it is not: sending, or the advancing of time.
Who may import it: the runner on real Temporal and its composition.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.records import Records
from definitions.problems import DuecourseError
from surfaces.rehearse import News
from workflows.core.effects import CaseView, Fill, Notify, Row
from workflows.payloads import adapter

PATIENCE = 30.0
"""Seconds of the machine's own time within which a case has done what was asked of it."""
A_MOMENT = 3.0
"""What fails for longer, such as a notice that nobody takes, is left in flight."""
PASSING = (
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.ABORTED,
)
"""What is said where a worker or a server has just been killed."""
T = TypeVar("T")


class NotInTime(DuecourseError):
    """The world's fault: a case did not settle in the machine's own time."""

    code = "rehearsal_stalled"


class Overshot(DuecourseError):
    """The world's fault: the server's time skipping, an experiment of its makers, ran past the
    wanted instant. The scenario has to be played again, in a fresh world."""

    code = "rehearsal_overshot"


@dataclass(slots=True)
class Life:
    """A case being watched. Its time is the workflow's time plus `shift`."""

    handle: WorkflowHandle[Any, Any]
    shift: int
    rows: int = 0
    followed: int = -1
    documents: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    """Activities that fail again and again, and are waited for no more."""
    view: CaseView | None = None
    """As it stood when it was last quiet."""

    @property
    def ended(self) -> bool:
        return self.view is not None and self.view.ended is not None


class Watch:
    """The cases of one scenario. `working` says whether a worker runs."""

    def __init__(self, client: Client, records: Records, working: Callable[[], bool]) -> None:
        self.lives: dict[str, Life] = {}
        self._client = client
        self._records = records
        self._working = working
        self._seen: dict[str, int] = {}
        """Up to where each case had come when all were quiet."""
        self._told: set[str] = set()
        self._opened: list[str] = []
        self._troubles: list[str] = []

    # --- beginning --------------------------------------------------------------------------

    async def add(self, case: str, handle: WorkflowHandle[Any, Any]) -> None:
        """Find out how far a case's time is from its workflow's, and keep an eye on it."""
        await eventually(lambda: _answers(handle), f"{case} does not open")
        begins = 0
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                given = event.workflow_execution_started_event_attributes.input.payloads[0]
                start = json.loads(given.data)
                if "resumed" in start:
                    self.lives[case] = Life(handle, start["resumed"]["shift"])
                    return
                begins = int(start["clock_at"])
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
                # The shift is fixed in the first task, at the second in which that began.
                self.lives[case] = Life(handle, begins - event.event_time.seconds)
                return

    # --- until nothing moves ----------------------------------------------------------------

    async def quiet(self) -> None:
        """Wait until nothing of any case is in flight: what one asks of another may move that one
        in turn, and so on, until two looks at all of them see the same."""
        before: dict[str, int] = {}
        while before != self._seen or not before:
            before = self._seen
            looked = list(self.lives)
            await asyncio.gather(*map(self._still, looked))
            for case in looked:
                await self._follow(case)
            self._seen = {case: self._view_of(case).seq for case in looked}
            if not looked:
                return

    def _view_of(self, case: str) -> CaseView:
        view = self.lives[case].view
        assert view is not None
        return view

    async def view(self, case: str) -> CaseView:
        """A case as it tells itself now, and what is wrong with it."""
        handle = self.lives[case].handle
        told: dict[str, Any] = await patiently(lambda: handle.query("view", result_type=dict))
        problems = told.pop("problems", {})
        view: CaseView = adapter(CaseView).validate_python(told)
        for code, detail in problems.items():
            trouble = f"{case}: {code}: {detail}"
            if trouble not in self._told and code != "records":
                self._told.add(trouble)
                self._troubles.append(trouble)
        return view

    async def _still(self, case: str) -> None:
        """Until nothing of a case is in flight and its journal has all that it decided."""
        life = self.lives[case]
        if life.ended:
            return
        await self.idle(life)

        async def written() -> CaseView | None:
            view = await self.view(case)
            kept = await self._records.read.case(case)
            return view if kept is not None and kept["seq"] >= view.seq else None

        life.view = await eventually(written, f"the records of {case} stay behind")

    async def idle(self, life: Life) -> None:
        """Until nothing of a workflow is in flight but what has failed and is tried again."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self._working():
            raw = (await patiently(life.handle.describe)).raw_description
            starting = any(not child.run_id for child in raw.pending_children)
            task = raw.HasField("pending_workflow_task")
            pending = [one for one in raw.pending_activities if one.activity_id not in life.left]
            if not (pending or task or starting):
                return
            tried = [one.attempt for one in pending]
            tried += [raw.pending_workflow_task.attempt] if task else []
            # What fails again and again may go on so for hours.
            patience = PATIENCE if starting or min(tried) <= 1 else A_MOMENT
            if loop.time() > began + patience:
                life.left |= {one.activity_id for one in pending}
                return
            await asyncio.sleep(0.03)

    async def _follow(self, case: str) -> None:
        """Watch the cases that a quiet one has opened or told; what it could not open is not
        there."""
        life, view = self.lives[case], self._view_of(case)
        if life.followed == view.seq:
            return
        life.followed = view.seq
        for row in await self._records.read.journal(case, view.number):
            target = f"{row['name']}:{row['data'].get('key')}"
            if row["kind"] != "link" or "link" not in row["data"] or target in self.lives:
                continue
            handle = self._client.get_workflow_handle(target)
            if await _exists(handle):
                await self.add(target, handle)
                self._opened.append(target)

    # --- news -------------------------------------------------------------------------------

    async def news(self) -> News:
        """What the records have of quiet cases that was not told before."""
        rows: list[tuple[str, Row]] = []
        notices: list[Notify] = []
        documents: list[Fill] = []
        for case, life in self.lives.items():
            rows += [(case, row) for row in await self._rows(case, life)]
            notices += await self._notices(case)
            documents += await self._documents(case, life)
        order = {case: place for place, case in enumerate(self.lives)}
        rows.sort(key=lambda pair: (pair[1].recorded, order[pair[0]], pair[1].seq))
        notices.sort(key=lambda notice: (notice.at, order[notice.case], notice.seq))
        documents.sort(key=lambda paper: (paper.at, order[paper.case], paper.seq))
        opened, troubles = tuple(self._opened), tuple(self._troubles)
        self._opened, self._troubles = [], []
        return News(tuple(rows), tuple(notices), opened, troubles, tuple(documents))

    async def _rows(self, case: str, life: Life) -> list[Row]:
        fields = Row.__dataclass_fields__
        fresh: list[Row] = []
        while kept := await self._records.read.journal(case, self._view_of(case).number, life.rows):
            fresh += [
                adapter(Row).validate_python({k: v for k, v in row.items() if k in fields})
                for row in kept
            ]
            life.rows = fresh[-1].seq
        return fresh

    async def _notices(self, case: str) -> list[Notify]:
        fresh: list[Notify] = []
        for kept in await self._records.read.notices(case):
            if kept["key"] in self._told:
                continue
            self._told.add(kept["key"])
            known = {k: v for k, v in kept.items() if k in Notify.__dataclass_fields__}
            fresh.append(adapter(Notify).validate_python(known))
        return fresh

    async def _documents(self, case: str, life: Life) -> list[Fill]:
        """Those that were archived; of what they say the archive knows the paper alone."""
        kept = await self._records.read.documents(case)
        fresh = [one for one in kept if one["key"] not in life.documents]
        life.documents |= {one["key"] for one in fresh}
        return [
            Fill(
                key=one["key"],
                case=case,
                process=case.partition(":")[0],
                number=one["number"],
                document=one["document"],
                title=one["title"],
                form="",
                printed=one["printed"],
                seq=one["seq"],
                at=one["at"],
                zone=self._view_of(case).zone,
                blocks=(),
            )
            for one in fresh
        ]


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What the server answers; asked again where it, or the worker behind it, went away."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status not in PASSING or loop.time() > deadline:
                raise
        await asyncio.sleep(0.2)


async def _answers(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await patiently(lambda: handle.query("view", result_type=dict))
    except WorkflowQueryFailedError as early:  # not opened yet; anything else shows in the end
        if "not open" not in early.message:
            raise
        return False
    return True


async def _exists(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def eventually(look: Callable[[], Awaitable[T | None]], failure: str) -> T:
    """What `look` answers as soon as it is something; `NotInTime` if that takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not (found := await look()):
        if loop.time() > deadline:
            raise NotInTime(failure, hint="look at the case in Temporal's UI")
        await asyncio.sleep(0.04)
    return found
