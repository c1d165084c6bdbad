"""Which clocks a trigger concerns, found once for a definition.

What it is: an index of the triggers that clocks declare, by what they mean to them.
What it is not: their conditions; `clocks` asks those.
Who may import it: the core.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

from definitions.model import Clock, Process, Trigger

Action = Literal["stop", "cancel", "reset", "start"]
ACTIONS: tuple[Action, ...] = ("stop", "cancel", "reset", "start")


class Concern(NamedTuple):
    """A trigger of a clock, sorted by the order of the file."""

    place: tuple[int, int]
    clock: str
    spec: Clock
    trigger: Trigger


class Concerned:
    """The triggers of a definition's clocks by action and name."""

    def __init__(self, process: Process) -> None:
        self._table: dict[Action, dict[str, list[Concern]]] = {action: {} for action in ACTIONS}
        for place, (name, spec) in enumerate(process.clocks.items()):
            for action in ACTIONS:
                for index, trigger in enumerate(getattr(spec, action)):
                    concern = Concern((place, index), name, spec, trigger)
                    self._table[action].setdefault(trigger.on, []).append(concern)
        self.by = lru_cache(maxsize=1000)(self._by)
        """What declares one of these triggers for an action, in the order of the file."""

    def _by(self, action: Action, triggers: tuple[str, ...]) -> list[Concern]:
        table = self._table[action]
        return sorted(concern for name in triggers for concern in table.get(name, ()))
