"""The schedules of processes in Temporal: shown, installed, removed, made up for.

What it is: each schedule that a definition declares is one of Temporal's, by the same name. What
was missed while Temporal was away is made up for within `CATCH_UP`; several runs may go on at
once, since each stands for its own occasion and opens every case once.
What it is not: the opening (`workflows.occasions`, `activities.case_schedules`), or printing.
Who may import it: the surfaces and the composition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.case_schedules import Scheduling
from definitions.model import Process
from definitions.problems import DuecourseError
from surfaces.errors import BadInput
from surfaces.settings import TemporalUnavailable
from workflows.attributes import cut
from workflows.card import MAX_SUMMARY
from workflows.occasions import PREFIX, Occasions
from workflows.schedule import NAME

CATCH_UP: Final = timedelta(days=400)
NEXT: Final = 3
"""Occasions ahead that are told."""
_POLICY: Final = SchedulePolicy(
    overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP, pause_on_failure=False
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A schedule as it is declared, and as Temporal has it. Instants are whole seconds."""

    id: str
    process: str
    schedule: str
    title: Mapping[str, str]
    zone: str
    each: str | None
    next: tuple[int, ...]
    last: Mapping[str, Any] | None = None
    """The occasion and the run that stood for it last."""
    running: int = 0
    """Runs that have not opened all of their cases yet."""
    missed: int = 0
    """Occasions that lay too far back to be made up for."""
    installed: bool = False
    current: bool = False
    """Whether Temporal has it as it is declared now."""
    paused: bool = False
    declared: bool = True


