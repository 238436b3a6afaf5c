"""The basis of statements, loaded for many awards from one snapshot."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.acts import Act, decision_json
from services.incentive.domain.facts import FactRef
from services.incentive.domain.statements.content import StatementBasis
from services.incentive.domain.workflow import Decision
from services.incentive.queries.awards import award_json
from services.incentive.queries.explanations import explain_for_statements
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import render_acts
from services.incentive.store.award_context import AwardContext, decisions_of
from services.incentive.store.awards import AnyAwardRow
from services.incentive.store.facts import fact_values_at
from services.incentive.store.rows import AwardRow, SeenAward, columns
from shared.postgres.query import fetch
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date

_ACT: Final = columns(Act, "a")
# The last record of each subject that is valid at the instant.
_ELIGIBILITY: Final = f"""
    SELECT DISTINCT ON (e.subject) {_ACT} FROM eligibility e JOIN act a ON a.id = e.id
    WHERE e.subject = ANY(%(subjects)s) AND (e.from_at IS NULL OR e.from_at <= %(now)s)
      AND (e.until_at IS NULL OR e.until_at > %(now)s)
    ORDER BY e.subject, a.seq DESC
"""
_OBJECTIONS: Final = f"""
    SELECT {_ACT} FROM act a
    WHERE a.id IN (SELECT id FROM hold WHERE kind = 'objection' AND award_id = ANY(%(award_ids)s)
                   UNION ALL
                   SELECT r.id FROM hold_release r JOIN hold h ON h.id = r.hold_id
                   WHERE h.kind = 'objection' AND h.award_id = ANY(%(award_ids)s))
    ORDER BY a.seq
"""
_WHO_OBJECTS: Final = ("objected_by", "objection_id")
_NAMES: Final = """
    SELECT award_id, subject, subject_name FROM award_version WHERE award_id = ANY(%(award_ids)s)
    ORDER BY award_id, version
"""


def statement_bases(
    connection: Connection, view: LedgerView, awards: Sequence[AnyAwardRow], contexts: Mapping[str, AwardContext]
) -> dict[str, StatementBasis]:
    """The basis that a statement of each award would have now, by award_id; `view` sees everything."""
    facts = _fact_values(connection, awards)
    eligibility = _eligibility_records(connection, {award.subject for award in awards}, view.instant)
    award_ids = [award.award_id for award in awards]
    names = _names(connection, award_ids)
    objections, decisions = _objections(connection, award_ids), decisions_of(connection, award_ids, view.as_of)
    rows = [SeenAward._make((*award[: len(AwardRow._fields)], True)) for award in awards]
    explanations = explain_for_statements(connection, view, rows, contexts)
    found = {}
    for award, row in zip(awards, rows, strict=True):
        found[award.award_id] = StatementBasis(
            award={
                **award_json(row, contexts[award.award_id], None, view.rulebook.policy),
                "recovered": format_yuan(contexts[award.award_id].workflow.recovered_fen),
            },
            facts=[{**one, "value": facts.get(_ref(one))} for one in row.evidence],
            explanation=explanations[award.award_id],
            eligibility=eligibility.get(award.subject),
            notices={one.action: _notice(one) for one in decisions.get(award.award_id, ())},
            objections=objections.get(award.award_id, []),
            names={**names.get(award.award_id, {}), award.subject: award.subject_name},
        )
    return found


def _notice(decision: Decision) -> Json | None:
    """The notice of a decision, of a return with its ground and reason; of an earlier version's the last day alone."""
    if decision.until is not None:
        last = shanghai_date(decision.until - timedelta(microseconds=1))
        return {"from": None, "until": last.isoformat(), "where": None}
    notice: Json | None = decision_json(decision).get("notice")
    if notice is None or decision.action != "notify_return":
        return notice
    return {**notice, "ground": decision.ground, "reason": decision.reason}


def _fact_values(connection: Connection, awards: Sequence[AnyAwardRow]) -> dict[FactRef, Json]:
    refs = {_ref(one) for award in awards for one in award.evidence}
    return {ref: msgspec.json.decode(value) for ref, value in fact_values_at(connection, refs).items()}


def _ref(evidence: Json) -> FactRef:
    return FactRef(evidence["fact"], evidence["generation"], evidence["seq"])


def _eligibility_records(connection: Connection, subjects: Collection[str], now: datetime) -> dict[str, Json]:
    acts = fetch(connection, _ELIGIBILITY, Act, subjects=list(subjects), now=now)
    records = (record for _, record in render_acts(connection, acts) if record is not None)
    return {record["subject"]: record for record in records}


def _names(connection: Connection, award_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """The last known name of each subject that an award was of, by award."""
    found: dict[str, dict[str, str]] = {}
    for award_id, subject, name in fetch(connection, _NAMES, tuple[str, str, str], award_ids=list(award_ids)):
        found.setdefault(award_id, {})[subject] = name
    return found


def _objections(connection: Connection, award_ids: Collection[str]) -> dict[str, list[Json]]:
    """The objections to each award, in order, with the `release` that answered each (None: it is open).

    A statement is served on the award's subject, so it does not say who objected.
    """
    acts = fetch(connection, _OBJECTIONS, Act, award_ids=list(award_ids))
    by_award: dict[str, list[Json]] = {}
    by_id: dict[str, Json] = {}
    for act, record in render_acts(connection, acts):
        if record is None:
            continue
        if act.kind == "hold":
            by_id[act.id] = {**{name: one for name, one in record.items() if name not in _WHO_OBJECTS}, "release": None}
            by_award.setdefault(record["award_id"], []).append(by_id[act.id])
        else:
            by_id[record["hold_id"]]["release"] = record
    return by_award
