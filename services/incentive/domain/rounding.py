"""Rounding of a rate's result (G5) by each reading, once, after the cap. Pure.

In whole numbers, so that no decimal context matters.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from services.incentive.policy.terms import RoundingReading, Texts
from shared.values.money import FEN_PER_YUAN


def rate_of(base_fen: int, rate: Decimal, rounding: RoundingReading) -> int:
    """A rate of an amount, in fen."""
    numerator, denominator = rate.as_integer_ratio()
    return ROUNDINGS[rounding](base_fen * numerator, denominator)


def rate_up_to(base_fen: int, rate: Decimal, cap_fen: int, rounding: RoundingReading) -> int:
    """A rate of an amount, at most the cap, in fen."""
    numerator, denominator = rate.as_integer_ratio()
    return ROUNDINGS[rounding](min(base_fen * numerator, cap_fen * denominator), denominator)


def down_to_the_fen(numerator: int, denominator: int) -> int:
    return numerator // denominator


def half_up_to_the_fen(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def down_to_the_yuan(numerator: int, denominator: int) -> int:
    return numerator // (denominator * FEN_PER_YUAN) * FEN_PER_YUAN


ROUNDINGS: Final[Mapping[RoundingReading, Callable[[int, int], int]]] = {
    "down_to_the_fen_once_at_the_end": down_to_the_fen,
    "half_up_to_the_fen": half_up_to_the_fen,
    "down_to_the_yuan": down_to_the_yuan,
}
ROUNDING_TEXTS: Final[Mapping[RoundingReading, Texts]] = {
    "down_to_the_fen_once_at_the_end": Texts("舍去不足一分的部分", "rounded down to the fen"),
    "half_up_to_the_fen": Texts("四舍五入到分", "rounded half up to the fen"),
    "down_to_the_yuan": Texts("舍去不足一元的部分", "rounded down to the yuan"),
}
