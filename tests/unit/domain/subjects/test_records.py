"""The form of acts about subjects, which the ledger hashes: records of an earlier version keep theirs."""

from datetime import UTC, datetime

from services.incentive.domain.acts import Act, EligibilityPart, act_json

ACT = Act("e1", "eligibility", 7, datetime(2026, 6, 1, tzinfo=UTC), "person", "name", None, "ab" * 32)
PART = EligibilityPart("uscc:1", "verified", None, None, "企业", {"credit": True}, [])


def test_a_record_of_an_earlier_version_keeps_its_form() -> None:
    assert act_json(ACT, PART) == {
        "eligibility_id": "e1",
        "subject": "uscc:1",
        "status": "verified",
        "from": None,
        "until": None,
        "kind_of_entity": "企业",
        "criteria": {"credit": True},
        "documents": [],
        "by": "name",
        "person": "person",
        "at": "2026-06-01T08:00:00.000000+08:00",
        "transaction": 7,
    }


def test_a_new_record_names_its_conditions_and_reason() -> None:
    conditions = {"good_credit": {"met": False, "basis": "b"}}
    shown = act_json(ACT, PART._replace(criteria={}, conditions=conditions, reason="r"))
    assert (shown["criteria"], shown["reason"]) == (conditions, "r")
    assert "conditions" not in shown
