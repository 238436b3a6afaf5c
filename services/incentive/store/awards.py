"""Awards in the ledger's database: reading them, finding those with a similar amount, recording new versions."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.awards import Award, EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.domain.similar_purchases import SPLIT_PURCHASES, amounts_near_cap
from services.incentive.policy.terms import Policy
from services.incentive.store.ledger import json_text
from services.incentive.store.rows import AWARD_COLUMNS, AwardRow, SeenAward
from shared.postgres.query import execute, fetch, fetch_one, fetch_values, pg_array
from shared.values.json_types import Json

AnyAwardRow = AwardRow | SeenAward

_COLUMNS: Final = ", ".join(AWARD_COLUMNS)
_AWARDS_ABOUT: Final = f"SELECT {_COLUMNS} FROM award_current WHERE about = ANY(CAST(%(abouts)s AS text[]))"
_COMPETING: Final = (
    f"SELECT {_COLUMNS} FROM award_current"
    " WHERE subject = ANY(CAST(%(subjects)s AS text[])) AND about <> ALL(CAST(%(abouts)s AS text[]))"
)
_PAYABLES: Final = """
    SELECT subject, year, rule, CAST(sum(payable_fen) AS bigint) FROM award_current
    WHERE subject = ANY(CAST(%(subjects)s AS text[])) GROUP BY subject, year, rule
"""
# PostgreSQL counts the version.
_RECORD: Final = (
    f"INSERT INTO award_version ({_COLUMNS})"
    f" SELECT {', '.join('coalesce(c.version + 1, 0)' if n == 'version' else f'a.{n}' for n in AWARD_COLUMNS)}"
    " FROM jsonb_populate_recordset(NULL::award_version, CAST(%(rows)s AS jsonb)) a"
    " LEFT JOIN award_current c USING (award_id)"
)
# Few honest purchases are about as large as the cap needs; an exchange may report any number of them.
_NEAR_CAP: Final = "rule = %(rule)s AND base_fen BETWEEN %(least)s AND %(most)s"
_SIMILAR: Final = f"""
    SELECT about, '{SPLIT_PURCHASES}' = ANY(flags) FROM award_current WHERE {_NEAR_CAP} AND about <> ALL(%(abouts)s)
      AND (%(is_there)s OR EXISTS (SELECT FROM award_current WHERE about = ANY(%(abouts)s) AND {_NEAR_CAP}))
    ORDER BY about
"""
_EVER_SIMILAR: Final = f"SELECT DISTINCT about FROM award_version WHERE {_NEAR_CAP} ORDER BY about"


class SimilarBuyer(NamedTuple):
    """A subject with an award for a purchase near the cap, and whether the award has the flag of split purchases."""

    about: str
    is_flagged: bool


def load_awards(connection: Connection, abouts: Sequence[str], subjects: set[str]) -> dict[str, Award]:
    """Awards about `abouts`, and all that compete with them under G6: those of each subject, before and now."""
    these = pg_array(abouts)
    of_these = fetch(connection, _AWARDS_ABOUT, AwardRow, abouts=these)
    who = pg_array(sorted(subjects | {row.subject for row in of_these}))
    competing = fetch(connection, _COMPETING, AwardRow, subjects=who, abouts=these)
    return {row.award_id: award_from_row(row) for row in (*of_these, *competing)}


def find_current_award(connection: Connection, award_id: str) -> AwardRow | None:
    """The current version of an award."""
    return fetch_one(connection, f"SELECT {_COLUMNS} FROM award_current WHERE award_id = %(id)s", AwardRow, id=award_id)


def find_current_awards(connection: Connection, award_ids: Sequence[str]) -> Sequence[AwardRow]:
    """The current versions of these awards, in code point order."""
    statement = f"SELECT {_COLUMNS} FROM award_current WHERE award_id = ANY(CAST(%(ids)s AS text[])) ORDER BY award_id"
    return fetch(connection, statement, AwardRow, ids=pg_array(award_ids))


def awards_of_subjects(connection: Connection, subjects: Sequence[str]) -> Sequence[AwardRow]:
    """The current versions of all awards of these subjects."""
    statement = f"SELECT {_COLUMNS} FROM award_current WHERE subject = ANY(CAST(%(subjects)s AS text[]))"
    return fetch(connection, statement, AwardRow, subjects=pg_array(subjects))


def subjects_changed_since(connection: Connection, last: datetime | None) -> Sequence[str]:
    """The subjects of awards that have a version recorded after an instant (None: all subjects)."""
    statement = """
        SELECT DISTINCT subject FROM award_current
        WHERE recorded_at > coalesce(CAST(%(last)s AS timestamptz), '-infinity')
    """
    return fetch_values(connection, statement, str, last=last)


def payables_of(connection: Connection, subjects: Collection[str]) -> Sequence[tuple[str, int, str, int]]:
    """The payables of these subjects, summed in fen: subject, year, rule, sum."""
    return fetch(connection, _PAYABLES, tuple[str, int, str, int], subjects=pg_array(sorted(subjects)))


def award_from_row(row: AnyAwardRow) -> Award:
    """The award of a row."""
    fields = {name: getattr(row, name) for name in Award.__struct_fields__}
    fields["flags"] = tuple(row.flags)
    fields["evidence"] = tuple(
        EvidenceItem(FactRef(item["fact"], item["generation"], item["seq"]), tuple(item["exchanges"]))
        for item in row.evidence
    )
    return Award(**fields)


def evidence_json(evidence: Iterable[EvidenceItem]) -> list[Json]:
    """Evidence as the contract shows it."""
    return [{**msgspec.structs.asdict(item.ref), "exchanges": list(item.exchanges)} for item in evidence]


def award_rows(awards: Iterable[Award], instant: datetime) -> str:
    """Awards as JSON rows for `jsonb_populate_recordset`, without a version."""
    return json_text(
        [
            {
                **msgspec.structs.asdict(award),
                "recorded_at": instant,
                "exchanges": award.exchanges,
                "evidence": evidence_json(award.evidence),
            }
            for award in awards
        ]
    )


def record_awards(connection: Connection, awards: Sequence[Award], instant: datetime) -> None:
    """Record each as the next version of its award."""
    if awards:
        execute(connection, _RECORD, rows=award_rows(awards, instant))


def similar_buyers(
    connection: Connection, abouts: Sequence[str], policy: Policy, *, is_there: bool
) -> Sequence[SimilarBuyer]:
    """Others with an award for a purchase near the cap, if one of `abouts` has one (`is_there`) or had one."""
    span = amounts_near_cap(policy)
    if not span:
        return []
    asked = {**_parameters(span, policy), "abouts": list(abouts), "is_there": is_there}
    return fetch(connection, _SIMILAR, SimilarBuyer, **asked)


def ever_similar_buyers(connection: Connection, policy: Policy) -> list[str]:
    """All subjects that have such an award, or had one at any instant."""
    span = amounts_near_cap(policy)
    return fetch_values(connection, _EVER_SIMILAR, str, **_parameters(span, policy)) if span else []


def _parameters(span: range, policy: Policy) -> dict[str, object]:
    return {"rule": policy.first_purchase.rule, "least": span.start, "most": span.stop - 1}
