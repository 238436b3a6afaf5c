"""Numbers of accounts as they are shown, and the rows of a payment list."""

from datetime import UTC, datetime

import pytest

from services.incentive.domain.subjects.accounts import (
    PAYMENT_HEADINGS,
    DuePayment,
    SubjectAccount,
    masked,
    payment_rows,
)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("6222020200011234567", "***************4567"), ("123456789", "*****6789"), ("12345678", "********")],
)
def test_all_but_the_last_digits_are_hidden(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_a_payment_list_has_whole_numbers_and_cells_for_finance() -> None:
    account = SubjectAccount(
        "a", "uscc:1", "虚构银行", "6222020200011234567", "虚构甲", datetime(2026, 6, 1, tzinfo=UTC)
    )
    first = DuePayment("first_purchase/uscc:1", "(四) 2", "uscc:1", "虚构甲", 20_000_000, account)
    rows = payment_rows([first, first._replace(account=None, amount_fen=1)])
    assert rows[0] == (
        *("first_purchase/uscc:1", "(四) 2", "uscc:1", "虚构甲", "虚构甲", "虚构银行", "6222020200011234567"),
        *("200000.00", "", ""),
    )
    assert rows[1][4:8] == ("", "", "", "0.01")
    assert {len(row) for row in rows} == {len(PAYMENT_HEADINGS)}
