"""What a recomputation finds to be other than it stands."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One thing that is not what it should be; `stands` and `follows` are for a person, None where there is nothing.

    `what` names it so that it can be found: a table or topic and its key.
    """

    what: str
    stands: str | None
    follows: str | None

    def line(self) -> str:
        """One line: what, as it stands, and as it follows from what is stored upstream."""
        stands, follows = (value if value is not None else "无 nothing" for value in (self.stands, self.follows))
        return f"{self.what}: 现为 / stands {stands}; 应为 / follows {follows}"
