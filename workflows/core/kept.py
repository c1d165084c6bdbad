"""What follows from a frozen value alone, kept by the very value and found by its identity.

What it is: a memory that cannot be wrong: the value is held, so no other can take its identity, and
it never changes. When it is full it is emptied.
What it is not: part of any result; without it everything is the same, only slower.
Who may import it: the core.
"""

from typing import Generic, TypeVar

V = TypeVar("V")
T = TypeVar("T")

MAX_KEPT = 20_000


class Kept(Generic[V, T]):
    """Results by the values that they were made from."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[V, T]] = {}

    def get(self, value: V) -> T | None:
        """What is kept for this very value, if anything is."""
        found = self._found.get(id(value))
        return found[1] if found is not None and found[0] is value else None

    def keep(self, value: V, result: T) -> T:
        """Keep a result for this very value."""
        if len(self._found) >= MAX_KEPT:
            self._found.clear()
        self._found[id(value)] = (value, result)
        return result
