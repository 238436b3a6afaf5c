"""Awards in the ledger's database: reading them, and recording new versions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.awards import Award, EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.store.ledger import json_text
from services.incentive.store.rows import AWARD_COLUMNS, AwardRow, SeenAward
from shared.postgres.query import execute, fetch, fetch_one, pg_array
from shared.values.json_types import Json

AnyAwardRow = AwardRow | SeenAward

_COLUMNS: Final = ", ".join(AWARD_COLUMNS)
_AWARDS_ABOUT: Final = f"SELECT {_COLUMNS} FROM award_current WHERE about = ANY(CAST(%(abouts)s AS text[]))"
_COMPETING: Final = (
    f"SELECT {_COLUMNS} FROM award_current"
    " WHERE subject = ANY(CAST(%(subjects)s AS text[])) AND about <> ALL(CAST(%(abouts)s AS text[]))"
)
# PostgreSQL counts the version.
_RECORD: Final = (
    f"INSERT INTO award_version ({_COLUMNS})"
    f" SELECT {', '.join('coalesce(c.version + 1, 0)' if n == 'version' else f'a.{n}' for n in AWARD_COLUMNS)}"
    " FROM jsonb_populate_recordset(NULL::award_version, CAST(%(rows)s AS jsonb)) a"
    " LEFT JOIN award_current c USING (award_id)"
)


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


def award_from_row(row: AnyAwardRow) -> Award:
    """The award of a row."""
    return Award(
        award_id=row.award_id,
        about=row.about,
        rule=row.rule,
        article=row.article,
        policy_id=row.policy_id,
        policy_revision=row.policy_revision,
        subject=row.subject,
        subject_name=row.subject_name,
        exchange=row.exchange,
        year=row.year,
        base_fen=row.base_fen,
        rate=row.rate,
        cap_fen=row.cap_fen,
        ceiling_fen=row.ceiling_fen,
        payable_fen=row.payable_fen,
        suppressed_by=row.suppressed_by,
        flags=tuple(row.flags),
        evidence=tuple(
            EvidenceItem(FactRef(item["fact"], item["generation"], item["seq"]), tuple(item["exchanges"]))
            for item in row.evidence
        ),
    )


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
