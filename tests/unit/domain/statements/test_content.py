"""The content of statements: the contract's members for each kind, the amount that was decided, the frozen bytes."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785

from services.incentive.domain.awards import item_of
from services.incentive.domain.statements.content import statement_json, statement_number
from services.incentive.policy.statement_terms import KINDS
from tests.support.incentive.statements import (
    NOTICE,
    OBJECTIONS,
    RULES,
    SHA256,
    TERMS,
    basis,
    decision,
    frozen,
    statement,
)

# The contract's, section 6; `ground` is ours.
MEMBERS = {
    *("number", "kind", "authority", "decided_by", "at", "award_id", "subject", "article", "year", "item", "amounts"),
    *("amount_in_words", "policy", "whitelist_sha256", "facts", "explanation", "holds", "eligibility", "notice"),
    *("objections", "reason", "documents", "template", "ground"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_statement_has_the_members_of_the_contract(kind: str) -> None:
    found = statement(kind)
    last = "contact" if kind in ("publish", "notify_return") else "remedies"
    assert found.keys() == MEMBERS | {last}
    assert found["decided_by"] == {"person": "p-2", "name": "核定岗", "post": "核定人"}
    assert (found["kind"], found["number"], found["template"]) == (kind, "昆数奖补〔2026〕1", "decision/2")


@pytest.mark.parametrize(
    ("kind", "amount", "words"),
    [
        ("publish", "200000.00", "人民币贰拾万元整"),
        ("approve", "123456.78", "人民币壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
        ("reject", "0.00", "人民币零元整"),
        ("return", "123456.78", "人民币壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
    ],
)
def test_the_amount_is_what_was_decided_and_of_a_notice_the_payable(kind: str, amount: str, words: str) -> None:
    found = statement(kind, approved="50000.00")
    assert (found["amounts"]["amount"], found["amount_in_words"]) == (amount, words)
    assert (found["amounts"]["payable"], found["amounts"]["approved"]) == ("200000.00", "50000.00")


def test_the_notice_is_the_decisions_own_or_the_last_one() -> None:
    assert statement("approve")["notice"] == NOTICE
    assert statement("notify_return")["notice"]["until"] == "2026-06-17"
    told = {"from": "2026-07-01", "until": "2026-07-07", "where": None, "ground": "fraud", "reason": "虚报"}
    returned = basis()._replace(notices={"publish": NOTICE, "notify_return": told})
    found = statement_json(returned, dict(decision("return")), "1", TERMS, RULES)
    assert found["notice"] == told


def test_a_decision_of_a_version_without_persons_names_the_key() -> None:
    given = dict(decision("reject"))
    del given["person"]
    assert statement_json(basis(), given, "1", TERMS, RULES)["decided_by"]["person"] == "核定岗"


def test_objections_name_neither_acts_nor_officials() -> None:
    answered, open_one = statement("approve", objections=OBJECTIONS)["objections"]
    assert answered == {
        "by": "虚构乙公司",
        "received_on": "2026-06-01",
        "registered_on": "2026-06-02",
        "reason": "同一合同已享受补助",
        "documents": [{"name": "异议书.pdf", "sha256": SHA256}],
        "answer": {
            "outcome": "dismissed",
            "reason": "合同编号不同。",
            "documents": [{"name": "复核意见.pdf", "sha256": SHA256}],
            "answered_on": "2026-06-04",
        },
    }
    assert open_one == {
        "by": None,
        "received_on": None,
        "registered_on": "2026-06-03",
        "reason": "金额有误。",
        "documents": [],
        "answer": None,
    }


def test_remedies_are_those_of_the_policy_file() -> None:
    review, litigation = statement("reject")["remedies"]
    assert (review["remedy"], review["to"], review["days"]) == ("administrative_review", "昆明市人民政府", 60)
    assert (litigation["remedy"], litigation["months"]) == ("litigation", 6)


def test_the_bytes_are_rfc_8785_and_the_name_is_their_sha_256() -> None:
    found = statement("approve")
    sha256, content = frozen(found)
    assert content == rfc8785.dumps(found)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert frozen({**found, "number": "2"})[0] != sha256


@pytest.mark.parametrize(
    ("award_id", "item"),
    [
        ("first_purchase/uscc:91530100MA60000012", None),
        ("annual_listed_trading/uscc:91530100MA60000012/2026", None),
        ("exchange_tiers/kmdex/2026", None),
        ("standards/uscc:91530100MA60000012/2026/GBT-1", "GBT-1"),
    ],
)
def test_the_item_is_that_of_a_declared_reward(award_id: str, item: str | None) -> None:
    assert item_of(award_id) == item
    assert statement("approve", award_id=award_id)["item"] == item


def test_numbers_are_written_as_official_documents_write_them() -> None:
    assert statement_number("昆数奖补", 2026, 12) == "昆数奖补〔2026〕12"
