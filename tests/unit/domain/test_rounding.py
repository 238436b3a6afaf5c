"""Rounding of a rate's result (G5), by each reading."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.rounding import ROUNDINGS, rate_of, rate_up_to
from services.incentive.policy.terms import RoundingReading
from services.incentive.verifier.values import rate_of as verified_rate_of

FEN, HALF_UP, YUAN = ROUNDINGS
STEPS = {FEN: ("0.01", ROUND_DOWN), HALF_UP: ("0.01", ROUND_HALF_UP), YUAN: ("1", ROUND_DOWN)}


@pytest.mark.parametrize(
    ("base", "rate", "down", "half_up", "yuan"),
    [
        ("333333.33", "0.05", "16666.66", "16666.67", "16666.00"),
        ("333333.30", "0.05", "16666.66", "16666.67", "16666.00"),
        ("333333.29", "0.05", "16666.66", "16666.66", "16666.00"),
        ("0.10", "0.05", "0.00", "0.01", "0.00"),
        ("19.99", "0.05", "0.99", "1.00", "0.00"),
        ("3999999.99", "0.05", "199999.99", "200000.00", "199999.00"),
        ("20.00", "1", "20.00", "20.00", "20.00"),
    ],
)
def test_examples(base: str, rate: str, down: str, half_up: str, yuan: str) -> None:
    expected = {FEN: down, HALF_UP: half_up, YUAN: yuan}
    fen = int(Decimal(base) * 100)
    assert {reading: Decimal(rate_of(fen, Decimal(rate), reading)) / 100 for reading in ROUNDINGS} == {
        reading: Decimal(amount) for reading, amount in expected.items()
    }


def test_the_cap_comes_before_the_rounding() -> None:
    assert rate_up_to(10_000_000, Decimal("0.05"), 123_456, YUAN) == 123_400
    assert rate_up_to(10_000_000, Decimal("0.05"), 123_456, HALF_UP) == 123_456


@given(
    st.integers(0, 10**14),
    st.integers(1, 10**8).map(lambda part: Decimal(part).scaleb(-8)),
    st.integers(1, 10**12),
    st.sampled_from(list(ROUNDINGS)),
)
def test_each_is_what_decimal_and_the_verifier_yield(
    base_fen: int, rate: Decimal, cap_fen: int, reading: RoundingReading
) -> None:
    step, mode = STEPS[reading]
    capped = min(Decimal(base_fen) / 100 * rate, Decimal(cap_fen) / 100)
    found = rate_up_to(base_fen, rate, cap_fen, reading)
    assert Decimal(found) / 100 == capped.quantize(Decimal(step), mode)
    assert found == verified_rate_of(base_fen, str(rate), reading, cap_fen)
    assert rate_of(base_fen, rate, reading) == verified_rate_of(base_fen, str(rate), reading)
    assert found <= cap_fen
    assert rate_up_to(base_fen + 1, rate, cap_fen, reading) >= found
