"""Report of a recomputation: a line for each difference as it is found, and the counts at the end."""

from collections.abc import Callable

from shared.language import say
from shared.values.differences import Difference

MOST_LINES = 1000


class RebuildReport:
    """Counts all differences and prints the first of them."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self._compared: dict[str, int] = {}
        self.differences = 0
        self.repairable = 0
        # Entries are missing: what follows from the rest is not what followed from all of them.
        self.is_incomplete = False

    def add(self, what: str, stored: object, expected: object, *, repairable: bool) -> None:
        """Report a difference; `stored` None: it is missing; `expected` None: it should not be there."""
        self.differences += 1
        self.repairable += repairable
        if self.differences <= MOST_LINES:
            shown = (None if value is None else str(value) for value in (stored, expected))
            self._print(Difference(what, *shown).line())

    @property
    def not_repairable(self) -> int:
        return self.differences - self.repairable

    def compared(self, what: str, count: int) -> None:
        """Count what was compared, for the last line."""
        self._compared[what] = self._compared.get(what, 0) + count

    def close(self) -> None:
        if self.differences > MOST_LINES:
            more = self.differences - MOST_LINES
            self._print(say(f"另有 {more} 处未列出", f"and {more} more"))
        counts = ", ".join(f"{what} {count}" for what, count in self._compared.items())
        self._print(
            say(f"已比对：{counts}；不同：{self.differences}", f"compared: {counts}; differences: {self.differences}")
        )

    def print_repair(self, seq: int | None) -> None:
        """Print what was repaired, recorded as entry `seq`; None: nothing was."""
        if seq is not None:
            done = f"repaired: {self.repairable}, recorded as entry {seq}"
            self._print(say(f"已修复：{self.repairable}，记为条目 {seq}", done))
        if self.is_incomplete:
            self._print(
                say(
                    "有条目缺失；只有备份或 --from-kafka 能找回",
                    "entries are missing: only a backup or --from-kafka can restore them",
                )
            )
        left = self.differences - (self.repairable if seq is not None else 0)
        if left:
            self._print(say(f"未修复，须由人处理：{left}", f"not repaired, an operator must look at it: {left}"))
