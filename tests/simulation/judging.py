"""What must be true of a case in the end, whatever happened to it.

What it is: the invariants, held against journal, ledger, projection, attributes, the case's own
view and its histories; and those of cases that speak to one another: each is opened once, each
message arrives once and in its order, and what does not is written down on both sides.
What it is not: lenient. Whatever the core does not say, nobody may say.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from temporalio.client import (
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHistory,
)
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.simulation.oracle import SLACK, Judged, Violation, judge
from tests.simulation.plans import Plan
from tests.simulation.run import Handle, Run
from tests.simulation.stage import Result, Stage
from tests.simulation.waiting import within
from workflows.attributes import values
from workflows.case import CaseWorkflow
from workflows.core.case import Actor, Incoming, engine
from workflows.core.decide import Decision, open_case, wakeup
from workflows.core.effects import CaseView, OpenCase, Request, Tell
from workflows.core.messages import message, opening
from workflows.core.view import view_of
from workflows.payloads import DATA_CONVERTER, adapter

_TASK_DONE: Final = "workflow_task_completed_event_attributes"


async def tried(stage: Stage, plan: Plan) -> Result:
    """Run a plan and judge it."""
    return await Run(stage, plan).go(lambda run: Judge(run).judge())


ORDER: Final = ("slip", "step", "book")
"""Cases of these processes are judged one after the other: who is told something, after those who
tell it."""
ABSENT: Final = "unknown_case"
Rows = Sequence[Mapping[str, Any]]
Contents = dict[str, list[Incoming]]


class Judge:
    """Of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._asked: dict[str, list[OpenCase | Tell]] = {}
        """By the case that is asked for or told something, in the order of the asking."""
        self._lost: dict[str, str] = {}
        self._arrived: dict[str, str] = {}
        """The kind of row that a message led to, by its key."""

    async def judge(self) -> None:
        """Raise `Violation` unless everything is as it must be."""
        plan, case = self._run.plan, self._run.handle.id
        begun = open_case(
            self._run.library.program(plan.process),
            self._run.key,
            Incoming("opened", "open", Actor(*plan.by), plan.data, plan.occurred),
            plan.opened,
            backlog=True,
        )
        contents: Contents = {}
        for one in self._run.sent:
            contents.setdefault(one.incoming.id, []).append(one.incoming)
        judged = await self._judge_case(self._run.handle, plan.process, begun, contents)
        await self._judge_answers(judged, await self._run.records.read.journal(case, 1))
        for process in ORDER:
            named = [one for one in self._asked if one.partition(":")[0] == process]
            for other in named:
                await self._judge_other(other, self._asked[other])
        self._judge_messages(tell for asked in self._asked.values() for tell in _tells(asked))

    async def _judge_other(self, case: str, asked: Sequence[OpenCase | Tell]) -> None:
        """The other case exists once, by one of those that asked for it, and goes its own way."""
        opened = await self._opened(case, [one for one in asked if _opens(one)])
        if opened is None:
            return
        process, _, key = case.partition(":")
        program = self._run.library.program(process)
        begun = opening(program, opened)
        assert begun is not None
        rows = await self._run.records.read.journal(case, 1)
        actor = begun.actor if begun.actor.id else engine(opened.origin)
        await self._judge_case(
            self._run.client.get_workflow_handle(case),
            process,
            open_case(
                program,
                key,
                replace(begun, name="opened", actor=actor),
                rows[0]["recorded"],
                origin=opened.origin,
                backlog=True,
            ),
            {tell.key: [message(program, tell)] for tell in _tells(asked)},
        )
        self._judge_order(case, asked, rows)

    async def _opened(
        self, case: str, openers: Sequence[OpenCase | Tell]
    ) -> OpenCase | Tell | None:
        """Who opened it, if anybody asked for that."""
        handle: Handle = self._run.client.get_workflow_handle(case)

        async def written() -> bool:
            return bool(await self._run.records.read.journal(case, 1))

        if not openers:
            if await written():
                raise Violation(f"nobody asked for {case}, and it is there")
            return None
        await within(written, f"{case} is in the records")
        await self._run.pass_time(handle, 3 * 86_400)
        await self._run.quiet(handle)
        first = (await self._run.records.read.journal(case, 1))[0]["event_id"]
        opened = next((one for one in openers if _identity(one) == first), None)
        if opened is None:
            raise Violation(f"{case} was opened by {first}, and nobody asked so")
        process, _, key = case.partition(":")
        owner = await self._run.records.key(process, key)
        if owner is None or owner.origin != opened.origin:
            raise Violation(f"{case} belongs to {owner}, not to {opened.origin}")
        parent = (await handle.describe()).parent_id
        if (parent == opened.origin) != (isinstance(opened, OpenCase) and opened.child):
            raise Violation(f"{case} is a child of {parent}, asked for as {opened}")
        return opened

    def _judge_order(self, case: str, asked: Sequence[Request], rows: Rows) -> None:
        """Each message arrived once, in the order in which its sender spoke."""
        said = {tell.key: tell.origin for tell in _tells(asked)}
        heard = [row for row in rows if row["event_id"] in said]
        self._arrived |= {row["event_id"]: row["kind"] for row in heard}
        for origin in dict.fromkeys(said.values()):
            # What found nobody may have been said again, once there was somebody.
            wanted = [k for k in said if said[k] == origin and self._lost.get(k) != ABSENT]
            got = [
                row["event_id"]
                for row in heard
                if row["actor"] == origin and self._lost.get(row["event_id"]) != ABSENT
            ]
            if got != wanted:
                raise Violation(f"{origin} said {wanted} to {case}, which heard {got}")

    def _judge_messages(self, tells: Iterable[Tell]) -> None:
        """What was not taken stands on both sides, with the same reason; and nothing else does."""
        for tell in tells:
            arrived, lost = self._arrived.get(tell.key), self._lost.get(tell.key)
            if lost == ABSENT:
                fine = arrived is None or not tell.undelivered
            else:
                fine = arrived is not None and (arrived == "event") == (lost is None)
            if not fine:
                raise Violation(f"{tell.key} became {arrived} there and {lost} here")

    async def _judge_case(
        self, handle: Handle, process: str, begun: Decision, contents: Contents
    ) -> Judged:
        program = self._run.library.program(process)
        rows = await self._run.records.read.journal(handle.id, 1)
        self._run.result.rows += len(rows)
        if [row["seq"] for row in rows] != list(range(1, len(rows) + 1)):
            raise Violation(f"the journal has gaps: {[row['seq'] for row in rows]}")
        histories = await self._histories(handle)
        # Whoever looks for a fault finds them beside the records.
        for number, history in enumerate(histories, start=1):
            place = self._run.folder / f"{process}-{number}.json"
            place.write_text(history.to_json(), "utf-8")
        slack = SLACK + _delayed(histories)
        judged = judge(program, begun, rows, contents, slack)
        self._lost |= judged.lost
        for one in judged.requests:
            if isinstance(one, OpenCase | Tell):
                self._asked.setdefault(one.target, []).append(one)
        described = await handle.describe()
        running = described.status is WorkflowExecutionStatus.RUNNING
        kept = await self._run.records.read.case(handle.id)
        assert kept is not None
        problems = kept.pop("problems")
        # Who writes a row for a case that is over leaves its view alone.
        late = judged.case.ended is not None and rows[-1]["kind"] in (
            "undelivered",
            "late_rejected",
        )
        alone = frozenset({"seq"} if late else ())
        _same_view("the records", view_of(program, judged.case, kept["at"]), kept, alone)
        if running != (judged.case.ended is None):
            raise Violation(f"{described.status}, and the case ended at {judged.case.ended}")
        if running:
            await self._judge_living(handle, judged, described)
        elif described.status is not WorkflowExecutionStatus.COMPLETED:
            raise Violation(f"the case ended as {described.status}")
        await self._judge_notices(handle.id, judged, problems)
        await self._judge_histories(histories)
        return judged

    async def _judge_living(
        self, handle: Handle, judged: Judged, described: WorkflowExecutionDescription
    ) -> None:
        program = self._run.library.program(judged.case.process)
        shown = await self._run.view(handle)
        problems = shown.pop("problems")
        now = shown["at"]
        view = view_of(program, judged.case, now)
        _same_view("the case itself", view, shown)
        held = {pair.key.name: pair.value for pair in described.typed_search_attributes}
        for key, value in values(view, problems).items():
            if held.get(key.name) != value:
                raise Violation(f"{key.name} is {held.get(key.name)!r}, and should be {value!r}")
        ring = wakeup(program, judged.case)
        if shown["next_wakeup"] != ring:
            raise Violation(f"it waits for {shown['next_wakeup']}, and should for {ring}")

    async def _judge_notices(self, case: str, judged: Judged, problems: list[Any]) -> None:
        """Each is claimed once and arrived at each recipient; a twin only where the receiver's
        answer, or ours, was lost."""
        wanted = {notice.key: notice for notice in judged.notices}
        claimed = {one["key"]: one for one in await self._run.records.read.notices(case)}
        if missing := wanted.keys() - claimed.keys():
            raise Violation(f"never claimed: {sorted(missing)}")
        # One that was taken back and came due again is another notice, and says so in its key.
        keys = Counter(notice.key for notice in judged.notices)
        if twice := [key for key, count in keys.items() if count > 1]:
            raise Violation(f"several notices under one key: {twice}")
        arrived = Counter(message.key for message in self._run.desk.sent)
        for key in wanted:
            deliveries = claimed[key]["deliveries"]
            if not deliveries:
                raise Violation(f"{key} was never addressed")
            for one in deliveries:
                if one["status"] not in ("sent", "merged") and not problems:
                    raise Violation(f"{key} did not arrive, and no problem is shown: {one}")
        for extra in claimed.keys() - wanted.keys():
            if claimed[extra]["deliveries"] or any(k.startswith(extra + "|") for k in arrived):
                raise Violation(f"sent, and the core knows nothing of it: {extra}")
            self._run.chaos.counts["(a claim decided anew is left behind, unsent)"] += 1
        twins = sum(arrived.values()) - len(arrived)
        self._run.result.twins = twins
        excuses = sum(
            count
            for what, count in self._run.chaos.counts.items()
            if "after its effect" in what or "is lost" in what or what.startswith("worker ")
        )
        if twins and not excuses:
            raise Violation(f"twins for no reason: {arrived}")

    async def _judge_answers(self, judged: Judged, rows: Any) -> None:
        """Nothing accepted is lost, nothing refused has left a trace, the answers were true."""
        # What the case itself hears, or another one says, is judged elsewhere.
        rows = [row for row in rows if ":" not in row["actor"]]
        kept = Counter(
            row["event_id"] for row in rows if row["kind"] in ("event", "late_rejected", "opened")
        )
        if double := [one for one, count in kept.items() if count > 1]:
            raise Violation(f"accepted twice: {double}")
        noted = {row["event_id"] for row in rows if row["kind"] == "refused"}
        recorded = {row["event_id"]: row["recorded"] for row in rows if row["event_id"]}
        signalled = {one.incoming.id for one in self._run.sent if one.code == "signal"}
        accepted: set[str] = set()
        for one in self._run.sent:
            event = one.incoming
            if one.code == "":
                accepted.add(event.id)
                if event.id not in kept:
                    raise Violation(f"accepted and lost: {one}")
                if one.answer != judged.answers[event.id]:
                    said = judged.answers[event.id]
                    raise Violation(f"answered {one.answer}, the core says {said}")
                if recorded[event.id] > one.ended + 1:
                    raise Violation(f"answered at {one.ended}, decided later: {one}")
            elif one.code == "signal":
                accepted.add(event.id)
                if event.id not in kept and event.id not in noted:
                    raise Violation(f"a signal was lost: {one}")
            elif one.alone and event.id in noted - signalled and event.id not in kept:
                raise Violation(f"refused as an update, and written down: {one}")
        if unasked := kept.keys() - accepted - {"open"}:
            raise Violation(f"refused, and accepted all the same: {sorted(unasked)}")

    async def _histories(self, handle: Handle) -> list[WorkflowHistory]:
        """Of all runs, in order."""
        described = await handle.describe()
        run: str | None = described.raw_info.first_run_id
        found: list[WorkflowHistory] = []
        while run:
            one = await self._run.client.get_workflow_handle(handle.id, run_id=run).fetch_history()
            found.append(one)
            going_on = one.events[-1].workflow_execution_continued_as_new_event_attributes
            run = going_on.new_execution_run_id
        return found

    async def _judge_histories(self, histories: list[WorkflowHistory]) -> None:
        """Every run replays, and never had two timers at once."""
        replayer = Replayer(
            workflows=[CaseWorkflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
            data_converter=DATA_CONVERTER,
        )
        for history in histories:
            self._run.result.runs += 1
            opened: set[int] = set()
            for event in history.events:
                if event.HasField("timer_started_event_attributes"):
                    opened.add(event.event_id)
                elif event.HasField("timer_fired_event_attributes"):
                    opened.discard(event.timer_fired_event_attributes.started_event_id)
                elif event.HasField("timer_canceled_event_attributes"):
                    opened.discard(event.timer_canceled_event_attributes.started_event_id)
                if len(opened) > 1:
                    raise Violation(f"two timers at once, at event {event.event_id}")
            if not any(one.HasField(_TASK_DONE) for one in history.events):
                continue  # a run that goes on with a case and has not had a task yet
            result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            if result.replay_failure is not None:
                raise Violation(f"a run does not replay: {result.replay_failure}")


def _forgive(view: dict[str, Any]) -> None:
    """What nobody sees to is tried again when somebody asks for that, and no row tells."""
    for link in view["links"]:
        link["outcome"] = link["outcome"] if link["link"] != "hint" else ""


def _tells(asked: Iterable[Request]) -> list[Tell]:
    return [one for one in asked if isinstance(one, Tell)]


def _opens(one: OpenCase | Tell) -> bool:
    return isinstance(one, OpenCase) or one.start is not None


def _identity(one: OpenCase | Tell) -> str:
    """The event id under which it opens a case."""
    return one.key if isinstance(one, OpenCase) else f"{one.key}/start"


def _delayed(histories: list[WorkflowHistory]) -> int:
    """How late server and workers were by themselves, all in all: a task that waited for a
    worker, a timer that rang late, and the time skipped before a run's first task (the server does
    not know yet that a run which goes on with a case has a timer to set). The case must be none
    the worse for it."""
    late = 0
    for history in histories:
        waiting: int | None = history.events[0].event_time.ToSeconds()
        due: dict[int, int] = {}
        for event in history.events:
            now = event.event_time.ToSeconds()
            if event.HasField("workflow_task_scheduled_event_attributes"):
                waiting = now if waiting is None else waiting
            elif event.HasField("workflow_task_completed_event_attributes"):
                late += now - (now if waiting is None else waiting)
                waiting = None
            elif event.HasField("timer_started_event_attributes"):
                length = event.timer_started_event_attributes.start_to_fire_timeout.ToSeconds()
                due[event.event_id] = now + length
            elif event.HasField("timer_fired_event_attributes"):
                number = event.timer_fired_event_attributes.started_event_id
                late += max(0, now - due[number])
            elif event.HasField("timer_canceled_event_attributes"):
                # Time was skipped over the instant at which it was to ring, and an event came.
                number = event.timer_canceled_event_attributes.started_event_id
                late += max(0, now - due[number])
    return late


def _same_view(
    whose: str, wanted: CaseView, kept: dict[str, Any], alone: frozenset[str] = frozenset()
) -> None:
    made = adapter(CaseView).dump_python(wanted, mode="json")
    _forgive(made)
    _forgive(kept)
    wrong = {
        name: (kept.get(name), value)
        for name, value in made.items()
        if kept.get(name) != value and name not in alone
    }
    if wrong:
        raise Violation(f"{whose} (first) and the core differ: {wrong}")
