"""How a case is started: everything that `client.start_workflow` needs, from one place.

What it is: for starter, gateway and links: the readable start, the pinned rules, the first search
attributes and the static summary. The opening is judged by the core before anything is sent, so a
start that would be refused is refused here, and no case is left behind.
What it is not: a client; it sends nothing and reads no time.
Who may import it: the surfaces and the composition.
"""

from typing import Any

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from definitions.bundle import pin
from definitions.model import Process
from workflows.attributes import at_start, cut
from workflows.card import MAX_SUMMARY
from workflows.core.case import Actor, Incoming
from workflows.core.decide import open_case
from workflows.core.program import Program
from workflows.payloads import By, Limits, Start, case_id, instant, rules_argument, sendable

_READY: dict[int, tuple[Process, bytes, Program]] = {}


def start_arguments(
    process: Process,
    *,
    key: str,
    data: dict[str, Any],
    actor: Actor,
    event_id: str,
    now: int,
    occurred_at: str | int | None = None,
    origin: str = "",
    number: int = 1,
    imported: bool = False,
    clock_at: str | int | None = None,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """Keyword arguments for `client.start_workflow`, task queue aside.

    `now` is the present (whole seconds); without `occurred_at` the case is opened at it, or at
    `clock_at`. Raises `IllegalEvent` or `BadPayload` if the case may not be opened so.
    """
    pinned, program = _ready(process)
    shifted = instant(clock_at)
    case_now = now if shifted is None else shifted
    occurred = instant(occurred_at)
    occurred = case_now if occurred is None else occurred
    workflow_id = case_id(process.process, key)
    incoming = Incoming("opened", event_id, actor, data, occurred)
    decision = open_case(program, key, incoming, case_now, number, origin, imported)
    title = process.title
    start = Start(
        title=f"{title.zh} {key} · {title.en}",
        key=key,
        data=data,
        actor=By(actor.id, actor.roles),
        event_id=event_id,
        occurred_at=occurred,
        origin=origin,
        clock_at=clock_at,
        number=number,
        imported=imported,
        limits=limits or Limits(),
    )
    sendable(start, "start_invalid")
    return {
        "workflow": process.process,
        "args": [start, rules_argument(pinned, process)],
        "id": workflow_id,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        "id_reuse_policy": (
            WorkflowIDReusePolicy.REJECT_DUPLICATE
            if number == 1
            else WorkflowIDReusePolicy.ALLOW_DUPLICATE
        ),
        "search_attributes": at_start(decision.view),
        "static_summary": cut(start.title, MAX_SUMMARY),
    }


def pinned_rules(process: Process) -> bytes:
    """The rules as a case carries them; made once a process."""
    return _ready(process)[0]


def program_of(process: Process) -> Program:
    """The rules ready to run; made once a process."""
    return _ready(process)[1]


def _ready(process: Process) -> tuple[bytes, Program]:
    # By identity: the model is not hashable, and its entry keeps it alive.
    found = _READY.get(id(process))
    if found is None:
        found = _READY[id(process)] = (process, pin(process), Program(process))
    return found[1], found[2]
