"""HTTP route of the participants of an exchange."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.entitlements import NO_FACTS, KnownFacts, subject_facts
from services.incentive.http.awards import check_subject, found_or_404
from services.incentive.http.context import ledger_view
from services.incentive.http.register_reads import uncounted_documents
from services.incentive.http.schemas import AsOfQuery, TextsSchema, YearParameter, YearQuery
from services.incentive.queries.finding.participants import (
    PARTICIPANT_SORTS,
    ParticipantRow,
    Wanted,
    find_participant,
    find_participants,
    outlook_of,
    wanted_participants,
)
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts
from shared.events.fields import Choice, Text
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.times import shanghai_year
from shared.web.answers import Fields, amounts, answer, booleans, days, instants, integers, lists, nested, texts
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.pagination import PageQuery
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint

blueprint = Blueprint("participants", __name__, description="参与方 / participants")


class ParticipantQuery(PageQuery, AsOfQuery):
    """Year (default: this one), rule (default: the year's listed trading) and order of participants."""

    year = YearParameter()
    rule = Text(min_length=1, max_length=100)
    reached = Choice(("true", "false"))


_PARTICIPANT: Fields = {
    **texts("subject", "name"),
    **amounts("measure", "threshold", "missing", null=True),
    **amounts("own"),
}
ParticipantSchema = answer("Participant", _PARTICIPANT)
ParticipantPageSchema = page_schema("ParticipantPage", ParticipantSchema)

PaceSchema = answer("Pace", days("on", null=True), amounts("amount"), days("from", "until"))
UncountedSumSchema = answer(
    "UncountedSum",
    texts("reason"),
    amounts("amount"),
    integers("trades"),
    nested(text=TextsSchema),
    booleans("would_reach"),
)
UncountedTradeSchema = answer(
    "UncountedTrade",
    texts("trade_no"),
    instants("completed_at"),
    texts("mode"),
    amounts("amount", "refunded"),
    texts("listing_no", null=True),
    texts("reason"),
)
ParticipantOutlookSchema = answer(
    "ParticipantOutlook",
    _PARTICIPANT,
    nested(pace=PaceSchema, null=True),
    lists(not_counted=UncountedSumSchema, trades=UncountedTradeSchema),
    booleans("complete"),
)

PARTICIPANTS: Final = ItemList("participants", ParticipantPageSchema, PARTICIPANT_SORTS)


@list_operation(
    blueprint,
    "GET /v1/exchanges/<exchange>/participants",
    PARTICIPANTS,
    query=ParticipantQuery,
    operation_id="listParticipants",
)
@contextmanager
def list_participants(arguments: Json, exchange: str) -> Iterator[SortedRows[ParticipantRow]]:
    """List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

    `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a part in them that
    the key may not see; sorting then goes by `own`.
    """
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield find_participants(connection, view, wanted_of(view, arguments, exchange))


def wanted_of(view: LedgerView, arguments: Json, exchange: str) -> Wanted:
    """Return whom the parameters ask for. Problem 404 for an exchange that the key may not see, 422 for no rule."""
    policy = view.rulebook.policy
    if exchange not in view.rulebook.exchanges.ids or not current_key().sees(exchange):
        raise Problem(404)
    if arguments.get("rule") not in (None, *policy.rule_order):
        raise Problem(422, errors=[FieldFault("rule", "政策中没有此规则 / no rule of the policy")])
    has_reached = {"true": True, "false": False}.get(arguments.get("reached", ""))
    year = arguments.get("year") or shanghai_year(view.instant)
    return wanted_participants(view, exchange, year, arguments.get("rule"), has_reached)


@blueprint.operation(
    "GET /v1/exchanges/<exchange>/participants/<subject>",
    ParticipantOutlookSchema,
    query=YearQuery,
    operation_id="getParticipant",
)
def get_participant(arguments: Json, exchange: str, subject: str) -> Json:
    """Return a provider's year of listed trading on an exchange: when it reaches the threshold, and what to tell it.

    `pace` is the average of the last three calendar months, null for too little to go by; `on` null: not within the
    year. `not_counted` are this exchange's trades by the reason why they do not count, `trades` the first of them;
    `complete` is false if there are more, or while the register does not answer. `would_reach`: the threshold would be
    reached if they counted.
    """
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found, known = load_participant(connection, view, arguments, exchange, subject)
    trades, is_complete = uncounted_trades(known, exchange, arguments["year"])
    return {**found, "trades": trades, "complete": is_complete}


def load_participant(
    connection: Connection, view: LedgerView, arguments: Json, exchange: str, subject: str
) -> tuple[Json, KnownFacts]:
    """Load a provider's year on an exchange, and the facts about it. Problem 404 if it does not take part."""
    check_subject(subject)
    wanted = wanted_of(view, arguments, exchange)
    known = load_facts(connection, [subject], view.rulebook.registers, view.as_of).get(subject, NO_FACTS)
    item = found_or_404(find_participant(view, wanted, known))
    return {**item, **outlook_of(item, view, wanted, known)}, known


def uncounted_trades(known: KnownFacts, exchange: str, year: int) -> tuple[list[Json], bool]:
    """Ask the registers, with the snapshot closed, for the first trades that do not count; and whether that is all."""
    totals = [one for one in subject_facts(known).totals.get(year, ()) if exchange in one.by_exchange]
    answers = [uncounted_documents(one.ref, exchange) for one in totals]
    members = ("trade_no", "completed_at", "mode", "amount", "refunded")
    trades = [
        {**{name: one[name] for name in members}, "listing_no": one.get("listing_no"), "reason": one["counted"]}
        for found in answers
        if found is not None
        for one in found[0]
    ]
    return trades, all(found is not None and not found[1] for found in answers)
