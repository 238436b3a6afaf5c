"""Statements (决定书) and their service.

They are prepared beforehand, and frozen under the ledger's lock with the decisions that they are of.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from services.incentive.commands.acting import Acting, Draft, InvalidActError, NotFoundError
from services.incentive.domain.acts import Act, DecisionPart, ServicePart, act_json
from services.incentive.domain.statements.content import Rules, freeze, prepare, statement_json, statement_number
from services.incentive.policy.statement_terms import KINDS
from services.incentive.policy.terms import Texts
from services.incentive.queries.statement_bases import statement_bases
from services.incentive.queries.view import LedgerView
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import AnyAwardRow
from services.incentive.store.frozen.statements import (
    NewStatement,
    find_statement,
    last_statement_number,
    record_statements,
)
from shared.values.json_types import Json
from shared.values.times import format_time, shanghai_date

PreparedStatements = Mapping[str, Sequence[bytes]]  # by award_id: the bytes around the instant and the number
_CHUNK: Final = 500


def prepare_statements(
    acting: Acting, drafts: Sequence[Draft], awards: Sequence[AnyAwardRow], contexts: Mapping[str, AwardContext]
) -> PreparedStatements:
    """The statements of decisions on these awards, but for instant and number; none where action or policy has none.

    A policy file that names no authority, as those of revisions 1 and 2, has none.
    """
    policy, exchanges = acting.policy, acting.rulebook.exchanges
    parts = [draft.part for draft in drafts]
    decided = {part.award_id: part for part in parts if isinstance(part, DecisionPart) and part.action in KINDS}
    if policy.statements is None or not decided:
        return {}
    named = {
        "id": policy.id,
        "revision": policy.revision,
        "sha256": policy.digest,
        "document_no": policy.document_no,
        "title": policy.title.zh,
    }
    rules = Rules(named, exchanges.digest)
    view, found = LedgerView(None, None, acting.now, acting.rulebook), dict[str, Sequence[bytes]]()
    for start in range(0, len(awards), _CHUNK):
        some = [award for award in awards[start : start + _CHUNK] if award.award_id in decided]
        for award_id, basis in statement_bases(acting.connection, view, some, contexts).items():
            decision = _decision(acting, decided[award_id])
            found[award_id] = prepare(statement_json(basis, decision, "", policy.statements, rules))
    return found


def freeze_statements(acting: Acting, drafts: Sequence[Draft], prepared: PreparedStatements) -> list[Draft]:
    """Record the prepared statements of decisions, and return the drafts with their SHA-256, in the same order.

    Needs the ledger's lock, under which numbers have no gaps.
    """
    terms = acting.policy.statements
    if terms is None or not prepared:
        return list(drafts)
    at, year = format_time(acting.instant), shanghai_date(acting.now).year
    numbers = count(last_statement_number(acting.connection, year) + 1)
    found: list[Draft] = []

    def frozen() -> Iterator[NewStatement]:
        for draft in drafts:
            part = draft.part
            if not isinstance(part, DecisionPart) or part.award_id not in prepared:
                found.append(draft)
                continue
            number = next(numbers)
            sha256, content = freeze(prepared[part.award_id], at, statement_number(terms.prefix, year, number))
            found.append(draft._replace(part=part._replace(statement=sha256)))
            yield NewStatement(sha256, year, number, content)

    record_statements(acting.connection, frozen())  # the next is frozen while PostgreSQL inserts one
    return found


def _decision(acting: Acting, part: DecisionPart) -> Json:
    """The decision as the API will show it, without the fields that are known only when it is recorded."""
    actor = acting.request.actor
    act = Act("", "decision", 0, acting.instant, actor.identity, actor.name, None, "")
    return act_json(act, part)


def draft_service(acting: Acting) -> Draft:
    """Record the service of a statement. Its transaction names no award, because it changes none."""
    given, found = acting.request.fields, find_statement(acting.connection, acting.request.about)
    if found is None:
        raise NotFoundError(acting.request.about)
    served_on, today = given["served_on"], shanghai_date(acting.now)
    if not found.decided_on <= served_on <= today:
        said = Texts("不得早于决定之日，也不得晚于今天", "must be from the day of the decision to today")
        raise InvalidActError("served_on", said)
    part = ServicePart(
        statement=found.sha256,
        award_id=found.award_id,
        way=given["way"],
        served_on=served_on,
        to=given["to"],
        documents=given.get("documents") or [],
    )
    award = acting.award(found.award_id)
    text = Texts("决定书送达", "statement served")
    return Draft(part, award.article, text, subject=award.subject, year=award.year)
