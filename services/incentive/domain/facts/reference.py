"""What every fact has: the reference by which it is known, and the members that all wire forms share."""

from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Generation = Annotated[int, msgspec.Meta(ge=1)]
Year = Annotated[int, msgspec.Meta(ge=1999, le=2100)]


class FactError(ValueError):
    """A record of a fact topic that is not what the contract says; the message names topic, key and fault."""


class FactRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """Which fact, as of which state of its register: `fact` is "<topic>/<register>/<key>"."""

    fact: str
    generation: int
    seq: int


def agree(key: str, expected: str) -> None:
    """Raises FactError unless the key is the one of what the value is about."""
    if key != expected:
        raise FactError(f"the value is of {expected}")
