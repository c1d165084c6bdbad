"""One run of a case: the case, what is wrong with it, its timer, its effects and what people see.

What it is: the turns. An event or the passing of time is judged by the core; what it decides is
taken over at once, shown, and handed to the performer.
What it is not: Temporal's handlers and the life of the workflow; `case` has those.
Who may import it: the shell.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from temporalio import workflow

from definitions.problems import DuecourseError
from workflows.alarm import Alarm
from workflows.attributes import Values, changes, known, values
from workflows.card import menu, timer_summary
from workflows.core.case import Case, Incoming
from workflows.core.decide import Decision, decide, look, open_case
from workflows.core.effects import (
    Batch,
    CaseView,
    Compute,
    Fill,
    Notify,
    OpenCase,
    Row,
    RowKind,
    Tell,
)
from workflows.core.errors import IllegalEvent
from workflows.core.links import delivered
from workflows.core.messages import answer, failure, refused_message, undelivered
from workflows.core.possible import needed, possible, public
from workflows.core.view import view_of
from workflows.payloads import Resumed, Rules, Start, adapter, instant
from workflows.performing import Performer

MAX_STATE: Final = 1024 * 1024
_WEIGH_FROM: Final = 512 * 1024
_ROW_WEIGHT: Final = 1024
_MAX_REFUSED: Final = 100
_MAX_REFUSED_DATA: Final = 4000
_NEVER_WRITTEN: Final = "records"
"""That the records are behind is no longer so when it could be written there."""


class CaseFull(DuecourseError):
    """The case holds as much as a case may hold."""

    code = "case_full"


class CaseRun:
    """Opens the case, or takes up the one that another run has handed on. Raises `DuecourseError`
    for a case that may not be opened."""

    def __init__(self, rules: Rules, start: Start, shift: int) -> None:
        self.rules = rules
        self.shift = shift
        self.alarm = Alarm()
        self.problems: dict[str, str] = {}
        self._program = rules.program
        info = workflow.info()
        self._attributes: Values = known(info.typed_search_attributes, info.workflow_type)
        self._refused: set[str] = set()
        self._live = False
        self.behind = False
        """Whether something has become due meanwhile: events that wait are judged first."""
        self._judged: tuple[Case, int, Incoming, Decision] | None = None
        roles = rules.program.process.roles
        self._roles = {name: {"zh": r.title.zh, "en": r.title.en} for name, r in roles.items()}
        if start.resumed is not None:
            self._resume(start.resumed)
        else:
            self._open(start)

    def _resume(self, resumed: Resumed) -> None:
        self.case = resumed.case
        self.problems = dict(resumed.problems)
        self._refused = set(resumed.refused)
        self._weight = _weight(self.case)
        self.performer = Performer(self, self.case.number, None)
        self.performer.failed_notices = list(resumed.notices)
        self.performer.requests.failed = list(resumed.requests)

    def _open(self, start: Start) -> None:
        info = workflow.info()
        process = self._program.process
        event_id = start.event_id or f"{info.workflow_id}/{start.number}/opened"
        occurred = instant(start.occurred_at)
        incoming = Incoming("opened", event_id, start.actor.actor, start.data, occurred)
        decision = open_case(
            self._program,
            start.key,
            incoming,
            self.now(),
            start.number,
            start.origin,
            start.imported,
            backlog=True,
        )
        opening = {
            "process": process.process,
            "version": process.version,
            "key": start.key,
            "digest": self.rules.digest,
            "origin": start.origin,
            "at": decision.case.opened,
            "claimant": info.first_execution_run_id,
        }
        self._weight = 0
        self.performer = Performer(self, start.number, opening, self.rules.pinned)
        self.case = decision.case
        self._apply(decision)

    def handed_on(self) -> Resumed:
        """What the next run takes up."""
        failed = self.performer.requests.failed
        return Resumed(
            case=self.case,
            shift=self.shift,
            problems=self.problems,
            refused=tuple(sorted(self._refused)),
            notices=tuple(self.performer.failed_notices),
            opens=tuple(one for one in failed if isinstance(one, OpenCase)),
            tells=tuple(one for one in failed if isinstance(one, Tell)),
            computes=tuple(one for one in failed if isinstance(one, Compute)),
            fills=tuple(one for one in failed if isinstance(one, Fill)),
        )

    def now(self) -> int:
        """Case time: whole seconds."""
        return int(workflow.now().timestamp()) + self.shift

    # --- turns ------------------------------------------------------------------------------

    def go(self) -> None:
        """From here on effects are carried out; what was decided before waits until now."""
        if not self._live:
            self._live = True
            view = self._view()
            self.behind = self._is_due(view)
            if not self.behind:
                self._show(view)

    def judge(self, incoming: Incoming) -> Decision:
        """What the core says to an event. Changes nothing; raises `DuecourseError`."""
        now, known = self.now(), self._judged
        # The handler asks what the validator has just asked. A replay has no validator: there the
        # same is decided again.
        if known is not None and known[0] is self.case and known[1:3] == (now, incoming):
            return known[3]
        decision = decide(self._program, self.case, incoming, now, backlog=True)
        if self._weight > _WEIGH_FROM and decision.changed and _weight(decision.case) > MAX_STATE:
            raise CaseFull("the case holds too much", facts={"limit": MAX_STATE})
        self._judged = self.case, now, incoming, decision
        return decision

    def accept(self, incoming: Incoming, decision: Decision) -> None:
        """Take over what was decided on an event."""
        if decision.status not in ("duplicate", "refused"):
            self._refused.discard(incoming.name)
            if not self._refused:
                self.problems.pop("refused_signal", None)
        self._take(decision)

    def _take(self, decision: Decision) -> None:
        if decision.status != "duplicate":
            self._apply(decision)

    def refuse(self, name: str, incoming: Incoming | None, error: DuecourseError) -> None:
        """Write down that an event was refused whose sender does not wait to hear it."""
        if len(self._refused) < _MAX_REFUSED:
            self._refused.add(name[:200])
        self.problems["refused_signal"] = f"{name[:40]}: {error.code}"
        said: dict[str, Any] = {"code": error.code, "message": error.message[:500]}
        more: dict[str, Any] = {}
        if incoming is not None:
            actor = incoming.actor
            more = {"event_id": incoming.id, "actor": actor.id, "roles": actor.roles}
            said |= self._refused_words(incoming)
        self._apply(self._with_row("refused", name[:200], said, **more))

    def message(self, incoming: Incoming) -> dict[str, Any]:
        """The answer to what another case says. A refusal is written down, and is that case's
        problem and none of this one. Another one may have opened this case meanwhile, or the
        sender speak of something earlier: to this case it is said when it opens."""
        if incoming.occurred is not None:
            incoming = replace(incoming, occurred=max(incoming.occurred, self.case.opened))
        try:
            decision = self.judge(incoming)
        except IllegalEvent as error:
            decision = refused_message(self._program, self.case, incoming, error, self.now())
        self.accept(incoming, decision)
        return decision.answer

    def _refused_words(self, incoming: Incoming) -> dict[str, Any]:
        """What was said, so that it can be said again; but nothing personal, unknown or long."""
        shown = public(self._program, incoming.name, incoming.data)
        kept = {"data": shown} if shown and len(str(shown)) <= _MAX_REFUSED_DATA else {}
        return kept if incoming.occurred is None else {"occurred": incoming.occurred, **kept}

    def look(self) -> None:
        """Let time pass up to now: the timer has rung, or events are judged that came late."""
        if self.alarm.rang:
            self.alarm.taken()
        self.behind = False
        self._apply(look(self._program, self.case, self.now()), by_itself=True)

    def retry(self) -> dict[str, Any]:
        """Try again what was given up, and take note of refused signals."""
        self._refused.clear()
        count = self.performer.retry()
        self.problem("refused_signal", None)
        return {"case": self.case.id, "status": "accepted", "retried": count}

    def _apply(self, decision: Decision, by_itself: bool = False) -> None:
        self.case = decision.case
        self._judged = None
        if decision.changed:
            self._weight += len(str(decision.rows)) + _ROW_WEIGHT
            batch = self._batch(decision.view, decision.rows, decision.notices)
            self.performer.submit(batch, decision.notices, decision.requests)
        self.behind = self._live and self._is_due(decision.view)
        if not self.behind:
            self._show(decision.view, by_itself)

    def _is_due(self, view: CaseView) -> bool:
        """Whether something is due by now that is not decided. More events may wait that occurred
        before it, so the look comes after all that have arrived."""
        return view.next_wakeup is not None and view.next_wakeup <= self.now()

    def _show(self, view: CaseView, by_itself: bool = False) -> None:
        """Say how the case stands, start what is queued, set the timer."""
        if not self._live:
            return
        after = values(view, self.problems)
        if changed := changes(self._attributes, after):
            workflow.upsert_search_attributes(changed)
            self._attributes = after
        self.performer.begin(by_itself)
        rings = view.next_wakeup
        self.alarm.set(
            None if rings is None else rings - self.shift,
            lambda: timer_summary(view, self._roles, rings or 0),
        )

    def _batch(
        self, view: CaseView, rows: tuple[Row, ...] = (), notices: tuple[Notify, ...] = ()
    ) -> Batch:
        said = self.problems.items()
        problems = tuple(f"{code}: {why}" for code, why in said if code != _NEVER_WRITTEN)
        return Batch(view.case, rows, notices, view, problems)

    def _with_row(self, kind: RowKind, name: str, data: dict[str, Any], **more: Any) -> Decision:
        """The case with one more line of the journal, which only the shell can say."""
        now = self.now()
        case = replace(self.case, seq=self.case.seq + 1)
        row = Row(case.seq, kind, name, now, now, data=data, state=case.state, **more)
        view = view_of(self._program, case, now)
        return Decision(case, (row,), (), (), view, {}, "settled")

    # --- what the performer tells -----------------------------------------------------------

    def problem(self, code: str, detail: str | None) -> None:
        """Something is wrong with the case, or (None) no longer."""
        if self.problems.get(code) == detail:
            return
        if detail is None:
            del self.problems[code]
        else:
            self.problems[code] = detail
        view = self._view()
        if code != _NEVER_WRITTEN:
            self.performer.submit(self._batch(view))
        self._show(view)

    def note_link(self, opened: OpenCase, result: str) -> None:
        """What became of a case that was to be opened, if it is not simply open now."""
        data = {"key": opened.business_key, "result": result}
        self._apply(self._with_row("link", opened.process, data))

    def undelivered(self, request: OpenCase | Tell, code: str, why: str) -> bool:
        """Write down that another case could not be opened or told, and let the process see to
        that if its link names an event for it; whether it does."""
        # What was written down before for this very request stands, whatever the reason is now.
        with suppress(IllegalEvent):
            self._take(undelivered(self._program, self.case, request, code, why, self.now()))
        return request.undelivered != ""

    def delivered(self, request: OpenCase | Tell) -> None:
        """What was noted as undelivered, this very request, may have arrived after all."""
        noted = f"{request.key}/undelivered"
        if any(seen.event_id == noted for seen in self.case.seen):
            self.case = delivered(self.case, request)

    def answered(
        self, request: Compute, answered: Mapping[str, Any] | DuecourseError
    ) -> str | None:
        """Take the answer of a computation, or that it has none; why that is impossible, if it
        is. An output that leads nowhere is a failure, too."""
        if self.case.calling != request.key:
            # The case has moved on: nobody waits for this any more.
            return None
        refused: DuecourseError | None
        if isinstance(answered, DuecourseError):
            refused = answered
        else:
            refused = self._tell_itself(answer(self._program, request, answered), request.at)
        if refused is not None:
            refused = self._tell_itself(failure(request, refused), request.at)
        return None if refused is None else f"{request.computation}: {refused.message}"

    def _tell_itself(self, incoming: Incoming, at: int) -> DuecourseError | None:
        """An event that the engine sends, at the instant of what led to it unless that is too
        long ago: that the world was slow changes nothing."""
        recent = self.now() - at <= self._program.tolerance
        incoming = replace(incoming, occurred=at if recent else None)
        try:
            decision = self.judge(incoming)
        except DuecourseError as error:
            return error
        self.accept(incoming, decision)
        return None

    # --- what people see --------------------------------------------------------------------

    def _view(self) -> CaseView:
        return view_of(self._program, self.case, self.now())

    def menu(self) -> dict[str, Any]:
        """The events that are legal now, and the card."""
        view = self._view()
        events = possible(self._program, self.case, view.at, view.events)
        needs = needed(self._program, self.case)
        namespace = workflow.info().namespace
        return menu(replace(view, events=events), self.problems, self._roles, needs, namespace)

    def shown(self) -> dict[str, Any]:
        """The case as lists and cards show it, and what is wrong with it."""
        view: dict[str, Any] = adapter(CaseView).dump_python(self._view(), mode="json")
        return view | {"problems": dict(self.problems)}

    def result(self) -> dict[str, Any]:
        """How it ended."""
        return {
            "case": self.case.id,
            "number": self.case.number,
            "state": self.case.state,
            "seq": self.case.seq,
            "problems": sorted(self.problems),
        }


def _weight(case: Case) -> int:
    return len(adapter(Case).dump_json(case, exclude_defaults=True))
