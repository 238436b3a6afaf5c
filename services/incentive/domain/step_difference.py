"""The amount of earlier steps of a ladder that is deducted from a ceiling (晋级补差, G12). Pure."""

from collections.abc import Iterable

from services.incentive.policy.terms import Policy


def earned_of_steps(earlier: Iterable[tuple[str, int]], policy: Policy) -> int:
    """The sum of the ceilings of earlier steps, given with their subjects, in fen.

    Where payables or approvals are deducted instead, each ceiling of a subject includes those of its earlier steps, so
    only the greatest of each subject counts.
    """
    if policy.steps == "ceilings":
        return sum(fen for _, fen in earlier)
    greatest: dict[str, int] = {}
    for subject, fen in earlier:
        greatest[subject] = max(fen, greatest.get(subject, 0))
    return sum(greatest.values())
