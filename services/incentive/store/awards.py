"""Awards in the ledger's database: reading them, and recording new versions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, text

from services.incentive.domain.awards import Award
from services.incentive.domain.event_rules import EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.store.ledger import json_text
from services.incentive.store.tables import AWARD_COLUMNS
from shared.postgres.database import rows_of, written
from shared.postgres.query import pg_array

_AWARDS_ABOUT: Final = written(text("SELECT * FROM award_current WHERE about = ANY(CAST(:abouts AS text[]))"))
_COMPETING: Final = written(
    text(
        "SELECT * FROM award_current"
        " WHERE subject = ANY(CAST(:subjects AS text[])) AND about <> ALL(CAST(:abouts AS text[]))"
    )
)


def load_awards(connection: Connection, abouts: Sequence[str], subjects: set[str]) -> dict[str, Award]:
    """Awards about `abouts`, and all that compete with them under G6: those of each subject, before and now."""
    these = pg_array(abouts)
    of_these = rows_of(connection, _AWARDS_ABOUT, abouts=these)
    who = pg_array(sorted(subjects | {row.subject for row in of_these}))
    competing = rows_of(connection, _COMPETING, subjects=who, abouts=these)
    return {row.award_id: award_from_row(row) for row in (*of_these, *competing)}


def award_from_row(row: Row[Any]) -> Award:
    """The award of a row of `award_current` or `award_version`."""
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


def evidence_json(evidence: Iterable[EvidenceItem]) -> list[dict[str, Any]]:
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
    if not awards:
        return
    columns = ", ".join(AWARD_COLUMNS)
    # PostgreSQL counts the version.
    connection.execute(
        text(
            f"INSERT INTO award_version ({columns})"
            f" SELECT {', '.join('coalesce(c.version + 1, 0)' if n == 'version' else f'a.{n}' for n in AWARD_COLUMNS)}"
            " FROM jsonb_populate_recordset(NULL::award_version, CAST(:rows AS jsonb)) a"
            " LEFT JOIN award_current c USING (award_id)"
        ),
        {"rows": award_rows(awards, instant)},
    )
