"""Official lists: the frozen content of a public notice (公示), of one award or of thousands. Pure.

A list is made once, when it is posted. Pages and documents are rendered from its canonical bytes alone, by the template
that it names.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

from services.incentive.domain.notices.days import calendar_json, notice_days
from services.incentive.policy.terms import Policy
from shared.values.canonical_json import canonical_around, canonical_json, fill_in
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.parties import parse_subject
from shared.values.times import format_time

PUBLIC_NOTICE: Final = "public_notice"
_TEMPLATE: Final = "public_notice/1"


class ListedAward(NamedTuple):
    """An award on a list, with what was payable and what stood approved when it was posted, in fen."""

    award_id: str
    subject: str
    name: str
    rule: str
    article: str
    year: int
    item: str | None
    payable_fen: int
    standing_fen: int


class NoticePeriod(NamedTuple):
    """The days of a public notice, both included, and where it is posted."""

    from_day: date
    until_day: date
    where: str


class Issuer(NamedTuple):
    """The authority that posts a notice, and whom objections go to; None where the policy file names none."""

    authority: str | None
    contact: str | None


class PreparedList(NamedTuple):
    """The bytes (RFC 8785) of a list around its instant, which is known when it is recorded, and its period."""

    pieces: tuple[bytes, ...]
    period: NoticePeriod

    def frozen_at(self, at: datetime) -> tuple[str, bytes]:
        """The SHA-256 of the list, in hex, and its bytes."""
        written = fill_in(self.pieces, format_time(at))
        return hashlib.sha256(written).hexdigest(), written


def prepared_list(content: Json, period: NoticePeriod) -> PreparedList:
    return PreparedList(canonical_around(content, "at"), period)


def public_notice_list(
    awards: Iterable[ListedAward], period: NoticePeriod, policy: Policy, issuer: Issuer, at: datetime
) -> Json:
    """The content of a public notice that is posted at an instant, in order of the policy's rules, then subjects."""
    listed = sorted(awards, key=lambda one: (policy.rank_of(one.rule), one.subject, one.award_id))
    days = notice_days(period.from_day, policy.notice_working_days, policy.public_notice)
    return {
        "kind": PUBLIC_NOTICE,
        "template": _TEMPLATE,
        "policy": {
            "id": policy.id,
            "revision": policy.revision,
            "document_no": policy.document_no,
            "title": policy.title.zh,
        },
        **issuer._asdict(),
        "notice": {
            "from": period.from_day.isoformat(),
            "until": period.until_day.isoformat(),
            "where": period.where,
            "working_days": policy.notice_working_days,
            "reading": policy.public_notice,
            "calendar": calendar_json(days),
        },
        "at": format_time(at),
        "count": len(listed),
        "total": format_yuan(sum(one.payable_fen for one in listed)),
        "rows": [_row(number, one, policy) for number, one in enumerate(listed, 1)],
    }


def _row(number: int, one: ListedAward, policy: Policy) -> Json:
    scheme, party_id = parse_subject(one.subject)
    return {
        "number": number,
        "award_id": one.award_id,
        "subject": {"id_scheme": scheme, "id": party_id, "name": one.name},
        "reward": policy.terms(one.rule).name.zh,
        "article": one.article,
        "year": one.year,
        "item": one.item,
        "amount": format_yuan(one.payable_fen),
        "standing": format_yuan(one.standing_fen),
    }


def frozen(content: Json) -> tuple[str, bytes]:
    """The SHA-256 of a list, in hex, and its bytes (RFC 8785)."""
    written = canonical_json(content)
    return hashlib.sha256(written).hexdigest(), written
