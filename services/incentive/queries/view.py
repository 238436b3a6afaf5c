"""The part of the ledger that a reader may see, and the instant as of which.

An exchange sees an award if the award's evidence names it. It sees the award wholly if the evidence names no other
exchange and no award suppresses it that is not wholly visible itself. A subject sees its own awards, wholly.
"""

from datetime import datetime
from typing import Final, NamedTuple

from services.incentive.domain.facts import DECLARED
from services.incentive.domain.payables.other_grants import OTHER_GRANT
from services.incentive.store.as_of import awards_as_of, is_of_subject
from services.incentive.store.rows import AwardRow, columns
from services.incentive.store.rulebook import Rulebook

# Condition: the viewer sees an award wholly. A suppressing award is the highest of its group, so nothing suppresses it
# in turn. A grant under another policy belongs to no exchange, so what it uses up or reduces stays visible. For an
# operator of several exchanges, the rest of a ladder depends on tiers of another exchange, which row security hides
# from the statement: a reduced tier counts as reduced by them. Arrays compare in code point order.
ONLY_VIEWER: Final = 'ARRAY[CAST(%(viewer)s AS text) COLLATE "C"]'
IS_WHOLE: Final = f"""
    (award.exchanges = {ONLY_VIEWER}
     AND (award.suppressed_by IS NULL OR starts_with(award.suppressed_by, '{OTHER_GRANT}/')
          OR coalesce(suppressor.exchanges = {ONLY_VIEWER}, false))
     AND (award.rule <> 'exchange_tiers' OR award.suppressed_by IS NOT NULL
          OR award.payable_fen IN (0, award.ceiling_fen)
          OR NOT award.subject = ANY(CAST(%(on_shared_ladders)s AS text[]))))
"""


# Evidence of an award for its subject: without the declarations of others with which it shares an item (G11).
_OWN_EVIDENCE: Final = f"""
    (SELECT coalesce(jsonb_agg(one ORDER BY place), '[]')
     FROM jsonb_array_elements(award.evidence) WITH ORDINALITY AS listed (one, place)
     WHERE NOT starts_with(one ->> 'fact', '{DECLARED}/')
        OR split_part(one ->> 'fact', '/', 3) = %(viewer)s) AS evidence
"""


def on_shared_ladders(viewer: str | None, rulebook: Rulebook) -> list[str]:
    """The operators (`uscc:<id>`) of the exchange `viewer` whose ladder (G11) runs over other exchanges too."""
    listed = rulebook.exchanges.listed
    if viewer is None or rulebook.policy.operators_ladder != "operator":
        return []
    own, others = (
        {
            f"uscc:{operator.uscc}"
            for exchange in listed
            if (exchange.id == viewer) is is_own
            for operator in exchange.operators
        }
        for is_own in (True, False)
    )
    return sorted(own & others)


class LedgerView(NamedTuple):
    """The reader, and the instant as of which it reads.

    `viewer` is the reading exchange (`<id>`) or subject (`<scheme>:<id>`; None: sees everything), `as_of` the instant
    (None: now), `now` the clock's time, `rulebook` what was in force at that instant.
    """

    viewer: str | None
    as_of: datetime | None
    now: datetime
    rulebook: Rulebook

    @property
    def subject(self) -> str | None:
        """The subject that reads (None: an exchange, or a reader who sees everything)."""
        return self.viewer if self.viewer is not None and ":" in self.viewer else None

    @property
    def exchange(self) -> str | None:
        """The exchange that reads (None: a subject, or a reader who sees everything)."""
        return None if self.subject is not None else self.viewer

    @property
    def visible(self) -> set[str] | None:
        """The exchanges whose part of a visible award the viewer may see (None: all)."""
        return None if self.exchange is None else {self.exchange}

    @property
    def instant(self) -> datetime:
        """The instant that the answer describes."""
        return self.now if self.as_of is None else self.as_of

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of the statements below."""
        shared = on_shared_ladders(self.exchange, self.rulebook)
        return {"viewer": self.viewer, "as_of": self.as_of, "on_shared_ladders": shared}

    @property
    def awards(self) -> str:
        """The awards, called `award`, for a FROM clause."""
        return f"{awards_as_of(self.as_of)} award"

    @property
    def select_awards(self) -> str:
        """SELECT of the awards that the viewer sees, up to its WHERE: rows of SeenAward."""
        if self.viewer is None:
            return f"SELECT {columns(AwardRow, 'award')}, true AS whole FROM {self.awards} WHERE true"
        if self.subject is not None:
            names = (_OWN_EVIDENCE if name == "evidence" else f"award.{name}" for name in AwardRow._fields)
            is_own = is_of_subject(self.as_of, "%(viewer)s")
            return f"SELECT {', '.join(names)}, true AS whole FROM {self.awards} WHERE ({is_own})"
        return f"""
            SELECT {columns(AwardRow, "award")}, {IS_WHOLE} AS whole FROM {self._with_suppressors}
            WHERE award.exchanges @> {ONLY_VIEWER}
        """

    @property
    def is_own_posting(self) -> str | None:
        """Condition: the transaction `t` is about the subject that reads, and moves nothing from or to another."""
        if self.subject is None:
            return None
        return "t.subject = %(viewer)s AND coalesce(t.subject_before, t.subject) = t.subject"

    @property
    def is_of_whole_award(self) -> str | None:
        """Condition: the transaction `t` is of a wholly visible award (None: all are)."""
        if self.subject is not None:
            return f"t.award_id IS NOT NULL AND {self.is_own_posting}"
        if self.exchange is None:
            return None
        return f"EXISTS (SELECT FROM {self._with_suppressors} WHERE award.award_id = t.award_id AND {IS_WHOLE})"

    @property
    def _with_suppressors(self) -> str:
        suppressors = f"{awards_as_of(self.as_of)} suppressor"
        return f"{self.awards} LEFT JOIN {suppressors} ON suppressor.award_id = award.suppressed_by"
