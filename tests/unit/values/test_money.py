import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.money import format_yuan, parse_yuan


@pytest.mark.parametrize(
    ("text", "fen"),
    [("0", 0), ("0.0", 0), ("0.01", 1), ("1", 100), ("1.5", 150), ("007.05", 705), ("10000000000.00", 10**12)],
)
def test_amounts_of_the_contract_are_read_exactly(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", ".5", "1.", "1.005", "-1", "+1", "1e3", "1,000", " 1", "1 ", "1\n", "1.00\n", "١", "1.٥", "１", "NaN", "1_0"],
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount"):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (20_000_000, "200000.00"), (-2_500_000, "-25000.00")]
)
def test_amounts_are_written_with_two_decimals(fen: int, text: str) -> None:
    assert format_yuan(fen) == text


@given(st.integers(min_value=0, max_value=10**30))
def test_written_amounts_read_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen
