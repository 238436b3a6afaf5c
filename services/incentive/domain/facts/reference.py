"""Parts that all facts share: the reference that names a fact, which facts count, and types of the wire form."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import msgspec

from shared.values.money import parse_yuan

T = TypeVar("T")

DECLARED: Final = "declared"  # the topic of declarations, which is in no broker
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Generation = Annotated[int, msgspec.Meta(ge=1)]
Year = Annotated[int, msgspec.Meta(ge=1999, le=2100)]
Registers = tuple[str, ...] | None  # ids in code point order; None: all that publish

# `is_counted` for SQL: of a row with `topic` and `key`, given the parameter `registers`.
IS_COUNTED: Final = (
    f"(CAST(%(registers)s AS text[]) IS NULL OR topic = '{DECLARED}' OR split_part(key, '/', 1) = ANY(%(registers)s))"
)

if TYPE_CHECKING:
    Fen = int
else:

    class Fen(int):
        """Fen of an amount that the wire form has as yuan in text."""


class FactError(ValueError):
    """A record of a fact topic that the contract does not allow; the message names topic, key and fault."""


class FactRef(msgspec.Struct, frozen=True, order=True, gc=False):
    """A fact as of a state of its register: `fact` is "<topic>/<register>/<key>"."""

    fact: str
    generation: int
    seq: int


def is_counted(topic: str, key: str, registers: Registers) -> bool:
    """Return True if a fact counts: its register is in force, or the bureau declared it."""
    return registers is None or topic == DECLARED or key.partition("/")[0] in registers


def decoder(wire: type[T]) -> msgspec.json.Decoder[T]:
    """A decoder of a wire form, also of amounts."""
    return msgspec.json.Decoder(wire, dec_hook=_fen)


def _fen(_: type, value: object) -> Fen:
    if not isinstance(value, str):
        raise ValueError("an amount must be text")  # noqa: TRY004 - what msgspec reports as a fault of the value
    return Fen(parse_yuan(value))


def check_key(key: str, expected: str) -> None:
    """Raise FactError unless the key is that of the value's party, exchange or year."""
    if key != expected:
        raise FactError(f"the value is of {expected}")
