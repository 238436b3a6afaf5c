"""What was looked at, and how it stands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and a line that says what was found or what to do."""

    subject: str
    well: bool
    text: str


def found(subject: str, faults: list[str], otherwise: str) -> Finding:
    """One finding of all the faults of a thing; of none, what it says `otherwise`."""
    return Finding(subject, not faults, "; ".join(faults) or otherwise)
