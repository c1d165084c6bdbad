"""Which clocks a trigger concerns, found once for a definition.

What it is: an index of the triggers that clocks declare, by what they mean to them.
What it is not: their conditions; `clocks` asks those.
Who may import it: the core.
"""

from collections.abc import Sequence
from typing import Literal

from definitions.model import Process

Action = Literal["stop", "cancel", "reset", "start"]
ACTIONS: tuple[Action, ...] = ("stop", "cancel", "reset", "start")


class Concerned:
    """The clocks of a definition by action and trigger."""

    def __init__(self, process: Process) -> None:
        self._order = tuple(process.clocks)
        self._table: dict[Action, dict[str, set[str]]] = {action: {} for action in ACTIONS}
        for name, spec in process.clocks.items():
            for action in ACTIONS:
                for trigger in getattr(spec, action):
                    self._table[action].setdefault(trigger.on, set()).add(name)

    def by(self, action: Action, triggers: Sequence[str]) -> list[str]:
        """The clocks that declare one of these triggers for an action, in the order of the file."""
        by_trigger = self._table[action]
        found = {name for trigger in triggers for name in by_trigger.get(trigger, ())}
        return list(found) if len(found) < 2 else [name for name in self._order if name in found]
