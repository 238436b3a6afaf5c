"""Sums in Chinese capitals: examples of the rules on payment vouchers, and reading every sum back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.statements.amount_words import amount_in_words
from shared.values.money import parse_yuan

UNITS = {"分": 1, "角": 10, "元": 100, "拾": 10, "佰": 100, "仟": 1000, "万": 10**4, "亿": 10**8}


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("0.00", "零元整"),
        ("0.04", "肆分"),
        ("0.50", "伍角整"),
        ("1.00", "壹元整"),
        ("10.00", "壹拾元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("200000.00", "贰拾万元整"),
        ("199999.99", "壹拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("100500000.00", "壹亿零伍拾万元整"),
        ("10000000001.00", "壹佰亿零壹元整"),
        ("1000000000000.00", "壹万亿元整"),
    ],
)
def test_examples(yuan: str, words: str) -> None:
    assert amount_in_words(parse_yuan(yuan)) == f"人民币{words}"


def read_back(words: str) -> int:
    """The fen of a sum in words, read digit by digit and independently of how it is written."""
    yuan, _, rest = words.partition("元") if "元" in words else ("", "", words)
    return 100 * whole(yuan) + sum(UNITS[unit] * "零壹贰叁肆伍陆柒捌玖".index(digit) for digit, unit in pairs(rest))


def pairs(rest: str) -> list[tuple[str, str]]:
    kept = rest.replace("整", "").replace("零", "")
    return list(zip(kept[::2], kept[1::2], strict=True))


def whole(text: str) -> int:
    for unit in "亿万":
        if unit in text:
            high, _, low = text.rpartition(unit)
            return whole(high) * UNITS[unit] + whole(low)
    total, digit = 0, 0
    for character in text:
        if character in UNITS:
            total, digit = total + digit * UNITS[character], 0
        else:
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
    return total + digit


@given(st.integers(0, 10**17) | st.integers(0, 10**9))
def test_every_sum_can_be_read_back(fen: int) -> None:
    words = amount_in_words(fen)
    assert read_back(words.removeprefix("人民币")) == fen
    assert "零零" not in words
    assert words.endswith("分") is (fen % 10 != 0)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_two_sums_never_read_alike(one: int, other: int) -> None:
    assert (amount_in_words(one) == amount_in_words(other)) is (one == other)


def test_a_negative_sum_has_no_words() -> None:
    with pytest.raises(ValueError, match="not negative"):
        amount_in_words(-1)
