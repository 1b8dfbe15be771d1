"""Places, so many of them: who finds none left is sent away at once instead of waiting."""

from __future__ import annotations


class Room:
    """For so many at a time, and no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def enter(self) -> bool:
        """Whether there was room left."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def leave(self) -> None:
        self.taken -= 1
