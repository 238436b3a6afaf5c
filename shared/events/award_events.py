"""The topic of awards: CloudEvents 1.0 in structured mode, one for each version of an award (contract, section 3)."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json

AWARDS: Final = "incentive.awards.v1"
AWARD_TYPE: Final = "cn.kunming.data-exchange.award.v1"
AWARD_SOURCE: Final = "/incentive"
AWARD_HEADERS: Final = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


def award_event(award: Mapping[str, Json], version: int, ledger_seq: int) -> bytes:
    """The record's value for a version of an award as the bureau sees it.

    `ledger_seq` is the number of the last ledger transaction that the award takes into account.
    """
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{award['award_id']}@{version}",
            "source": AWARD_SOURCE,
            "type": AWARD_TYPE,
            "time": award["updated_at"],
            "datacontenttype": "application/json",
            "data": {**award, "ledger_seq": ledger_seq, "version": version},
        }
    )


def content_sha256(award: Mapping[str, Json], without: Iterable[str]) -> str:
    """The SHA-256 of an award's RFC 8785 form without some of its members."""
    left_out = frozenset(without)
    return sha256(canonical_json({name: value for name, value in award.items() if name not in left_out})).hexdigest()
