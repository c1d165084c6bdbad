"""Faults, drawn by a seed: workers that die, activities that fail, receivers that refuse.

What it is: a worker 'dies' here by losing what it has decided and not yet handed over, at any
command: the server asks again and everything is decided anew, which is what a real death looks
like from the server (`test_kill` kills real processes). Activities fail before or after their
effect, or go on past their time-out.
What it is not: faults of our own code; nothing of the product is replaced.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from temporalio import activity
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
)

from activities.notices.channels.base import Merge, Message, Permanent, Receipt, Retryable

QUERIES = ("respond_to_query",)
_APART = 3


class Killed(Exception):
    """The worker is gone."""


@dataclass(frozen=True)
class Sabotage:
    """How likely which fault is, and how many there are at most."""

    seed: int = 0
    tasks: float = 0.0
    """A workflow task's decisions are lost."""
    before: float = 0.0
    after: float = 0.0
    hang: float = 0.0
    """An activity fails before or after its effect, or outlives its time-out after it."""
    refuse: float = 0.0
    reject: float = 0.0
    """A receiver refuses for now, or for good."""
    budget: int = 0


@dataclass
class Chaos:
    """The faults of one run, and a count of them."""

    sabotage: Sabotage
    counts: Counter[str] = field(default_factory=Counter)
    calm: bool = False

    def __post_init__(self) -> None:
        self._chance = Random(self.sabotage.seed)
        self._left = self.sabotage.budget

    def strikes(self, likely: float, *what: str) -> bool:
        """Whether this happens now."""
        if self.calm or self._left <= 0 or self._chance.random() >= likely:
            return False
        self._left -= 1
        self.counts.update(what)
        return True


# --- workflow tasks -------------------------------------------------------------------------


class MortalRunner(UnsandboxedWorkflowRunner):
    """Runs workflows as the product does, and loses what they decide now and then."""

    def __init__(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._died: dict[str, int] = {}

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        instance = super().create_instance(det)
        activate = instance.activate

        def mortal(act: WorkflowActivation) -> WorkflowActivationCompletion:
            completion = activate(act)
            kinds = [str(one.WhichOneof("variant")) for one in completion.successful.commands]
            commands = [kind for kind in kinds if kind not in QUERIES]
            if act.is_replaying or not commands or len(commands) < len(kinds):
                return completion
            named = sorted({f"task lost with {kind}" for kind in commands})
            # One task is lost once: the server lets a case rest when it fails again and again.
            if act.history_length <= self._died.get(act.run_id, -_APART) + _APART:
                return completion
            if self._chaos.strikes(self._chaos.sabotage.tasks, *named):
                self._died[act.run_id] = act.history_length
                raise Killed(", ".join(commands))
            return completion

        instance.activate = mortal  # type: ignore[method-assign]
        return instance


# --- activities -----------------------------------------------------------------------------


class Saboteur(Interceptor):
    """Makes activities fail around their real effect."""

    def __init__(self, chaos: Chaos, over: asyncio.Event) -> None:
        self._chaos, self._over = chaos, over

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the library's name
    ) -> ActivityInboundInterceptor:
        return _Inbound(next, self._chaos, self._over)


class _Inbound(ActivityInboundInterceptor):
    def __init__(
        self, inner: ActivityInboundInterceptor, chaos: Chaos, over: asyncio.Event
    ) -> None:
        super().__init__(inner)
        self._chaos, self._over = chaos, over

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info, odds = activity.info(), self._chaos.sabotage
        name = f"{info.activity_type} ({'local' if info.is_local else 'activity'})"
        if self._chaos.strikes(odds.before, f"{name} fails before its effect"):
            raise Killed(name)
        result = await super().execute_activity(input)
        if self._chaos.strikes(odds.after, f"{name} fails after its effect"):
            raise Killed(name)
        if self._chaos.strikes(odds.hang, f"{name} hangs after its effect"):
            await self._over.wait()
        return result


# --- receivers ------------------------------------------------------------------------------


@dataclass
class Desk:
    """A channel that keeps what it was given, and refuses now and then."""

    chaos: Chaos
    name: str = "desk"
    rate: int | None = None
    merge: Merge = "never"
    limit: int = 20_000
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> Receipt:
        odds = self.chaos.sabotage
        if self.chaos.strikes(odds.refuse, "receiver refuses for now"):
            raise Retryable("the desk is busy")
        if self.chaos.strikes(odds.reject, "receiver refuses for good"):
            raise Permanent("the desk is closed")
        self.sent.append(message)
        if self.chaos.strikes(odds.refuse, "receiver accepts, its answer is lost"):
            raise Retryable("no answer")
        return Receipt(message.id)


# --- records --------------------------------------------------------------------------------


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program writes to the records all the while."""
    connection = sqlite3.connect(database, timeout=5, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()
