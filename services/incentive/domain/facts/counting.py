"""Which facts count: those of the registers that are in force, and all that the bureau declared."""

from typing import Final

from services.incentive.domain.facts.declarations import DECLARED

Registers = tuple[str, ...] | None  # ids in code point order; None: whichever publish

# The same of a row with `topic` and `key`, for statements with the parameter `registers`.
IS_COUNTED: Final = (
    f"(CAST(:registers AS text[]) IS NULL OR topic = '{DECLARED}' OR split_part(key, '/', 1) = ANY(:registers))"
)


def is_counted(topic: str, key: str, registers: Registers) -> bool:
    """Whether a fact counts, by its topic and its key in it."""
    return registers is None or topic == DECLARED or key.partition("/")[0] in registers
