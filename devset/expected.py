"""Expected outcome of a run: awards by the verifier's rules, and rejections as declared by the sample."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import yaml

from services.incentive.verifier.expected import AcceptedDocument, ExpectedAward, expected_awards, expected_facts
from services.incentive.verifier.risk_flags import OF_OTHERS
from services.incentive.verifier.values import fen, subject_of
from shared.events.records import SampleRecord
from shared.register.head import register_settings
from shared.settings import DEFAULT_TOTALS_CUT_AT, POLICY_FILE
from shared.values.json_types import Json
from shared.whitelist import Whitelist


class RunOutcome(NamedTuple):
    """Awards over zero by id, and the number of rejected records by reason."""

    awards: dict[str, ExpectedAward]
    rejected: Counter[str]


def expected_outcome(records: Iterable[SampleRecord], whitelist: Whitelist, policy: Path = POLICY_FILE) -> RunOutcome:
    """Return the expected outcome of sample records in the order of sending."""
    records = list(records)
    rejected = Counter(str(one.outcome) for one in records if one.outcome not in (None, "accepted", "duplicate"))
    accepted = (one for one in records if one.outcome == "accepted" and one.value is not None)
    settings = settings_of(whitelist)
    facts = expected_facts(map(document_of, accepted), settings)
    return RunOutcome(expected_awards(facts, settings, policy_tree(policy)), rejected)


def document_of(record: SampleRecord) -> AcceptedDocument:
    """Return the document of a valid record."""
    event: Json = json.loads(record.value or b"null")
    is_binary = any(name == "ce_specversion" for name, _ in record.headers)
    kind = record.topic.split(".")[2].removesuffix("s")
    return AcceptedDocument(kind, record.exchange, event if is_binary else event["data"])


def settings_of(whitelist: Whitelist) -> Json:
    """Return whitelist and cut dates in the form in which a register of the set stores them."""
    return register_settings(whitelist, [date.fromisoformat(day) for day in DEFAULT_TOTALS_CUT_AT.split(",")]).content


def policy_tree(policy: Path = POLICY_FILE) -> Json:
    """Load a policy file with every leaf as text."""
    tree: Json = yaml.load(policy.read_bytes(), yaml.BaseLoader)  # noqa: S506 - constructs texts only
    return tree


def reported_award(award: Json) -> ExpectedAward:
    """Convert an award of the API to the form of an expected award."""
    base, ceiling, payable = (fen(award[name]) for name in ("base", "ceiling", "payable"))
    return ExpectedAward(
        award["rule"], subject_of(award["subject"]), award["exchange"], award["year"], base, ceiling, payable,
        award["suppressed_by"], tuple(flag for flag in award["flags"] if flag not in OF_OTHERS),
    )  # fmt: skip
