"""The difference between two policy files by value, each with its article and the periods it affects. Pure."""

from datetime import date, timedelta
from typing import NamedTuple

from services.incentive.policy.terms import Interval, Policy

_WORDS = ("id", "revision", "document_no", "issued", "article")
_WORD_ENDS = (".zh", ".en", ".basis", ".mark", ".article")
_LIMITS = ("general.in_force.from", "general.in_force.until")
_ALTERNATIVE_LIMITS = ("general.in_force.alternative.from", "general.in_force.alternative.until")


class ValueChange(NamedTuple):
    """A value that differs; `before` or `after` is None if a file does not have it.

    `period` is the days whose documents or rewards are affected (None for wording), `years` the calendar years whose
    rewards can change: those of the period and all later ones, as (六) 2 goes by difference.
    """

    path: str
    article: str
    before: str | None
    after: str | None
    period: Interval | None
    years: tuple[int, ...]

    @property
    def group(self) -> str:
        """The path of its rule, limit, pool or general clause; "" for the whole file."""
        parts = self.path.split(".")
        width = 3 if parts[0] == "declared" and parts[1:2] != ["readings"] else 2
        return ".".join(parts[:width]) if len(parts) > 1 or parts[0] == "rules" else ""


def compare(before: Policy, after: Policy) -> list[ValueChange]:
    """All values that differ, in the files' order; those that only the newer file has come last in their group."""
    old = {value.path: value for value in before.values}
    new = {value.path: value for value in after.values}
    last_year = max(policy.in_force.end_on - timedelta(days=1) for policy in (before, after)).year
    changes = []
    for path in [*old, *(path for path in new if path not in old)]:
        known = old.get(path) or new[path]
        old_text = old[path].value if path in old else None
        new_text = new[path].value if path in new else None
        if old_text != new_text:
            period = _affected(path, before, after)
            years = () if period is None else tuple(range(period.start_on.year, last_year + 1))
            changes.append(ValueChange(path, known.article, old_text, new_text, period, years))
    places = {group: place for place, group in enumerate(dict.fromkeys(change.group for change in changes))}
    return sorted(changes, key=lambda change: places[change.group])


def _affected(path: str, before: Policy, after: Policy) -> Interval | None:
    """The days whose documents or rewards a changed value can affect.

    A limit of the period affects the days between the old and the new limit; any other value affects all days on which
    either file is in force.
    """
    if path in _WORDS or path.endswith(_WORD_ENDS):
        return None
    if path in _LIMITS or path in _ALTERNATIVE_LIMITS:
        old, new = (
            (before.in_force, after.in_force)
            if path in _LIMITS
            else (before.in_force_alternative, after.in_force_alternative)
        )
        return _between(old.start_on, new.start_on) if path.endswith(".from") else _between(old.end_on, new.end_on)
    return Interval(
        min(before.in_force.start_on, after.in_force.start_on), max(before.in_force.end_on, after.in_force.end_on)
    )


def _between(one: date, other: date) -> Interval:
    return Interval(min(one, other), max(one, other))
