"""Codes of one-time links: typed in any case, one hash for each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.subjects.access_codes import CODE_LENGTH, code_sha256, new_code, read_code


def test_a_code_is_five_groups_without_doubtful_letters() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch("([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}", code) for code in codes)


@pytest.mark.parametrize(
    "typed",
    [
        "01abc-defgh-jkmnp-qrstv-wxyz2",
        " 01ABC DEFGH JKMNP QRSTV WXYZ2\n",
        "oIabcdefghjkmnpqrstvwxyz2",
        "OLABC-DEFGHJKMNPQRSTVWXYZ2",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == "01ABC-DEFGH-JKMNP-QRSTV-WXYZ2"


@pytest.mark.parametrize(
    "typed", ["", "01ABC-DEFGH-JKMNP-QRSTV-WXYZ", "01ABC-DEFGH-JKMNP-QRSTV-WXYZ22", "u" * CODE_LENGTH]
)
def test_what_is_no_code_is_not_read(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text(max_size=60))
def test_other_text_is_no_code(text: str) -> None:
    code = read_code(text)
    assert code is None or re.fullmatch("([0-9A-Z]{5}-){4}[0-9A-Z]{5}", code)


def test_codes_have_different_hashes() -> None:
    first, second = new_code(), new_code()
    assert code_sha256(first) != code_sha256(second)
    assert first.replace("-", "") not in code_sha256(first)
