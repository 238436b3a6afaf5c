"""Records of eligibility as the bureau posts them: verified by all five conditions, or failed by one."""

from __future__ import annotations

from typing import Any

from services.incentive.domain.subjects.eligibility import CONDITIONS

DOCUMENT = {"name": "资格审核表.pdf", "sha256": "ab" * 32}
ALL_MET = {name: {"met": True, "basis": "虚构依据"} for name in CONDITIONS}


def verified(**given: Any) -> dict[str, Any]:
    """The body of a record that a subject is eligible, valid through all days of the tests unless others are given."""
    return {
        "status": "verified",
        "from": "2020-01-01",
        "until": "2099-01-01",
        "kind_of_entity": "enterprise",
        "criteria": ALL_MET,
        "documents": [DOCUMENT],
        **given,
    }


def failed(since: str, condition: str = "good_credit", **given: Any) -> dict[str, Any]:
    """The body of a record that a condition is not met from a day on."""
    return {
        "status": "failed",
        "from": since,
        "criteria": {condition: {"met": False, "basis": "虚构依据"}},
        "reason": "列入失信名单",
        **given,
    }
