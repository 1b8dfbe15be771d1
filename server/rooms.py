"""Places for each of many, so many for each."""

from __future__ import annotations

from collections import Counter


class Rooms:
    """So many at a time for each name; `most` 0 is no limit. Names that have nothing take no memory."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: Counter[str] = Counter()

    def has_room(self, name: str) -> bool:
        return not self.most or self._taken.get(name, 0) < self.most

    def enter(self, name: str) -> bool:
        """Whether there was room left."""
        if not self.has_room(name):
            return False
        self._taken[name] += 1
        return True

    def leave(self, name: str) -> None:
        self._taken[name] -= 1
        if self._taken[name] <= 0:
            del self._taken[name]

    def __len__(self) -> int:
        return len(self._taken)
