"""Changes of awards by a recomputation of everything, by rule and year."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.incentive.domain.awards import Award
from shared.values.money import format_yuan


class ChangeOfRule(NamedTuple):
    """The awards of a rule and year whose amounts changed, their subjects, and the sums in yuan."""

    rule: str
    year: int
    awards: int
    subjects: int
    ceiling_before: str
    ceiling_after: str
    payable_before: str
    payable_after: str


class _Amounts(NamedTuple):
    ceiling_fen: int = 0
    payable_fen: int = 0


class _Change(NamedTuple):
    """The place of an award after the last change, and its amounts before the first and after the last."""

    rule: str
    year: int
    subject: str
    before: _Amounts
    after: _Amounts


class Changes:
    """Collects the changes of awards over batches; a later batch may change an award again."""

    def __init__(self) -> None:
        self._changes: dict[str, _Change] = {}

    def add(self, pairs: Iterable[tuple[Award | None, Award]]) -> None:
        """Add awards before and after a batch; None before the first version."""
        for old, new in pairs:
            known = self._changes.get(new.award_id)
            before = _amounts(old) if known is None else known.before
            self._changes[new.award_id] = _Change(new.rule, new.year, new.subject, before, _amounts(new))

    @property
    def recomputed(self) -> int:
        """The number of awards with a new version, changed amounts or not."""
        return len(self._changes)

    def by_rule(self) -> Iterator[ChangeOfRule]:
        """Awards whose ceiling or payable differs, by rule and year in order."""
        groups: dict[tuple[str, int], list[_Change]] = {}
        for one in self._changes.values():
            if one.before != one.after:
                groups.setdefault((one.rule, one.year), []).append(one)
        for (rule, year), changes in sorted(groups.items()):
            yield ChangeOfRule(
                rule,
                year,
                len(changes),
                len({one.subject for one in changes}),
                format_yuan(sum(one.before.ceiling_fen for one in changes)),
                format_yuan(sum(one.after.ceiling_fen for one in changes)),
                format_yuan(sum(one.before.payable_fen for one in changes)),
                format_yuan(sum(one.after.payable_fen for one in changes)),
            )


def _amounts(award: Award | None) -> _Amounts:
    return _Amounts() if award is None else _Amounts(award.ceiling_fen, award.payable_fen)
