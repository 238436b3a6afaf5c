"""Findings of a check."""

from dataclasses import dataclass

from shared.language import join, localized


@dataclass(frozen=True)
class Finding:
    """A checked subject, whether it is well, and what was found or what to do (中文 / English)."""

    subject: str
    well: bool
    text: str

    @property
    def localized_text(self) -> str:
        """The text in the caller's language."""
        return localized(self.text)


def found(subject: str, faults: list[str], otherwise: str) -> Finding:
    """Combine the faults of a subject into one finding; without faults its text is `otherwise`."""
    return Finding(subject, not faults, join(*faults) if faults else otherwise)
