"""The frozen content of public notices: order, total, the days of the calendar, and its hash."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.notices.official_list import (
    Issuer,
    ListedAward,
    NoticePeriod,
    frozen,
    public_notice_list,
)
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.values.times import SHANGHAI
from tests.support.incentive.ledger import subject

POLICY = load_policy(POLICY_FILE)
AT = datetime(2026, 9, 29, 9, tzinfo=SHANGHAI)
PERIOD = NoticePeriod(date(2026, 9, 29), date(2026, 10, 10), "门户网站")
ISSUER = Issuer("昆明市数据局", "奖补经办处室")


def award(number: int, rule: str = "first_purchase", payable_fen: int = 100) -> ListedAward:
    whose = subject(number)
    return ListedAward(f"{rule}/{whose}", whose, f"虚构公司{number}", rule, "(四) 2", 2026, None, payable_fen, 0)


def test_a_list_says_what_is_posted_where_and_until_when() -> None:
    content = public_notice_list([award(1, payable_fen=20000000)], PERIOD, POLICY, ISSUER, AT)
    assert content["kind"] == "public_notice"
    assert (content["authority"], content["contact"]) == ("昆明市数据局", "奖补经办处室")
    notice = content["notice"]
    assert (notice["from"], notice["until"], notice["where"]) == ("2026-09-29", "2026-10-10", "门户网站")
    assert (notice["working_days"], notice["reading"]) == (5, "first_and_last_day_included")
    assert notice["calendar"]["workdays"] == ["2026-10-10"]
    assert (content["count"], content["total"], content["at"]) == (1, "200000.00", "2026-09-29T09:00:00.000000+08:00")
    assert content["policy"] == {
        "id": POLICY.id,
        "revision": POLICY.revision,
        "document_no": "昆政发〔2025〕14号",
        "title": POLICY.title.zh,
    }
    [row] = content["rows"]
    scheme, _, code = subject(1).partition(":")
    assert row["subject"] == {"id_scheme": scheme, "id": code, "name": "虚构公司1"}
    assert (row["number"], row["amount"], row["standing"], row["item"]) == (1, "200000.00", "0.00", None)
    assert row["reward"] == POLICY.first_purchase.name.zh


def test_rows_are_in_the_order_of_the_policys_rules_then_subjects() -> None:
    awards = [award(2), award(1), award(3, "first_listing"), award(1, "annual_listed_trading")]
    content = public_notice_list(awards, PERIOD, POLICY, ISSUER, AT)
    ids = [row["award_id"] for row in content["rows"]]
    purchases = sorted(f"first_purchase/{subject(number)}" for number in (1, 2))
    assert ids == [f"first_listing/{subject(3)}", *purchases, f"annual_listed_trading/{subject(1)}"]
    assert [row["number"] for row in content["rows"]] == [1, 2, 3, 4]


@given(st.permutations(range(1, 8)), st.lists(st.integers(1, 10**12), min_size=7, max_size=7))
def test_the_order_of_awards_leaves_no_trace_in_the_bytes(order: list[int], sums: list[int]) -> None:
    awards = [award(number, payable_fen=sums[number - 1]) for number in range(1, 8)]
    one = frozen(public_notice_list(awards, PERIOD, POLICY, ISSUER, AT))
    other = frozen(public_notice_list([awards[number - 1] for number in order], PERIOD, POLICY, ISSUER, AT))
    assert one == other
    sha256, content = one
    assert hashlib.sha256(content).hexdigest() == sha256
    read = json.loads(content)
    assert read["total"] == f"{sum(sums) // 100}.{sum(sums) % 100:02}"
