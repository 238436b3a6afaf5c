"""What a recomputation found, told as it is found: one line a difference, and at the end how much was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.values.differences import Difference

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LINES = 1000


class RebuildReport:
    """Counts all differences and says the first of them, each with `say`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._compared: dict[str, int] = {}
        self.differences = 0
        self.mendable = 0
        # Entries are missing: what follows from the rest is not what followed from all of them.
        self.is_incomplete = False

    def add(self, what: str, stands: object, follows: object, *, mendable: bool) -> None:
        """One thing that stands (None: is not there) otherwise than it follows (None: should not be there)."""
        self.differences += 1
        self.mendable += mendable
        if self.differences <= MOST_LINES:
            told = (None if value is None else str(value) for value in (stands, follows))
            self._say(Difference(what, *told).line())

    @property
    def not_mendable(self) -> int:
        """How many a person must look at."""
        return self.differences - self.mendable

    def compared(self, what: str, count: int) -> None:
        """Say at the end that so many of it were compared."""
        self._compared[what] = self._compared.get(what, 0) + count

    def close(self) -> None:
        """The closing line."""
        if self.differences > MOST_LINES:
            self._say(f"另有 {self.differences - MOST_LINES} 处未列出 / and {self.differences - MOST_LINES} more")
        counts = ", ".join(f"{what} {count}" for what, count in self._compared.items())
        self._say(f"已比对 / compared: {counts}; 不同 / differences: {self.differences}")

    def say_of_mending(self, seq: int | None) -> None:
        """Say what was written, as which entry; None: nothing was."""
        if seq is not None:
            self._say(f"已修复 / mended: {self.mendable}, 记为条目 / entered as entry {seq}")
        if self.is_incomplete:
            self._say(
                "有条目缺失；只有备份或 --from-kafka 能找回 /"
                " entries are missing: only a backup or --from-kafka can bring them back"
            )
        left = self.differences - (self.mendable if seq is not None else 0)
        if left:
            self._say(f"未修复，须由人处理 / not mended, a person must look at it: {left}")
