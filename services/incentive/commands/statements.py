"""Statements (决定书): frozen with the decisions that they are of, under the ledger's lock; and their service."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from services.incentive.commands.acting import Acting, Draft, InvalidActError, NotFoundError
from services.incentive.domain.acts import Act, DecisionPart, ServicePart, act_json
from services.incentive.domain.statements.content import Rules, StatementBasis, freeze, statement_json, statement_number
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
from shared.values.times import shanghai_date

PackedBases = Mapping[str, bytes]  # by award_id; packed, because those of 10,000 awards are kept at once
_CHUNK: Final = 500
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(StatementBasis).decode


def statement_bases_of(
    acting: Acting, action: str, awards: Sequence[AnyAwardRow], contexts: Mapping[str, AwardContext]
) -> PackedBases:
    """What statements of these awards would rest on now; nothing if the action or the policy has none."""
    if acting.policy.statements is None or action not in KINDS:
        return {}
    view, packed = LedgerView(None, None, acting.now, acting.rulebook), dict[str, bytes]()
    for start in range(0, len(awards), _CHUNK):
        bases = statement_bases(acting.connection, view, awards[start : start + _CHUNK], contexts)
        packed |= {award_id: _pack(basis) for award_id, basis in bases.items()}
    return packed


def freeze_statements(acting: Acting, drafts: Sequence[Draft], bases: PackedBases) -> list[Draft]:
    """Record the statements of decisions, and return the drafts with their SHA-256, in the same order.

    Needs the ledger's lock, under which numbers have no gaps. Nothing is frozen under a policy
    file that names no authority, as those of revisions 1 and 2.
    """
    policy, year = acting.policy, shanghai_date(acting.now).year
    rules = Rules(
        {"id": policy.id, "revision": policy.revision, "sha256": policy.digest}, acting.rulebook.exchanges.digest
    )
    frozen: list[NewStatement] = []
    found: list[Draft] = []
    last = last_statement_number(acting.connection, year)
    for draft in drafts:
        part = draft.part
        if policy.statements is None or not isinstance(part, DecisionPart) or part.action not in KINDS:
            found.append(draft)
            continue
        number = last + len(frozen) + 1
        text, decision = statement_number(policy.statements.prefix, year, number), _decision(acting, part)
        sha256, content = freeze(
            statement_json(_unpack(bases[part.award_id]), decision, text, policy.statements, rules)
        )
        frozen.append(NewStatement(sha256, year, number, content.decode()))
        found.append(draft._replace(part=part._replace(statement=sha256)))
    record_statements(acting.connection, frozen)
    return found


def _decision(acting: Acting, part: DecisionPart) -> Json:
    """The decision as the API will show it; its id and transaction, which are not known yet, are no part of it."""
    actor = acting.request.actor
    act = Act("", "decision", 0, acting.instant, actor.identity, actor.name, None, "")
    return act_json(act, part)


def draft_service(acting: Acting) -> Draft:
    """Record the service of a statement; its transaction is of no award, as it changes none."""
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
    text = Texts(f"决定书送达：{part.way}", f"statement served: {part.way}")
    return Draft(part, award.article, text, subject=award.subject, year=award.year)