class Schedules:
    """The schedules of some processes, in one namespace and for one task queue."""

    def __init__(self, client: Client, processes: Mapping[str, Process], task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self.declared = {one.id: (name, one) for name, one in _all(processes)}

    # --- reading ----------------------------------------------------------------------------

    async def shown(self, now: int) -> tuple[Shown, ...]:
        """The declared ones, then those that only Temporal has. Raises `TemporalUnavailable`."""
        try:
            declared = [
                await self._shown(name, occasions, now) for name, occasions in self._sorted()
            ]
            return (*declared, *[_orphan(one) for one in await self._orphans()])
        except RPCError as error:
            raise _unavailable(error) from error

    async def _shown(self, name: str, occasions: Occasions, now: int) -> Shown:
        title = occasions.schedule.title
        shown = Shown(
            occasions.id,
            occasions.process.process,
            name,
            {"zh": title.zh, "en": title.en},
            occasions.zone,
            occasions.schedule.each,
            occasions.coming(now, NEXT),
        )
        found = await self._describe(occasions.id)
        if found is None:
            return shown
        wanted, held = self._wanted(name, occasions), found.schedule
        same = wanted.spec == held.spec and wanted.policy == held.policy
        return _as_held(
            shown,
            found,
            current=same and _place(wanted) == _place(held),
            running=await self._running(occasions.id),
        )

    async def _running(self, schedule: str) -> int:
        # Temporal does not follow the runs of a schedule that lets them overlap.
        query = f"TemporalScheduledById = '{schedule}' AND ExecutionStatus = 'Running'"
        return (await self._client.count_workflows(query)).count

    async def _describe(self, schedule: str) -> ScheduleDescription | None:
        try:
            return await self._client.get_schedule_handle(schedule).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _orphans(self) -> list[ScheduleDescription]:
        """Ours by name and task queue, but declared no longer."""
        found = []
        async for one in await self._client.list_schedules():
            if one.id.startswith(PREFIX) and one.id not in self.declared:
                described = await self._describe(one.id)
                if described and _place(described.schedule) == (NAME, self._task_queue):
                    found.append(described)
        return sorted(found, key=lambda one: one.id)

    def _sorted(self) -> list[tuple[str, Occasions]]:
        return [self.declared[name] for name in sorted(self.declared)]

    # --- changing ---------------------------------------------------------------------------

    async def install(self, organisations: Sequence[str], now: int) -> None:
        """Make Temporal's schedules as they are declared; one that is paused stays so.

        Raises `BadInput` if no case could be opened by one of them, before anything is changed.
        """
        self._check(organisations, now)
        try:
            for name, occasions in self._sorted():
                await self._install(occasions.id, self._wanted(name, occasions))
        except RPCError as error:
            raise _unavailable(error) from error

    async def _install(self, schedule: str, wanted: Schedule) -> None:
        def updated(held: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(replace(wanted, state=held.description.schedule.state))

        try:
            await self._client.create_schedule(schedule, wanted)
        except ScheduleAlreadyRunningError:
            await self._client.get_schedule_handle(schedule).update(updated)

    async def remove(self) -> None:
        """Remove them from Temporal, those that are declared no longer too. Cases stay."""
        try:
            orphans = [one.id for one in await self._orphans()]
            for schedule in (*sorted(self.declared), *orphans):
                try:
                    await self._client.get_schedule_handle(schedule).delete()
                except RPCError as error:
                    if error.status is not RPCStatusCode.NOT_FOUND:
                        raise
        except RPCError as error:
            raise _unavailable(error) from error

    async def make_up(self, since: int, now: int) -> None:
        """Run every occasion from `since` until now once more; a case that is there stays as it
        is. Raises `BadInput` unless all are installed, and for what lies too far back."""
        if now - since > CATCH_UP.total_seconds():
            raise BadInput(f"no further back than {CATCH_UP.days} days")
        missing = [one.id for one in await self.shown(now) if not one.installed]
        if missing:
            raise BadInput(
                f"not installed: {', '.join(missing)}",
                code="schedule_missing",
                hint="install them first: `schedules --install`",
            )
        backfill = ScheduleBackfill(
            start_at=datetime.fromtimestamp(since, UTC),
            end_at=datetime.fromtimestamp(now, UTC),
            overlap=ScheduleOverlapPolicy.ALLOW_ALL,
        )
        try:
            for schedule in sorted(self.declared):
                await self._client.get_schedule_handle(schedule).backfill(backfill)
        except RPCError as error:
            raise _unavailable(error) from error

    def _check(self, organisations: Sequence[str], now: int) -> None:
        """Whether the next occasion could open its cases."""
        problems: list[str] = []
        for _, occasions in self._sorted():
            (at,) = occasions.coming(now, 1)
            for organisation in organisations_of(occasions, organisations):
                try:
                    occasions.arguments(at, organisation, at)
                except DuecourseError as error:
                    said = f"{occasions.id} {organisation}".strip()
                    problems.append(f"{said}: {error.code}: {error.message}")
        if problems:
            raise BadInput("; ".join(problems)[:2000], code="schedule_invalid")

    def _wanted(self, name: str, occasions: Occasions) -> Schedule:
        process, declared = occasions.process, occasions.schedule
        hour, minute = map(int, declared.time.split(":"))
        title = f"{process.title.zh} {declared.title.zh} · {declared.title.en}"
        return Schedule(
            action=ScheduleActionStartWorkflow(
                NAME,
                args=[process.process, name],
                id=occasions.id,
                task_queue=self._task_queue,
                static_summary=cut(title, MAX_SUMMARY),
            ),
            spec=ScheduleSpec(
                calendars=[
                    # Written as Temporal tells it back, so that the two can be compared.
                    ScheduleCalendarSpec(
                        second=_exactly(0),
                        minute=_exactly(minute),
                        hour=_exactly(hour),
                        day_of_month=_exactly(declared.day),
                        month=(ScheduleRange(1, 12, declared.months),),
                        day_of_week=(ScheduleRange(0, 6, 1),),
                    )
                ],
                time_zone_name=occasions.zone,
            ),
            policy=_POLICY,
        )


def scheduling(
    processes: Mapping[str, Process], organisations: Sequence[str], task_queue: str
) -> Scheduling:
    """What the activity of a schedule needs to know."""

    def occasions(process: str, schedule: str) -> Occasions:
        declared = processes.get(process)
        if declared is None or schedule not in declared.schedules:
            raise BadInput(
                f"no definition declares the schedule {schedule!r} of {process!r}",
                code="schedule_missing",
                hint="declare it again, or run `schedules --remove` and `schedules --install`",
            )
        return known.setdefault((process, schedule), Occasions(declared, schedule))

    def start(process: str, schedule: str, at: int, organisation: str) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        arguments = occasions(process, schedule).arguments(at, organisation, now)
        return {**arguments, "task_queue": task_queue}

    known: dict[tuple[str, str], Occasions] = {}
    return Scheduling(
        occasion=lambda process, schedule, at: occasions(process, schedule).last(at),
        organisations=lambda process, schedule: organisations_of(
            occasions(process, schedule), organisations
        ),
        start=start,
    )


def organisations_of(occasions: Occasions, organisations: Sequence[str]) -> Sequence[str]:
    """For whom a schedule opens a case. Raises `BadInput` (`organisations_missing`)."""
    if occasions.schedule.each is None:
        return ("",)
    if not organisations:
        raise BadInput(
            f"{occasions.id} opens a case for each organisation, and the directory names none",
            code="organisations_missing",
            hint="name them under `organisations` in the directory (DUECOURSE_DIRECTORY)",
        )
    return organisations


def _all(processes: Mapping[str, Process]) -> Iterator[tuple[str, Occasions]]:
    for process in processes.values():
        for name in process.schedules:
            yield name, Occasions(process, name)


def _exactly(number: int) -> tuple[ScheduleRange, ...]:
    return (ScheduleRange(number, number, 1),)


def _place(schedule: Schedule) -> tuple[str, str]:
    action = schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    return action.workflow, action.task_queue


def _as_held(shown: Shown, found: ScheduleDescription, *, current: bool, running: int = 0) -> Shown:
    info = found.info
    last: dict[str, Any] | None = None
    if info.recent_actions:
        newest = info.recent_actions[-1]
        last = {
            "at": int(newest.scheduled_at.timestamp()),
            "started": int(newest.started_at.timestamp()),
            "run": getattr(newest.action, "workflow_id", ""),
        }
    return replace(
        shown,
        next=tuple(int(one.timestamp()) for one in info.next_action_times[:NEXT]),
        last=last,
        running=running,
        missed=info.num_actions_missed_catchup_window,
        installed=True,
        current=current,
        paused=found.schedule.state.paused,
    )


def _orphan(found: ScheduleDescription) -> Shown:
    process, _, name = found.id.removeprefix(PREFIX).partition("-")
    zone = found.schedule.spec.time_zone_name or "UTC"
    title = dict.fromkeys(("zh", "en"), found.id)
    shown = Shown(found.id, process, name, title, zone, None, (), declared=False)
    return _as_held(shown, found, current=False)


def _unavailable(error: RPCError) -> TemporalUnavailable:
    return TemporalUnavailable(f"Temporal does not answer: {error.message}")
