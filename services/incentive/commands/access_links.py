"""Acts on one-time links: one is made for a subject, or revoked."""

from datetime import timedelta
from typing import Final

from services.incentive.commands.acting import Acting, Draft, InvalidActError, StepNotAllowedError
from services.incentive.domain.acts import AccessLinkPart, AccessLinkRevocationPart
from services.incentive.policy.terms import Texts
from services.incentive.store.acts import find_part
from shared.values.times import day_start, shanghai_date

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 90
_ARTICLE: Final = "结尾第2段"  # where the policy's text says who earns


def draft_link(acting: Acting, code_sha256: str) -> Draft:
    """Make a link for a subject, by whose code it reads what is its own."""
    subject, today = acting.request.about, shanghai_date(acting.now)
    until = acting.request.fields.get("until") or today + timedelta(days=DEFAULT_DAYS)
    if not today <= until <= today + timedelta(days=MOST_DAYS):
        said = Texts(f"须为今天起 {MOST_DAYS} 天以内的日期", f"must be today or one of the {MOST_DAYS} days after it")
        raise InvalidActError("until", said)
    part = AccessLinkPart(subject, code_sha256, day_start(until + timedelta(days=1)))
    return Draft(part, _ARTICLE, Texts("发放一次性链接", "one-time link made"), subject=subject)


def draft_link_revocation(acting: Acting) -> Draft:
    """Revoke a link, used or not: it opens nothing, and the session that it began ends."""
    link_id = acting.request.about
    link = acting.part("access_link", link_id, AccessLinkPart)
    if find_part(acting.connection, "access_link_revocation", "access_link_id", link_id) is not None:
        raise StepNotAllowedError(Texts("该链接已撤销", "the link is revoked already"))
    part = AccessLinkRevocationPart(link_id, acting.request.fields["reason"])
    return Draft(part, _ARTICLE, Texts("撤销一次性链接", "one-time link revoked"), subject=link.subject)
