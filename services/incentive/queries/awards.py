"""What is asked of awards and ledger: one function a question, each in the transaction that it is given.

`viewer` is the exchange whose key asks; None sees all. An exchange sees an award if its evidence names it, and wholly
if its evidence names nobody else and no award suppresses it that is not wholly visible itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_proposals
from services.incentive.domain.explain import ExchangeFacts, ExplainedAward, RevisionChange, explanation
from services.incentive.domain.facts import (
    DECLARED,
    Declaration,
    ExchangeTotal,
    Fact,
    FactRef,
    named_exchanges,
    parse_fact,
)
from services.incentive.domain.highest_only import OTHER_GRANT
from services.incentive.domain.risk_flags import AwardFigures, RiskFlag, find_risk_flags, unattached_flag
from services.incentive.domain.status import exchange_status, subject_status
from services.incentive.domain.workflow import FIRST_STATE, OVER_APPROVED, ApprovedFor
from services.incentive.queries.serializers import FLAGS_FOR_ALL, Json, risk_flag_json
from services.incentive.store.act_queries import decisions_of, is_over_approved, other_grants_of, related_of, state_of
from services.incentive.store.as_of import awards_as_of, is_of_subject
from services.incentive.store.awards import award_from_row, exchange_totals, load_facts, subject_facts
from services.incentive.store.risk_flag_context import PeerIndex, ever_similar_buyers, first_near_cap, similar_purchases
from services.incentive.store.rulebook import Rulebook
from services.incentive.store.tables import (
    award_current,
    award_version,
    decision,
    fact,
    fact_current,
    ledger_entry,
    ledger_transaction,
)
from shared.postgres.database import Written, rows_of, written
from shared.values.parties import Party, parse_subject

CLAWBACKS_BATCH: Final = 500
_REVISED: Final = written(
    text("""
        SELECT n.recorded_at, o.ceiling_fen, n.ceiling_fen AS ceiling_fen_after
        FROM (SELECT version, ceiling_fen FROM award_version
              WHERE award_id = :award_id AND version <= :version
                AND (policy_id <> :policy_id OR policy_revision <> :policy_revision)
              ORDER BY version DESC LIMIT 1) o
        JOIN award_version n ON n.award_id = :award_id AND n.version = o.version + 1
    """)
)
_SEQS: Final = written(
    text(
        "SELECT seq FROM ledger_transaction WHERE award_id = :award_id"
        " AND posted_at <= coalesce(CAST(:as_of AS timestamptz), 'infinity') ORDER BY seq"
    )
)
_LEDGER_END: Final = text("SELECT seq, posted_at FROM ledger_end(:before, :as_of)")


class LedgerView(NamedTuple):
    """What a reader sees: `viewer` as above, `as_of` (None: now), the clock's `now`, and the rulebook then in force."""

    viewer: str | None
    as_of: datetime | None
    now: datetime
    rulebook: Rulebook

    @property
    def visible(self) -> set[str] | None:
        """The exchanges whose documents the viewer may see (None: all)."""
        return None if self.viewer is None else {self.viewer}

    @property
    def instant(self) -> datetime:
        """When it is as of which is told."""
        return self.now if self.as_of is None else self.as_of


class _Awards:
    """The awards as a view has them, each joined with the award that suppresses it."""

    def __init__(self, viewer: str | None, as_of: datetime | None) -> None:
        self._viewer, self._as_of = viewer, as_of
        self._awards, self._suppressor = awards_as_of(as_of, "award"), awards_as_of(as_of, "suppressor")
        self.c = self._awards.c
        self.joined = self._awards.outerjoin(self._suppressor, self._suppressor.c.award_id == self.c.suppressed_by)

    @cached_property
    def seen(self) -> Select[Any]:
        """Awards that the viewer sees, each with whether it is `whole`."""
        statement = select(self._awards, self.is_whole.label("whole")).select_from(self.joined)
        return statement if self._viewer is None else statement.where(self.c.exchanges.contains(_only(self._viewer)))

    @cached_property
    def one(self) -> Written:
        """The award `award_id`."""
        return written(self.seen.where(self.c.award_id == bindparam("award_id")))

    @cached_property
    def of_year(self) -> Written:
        """Those of a subject, `of`, in a year, `in_year`."""
        return written(self.seen.where(self.of_subject(bindparam("of")), self.c.year == bindparam("in_year")))

    @cached_property
    def about(self) -> Written:
        """Ids of the awards about whom the facts are, `about`, in a year, `in_year`, whoever sees them."""
        of_it = self.c.about == bindparam("about"), self.c.year == bindparam("in_year")
        return written(select(self.c.award_id).where(*of_it).order_by(self.c.award_id))

    def of_subject(self, subject: str | BindParameter[str]) -> ColumnElement[bool]:
        return is_of_subject(self._awards, subject, self._as_of)

    @cached_property
    def is_whole(self) -> ColumnElement[bool]:
        """Whether an award is wholly visible."""
        if self._viewer is None:
            return literal(value=True)
        only, rival = _only(self._viewer), self._suppressor.c
        # What suppresses is the highest of its group, so nothing suppresses it in turn. A grant under another policy is
        # no exchange's.
        is_alone = or_(self.c.suppressed_by.is_(None), self.c.suppressed_by.startswith(f"{OTHER_GRANT}/"))
        return and_(self.c.exchanges == only, or_(is_alone, func.coalesce(rival.exchanges == only, False)))


def _awards(view: LedgerView) -> _Awards:
    """The awards as the view has them; putting such a statement together takes a tenth of what an answer takes."""
    return _awards_now(view.viewer) if view.as_of is None else _Awards(view.viewer, view.as_of)


@lru_cache(maxsize=64)  # as many as there are exchanges, and more
def _awards_now(viewer: str | None) -> _Awards:
    return _Awards(viewer, None)


def _only(viewer: str) -> ColumnElement[Any]:
    # Compared as the column is: in code point order.
    return cast(array([literal(viewer)]), ARRAY(award_current.c.award_id.type))


def list_awards(
    connection: Connection, view: LedgerView, filters: Mapping[str, Any], after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Awards in code point order of `award_id`, at most `limit`.

    `filters` by subject, exchange, rule, year, state, flag.
    """
    if _foreign(view.viewer, filters):
        return []
    awards = _awards(view)
    statement = awards.seen.order_by(awards.c.award_id).limit(limit)
    if "subject" in filters:
        statement = statement.where(awards.of_subject(filters["subject"]))
    for name in ("exchange", "rule", "year"):
        if name in filters:
            statement = statement.where(awards.c[name] == filters[name])
    if "state" in filters:
        state = func.coalesce(state_of(awards.c.award_id, view.as_of), FIRST_STATE)
        statement = statement.where(state == filters["state"])
    if "flag" in filters:
        statement = statement.where(_is_flagged(awards.c, filters["flag"], view))
    if after is not None:
        statement = statement.where(awards.c.award_id > after)
    return connection.execute(statement).all()


def _is_flagged(awards: Any, flag: str, view: LedgerView) -> ColumnElement[bool]:
    """Whether the viewer is told that an award has the flag."""
    if view.viewer is not None and flag not in FLAGS_FOR_ALL:
        return false()
    if flag == OVER_APPROVED:
        return is_over_approved(awards, view.as_of)
    found: ColumnElement[bool] = awards.flags.contains([flag])
    return found


def _foreign(viewer: str | None, filters: Mapping[str, Any]) -> bool:
    return viewer is not None and filters.get("exchange", viewer) != viewer


def find_award(connection: Connection, view: LedgerView, award_id: str) -> Any:
    """One award; None where there is none that the viewer sees."""
    return next(iter(rows_of(connection, _awards(view).one, award_id=award_id)), None)


def explain_award(connection: Connection, view: LedgerView, row: Row[Any]) -> Json:
    """The contract's Explanation of a row of `find_award`."""
    rulebook = view.rulebook
    group = rows_of(connection, _awards(view).of_year, of=row.subject, in_year=row.year)
    rivals = [(rival.award_id, rival.ceiling_fen) for rival in group if rival.whole]
    if view.viewer is None:
        grants = other_grants_of(connection, [row.subject], view.as_of)
        rivals += [(grant.name, grant.amount_fen) for grant in grants.get((row.subject, row.year), ())]
    facts = _facts_about(connection, view, row.about)
    scheme, code = parse_subject(row.subject)
    state = ExplainedAward(
        award_id=row.award_id,
        rule=row.rule,
        subject=Party(scheme, code, row.subject_name),
        exchange=row.exchange,
        year=row.year,
        ceiling_fen=row.ceiling_fen,
        payable_fen=row.payable_fen,
        suppressed_by=row.suppressed_by,
        evidence=award_from_row(row).evidence,
        flags=tuple(row.flags),
        partial=not row.whole,
        rivals=tuple(rivals),
        revised=_revised(connection, row),
    )
    is_tiers = row.rule == rulebook.policy.exchange_tiers.rule
    known = ExchangeFacts(exchange_totals(facts), rulebook.exchanges) if is_tiers else subject_facts(facts)
    told = explanation(state, known, rulebook.policy, view.visible)
    signs = (
        []
        if view.viewer is not None
        else [risk_flag_json(one, rulebook.policy) for one in _signs(connection, view, row, facts)]
    )
    return {**told, "transactions": _seqs_of(connection, view, row.award_id) if row.whole else [], "signs": signs}


def _signs(connection: Connection, view: LedgerView, row: Row[Any], facts: tuple[Fact, ...]) -> list[RiskFlag]:
    """The signs on an award, as of the view's instant."""
    if row.ceiling_fen == 0:
        return []
    policy = view.rulebook.policy
    on = AwardFigures(row.rule, row.subject, row.year, row.base_fen, row.cap_fen)
    beside = [] if first_near_cap(facts, policy) is None else ever_similar_buyers(connection, policy)
    known = load_facts(connection, beside, {}, view.rulebook.registers, view.as_of)
    related = related_of(connection, [row.about], view.as_of)
    others = PeerIndex(similar_purchases((facts.of for facts in known.values()), policy), related)
    return find_risk_flags(on, facts, others.around(row.about), policy)


def _revised(connection: Connection, row: Row[Any]) -> RevisionChange | None:
    """The last change of the policy's revision that an award went through, up to the version that is told."""
    found = rows_of(
        connection,
        _REVISED,
        award_id=row.award_id,
        version=row.version,
        policy_id=row.policy_id,
        policy_revision=row.policy_revision,
    )
    return next((RevisionChange(row.policy_id, row.policy_revision, *one) for one in found), None)


def _seqs_of(connection: Connection, view: LedgerView, award_id: str) -> list[int]:
    return [row.seq for row in rows_of(connection, _SEQS, award_id=award_id, as_of=view.as_of)]


def _facts_about(connection: Connection, view: LedgerView, about: str) -> tuple[Fact, ...]:
    found = load_facts(connection, [about], {}, view.rulebook.registers, view.as_of).get(about)
    return () if found is None else found.of


def load_subject_status(connection: Connection, view: LedgerView, subject: str, year: int) -> Json | None:
    """How a subject stands in a year; None where nothing is known of it that the viewer may see.

    An exchange sees the subjects that a fact names with it, and its own operator.
    """
    facts, exchanges = _facts_about(connection, view, subject), view.rulebook.exchanges
    last_day = date(year, 12, 31)
    operated = [
        exchange
        for exchange in exchanges.ids
        if (operator := exchanges.operator_on(exchange, last_day)) and f"uscc:{operator.uscc}" == subject
    ]
    if view.viewer is None:
        is_known = bool(facts or operated)
    else:
        is_known = view.viewer in operated or any(view.viewer in named_exchanges(known) for known in facts)
    if not is_known:
        return None
    of_it = rows_of(connection, _awards(view).of_year, of=subject, in_year=year)
    alone = unattached_flag(facts, view.rulebook.policy) if view.viewer is None else None
    told = subject_status(
        subject,
        year,
        subject_facts(facts),
        {exchange: _totals_of(connection, view, exchange) for exchange in operated},
        exchanges=exchanges,
        policy=view.rulebook.policy,
        awards={row.award_id for row in of_it},
        visible=view.visible,
    )
    of_year = [alone.found] if alone is not None and alone.year == year else []
    return {**told, "signs": [risk_flag_json(one, view.rulebook.policy) for one in of_year]}


def _totals_of(connection: Connection, view: LedgerView, exchange: str) -> dict[int, list[ExchangeTotal]]:
    return exchange_totals(_facts_about(connection, view, f"exchange/{exchange}"))


def list_declared(
    connection: Connection, filters: Mapping[str, Any], after: str | None, limit: int
) -> list[Declaration]:
    """What the bureau declared, as it stands, in code point order of the facts; `filters` by subject, rule."""
    columns = fact_current.c
    statement = (
        select(columns.topic, columns.key, fact.c.value)
        .join(fact, fact.c.id == columns.fact_id)
        .where(columns.topic == DECLARED)
        .order_by(columns.key)
        .limit(limit)
    )
    if "subject" in filters:
        statement = statement.where(columns.about == filters["subject"])
    if "rule" in filters:
        statement = statement.where(func.split_part(columns.key, "/", 3) == filters["rule"])
    if after is not None:
        statement = statement.where(columns.key > after.partition("/")[2])
    found = [parse_fact(row.topic, row.key, row.value) for row in connection.execute(statement)]
    return [one for one in found if isinstance(one, Declaration)]


def find_declaration(connection: Connection, ref: FactRef) -> Declaration | None:
    """A declaration as it was at a `seq`; None where the fact is none."""
    topic, _, key = ref.fact.partition("/")
    columns = fact.c
    version = and_(columns.generation == ref.generation, columns.seq == ref.seq)
    value = select(columns.value).where(columns.topic == topic, columns.key == key, version)
    found = connection.execute(value).scalar() if topic == DECLARED else None
    parsed = None if found is None else parse_fact(topic, key, found)
    return parsed if isinstance(parsed, Declaration) else None


def load_exchange_status(connection: Connection, view: LedgerView, exchange: str, year: int) -> Json | None:
    """How an exchange stands in a year; None where it is not on the whitelist, or is another's."""
    exchanges, policy = view.rulebook.exchanges, view.rulebook.policy
    if exchange not in exchanges.ids or view.viewer not in (None, exchange):
        return None
    about = f"exchange/{exchange}"
    found = [row.award_id for row in rows_of(connection, _awards(view).about, about=about, in_year=year)]
    totals = _totals_of(connection, view, exchange)
    return exchange_status(exchange, year, ExchangeFacts(totals, exchanges), policy, found)


def payable_in(connection: Connection, view: LedgerView, year: int) -> int:
    """What is payable of all rewards of a year, in fen."""
    awards = awards_as_of(view.as_of, "award").c
    statement = select(func.coalesce(func.sum(awards.payable_fen), 0)).where(awards.year == year)
    return int(connection.execute(statement).scalar_one())


def list_clawbacks(
    connection: Connection, view: LedgerView, state: str | None, after: tuple[str, int] | None, limit: int
) -> list[ClawbackProposal]:
    """Clawback proposals in order of award and number, at most `limit`; `after` names the last of the page before."""
    approved = select(decision.c.award_id).where(decision.c.action == "approve").distinct()
    if after is not None:
        approved = approved.where(decision.c.award_id >= after[0])
    ids = list(connection.execute(approved.order_by(decision.c.award_id)).scalars())
    found: list[ClawbackProposal] = []
    for start in range(0, len(ids), CLAWBACKS_BATCH):
        some = ids[start : start + CLAWBACKS_BATCH]
        steps, versions = decisions_of(connection, some, view.as_of), _payables_of(connection, some, view.as_of)
        of_each = (
            clawback_proposals(award_id, versions.get(award_id, ()), steps.get(award_id, ())) for award_id in some
        )
        found += [
            one
            for each in of_each
            for one in each
            if state in (None, one.state) and (after is None or (one.award_id, one.number) > after)
        ]
        if len(found) >= limit:
            break
    return found[:limit]


def _payables_of(
    connection: Connection, award_ids: list[str], as_of: datetime | None
) -> dict[str, list[PayableVersion]]:
    """What each version of these awards says is payable, in order."""
    columns = award_version.c
    statement = (
        select(columns.award_id, columns.recorded_at, columns.subject, columns.year, columns.payable_fen)
        .where(columns.award_id == any_(literal(award_ids, ARRAY(columns.award_id.type))))
        .order_by(columns.award_id, columns.version)
    )
    if as_of is not None:
        statement = statement.where(columns.recorded_at <= as_of)
    found: dict[str, list[PayableVersion]] = {}
    for row in connection.execute(statement):
        version = PayableVersion(row.recorded_at, ApprovedFor(row.subject, row.year), row.payable_fen)
        found.setdefault(row.award_id, []).append(version)
    return found


def list_transactions(
    connection: Connection, view: LedgerView, filters: Mapping[str, Any], after: int | None, limit: int
) -> tuple[list[Row[Any]], dict[int, list[Row[Any]]]]:
    """Transactions in order of `seq`, at most `limit`, and their entries by `seq`; those that the view's instant had.

    `filters` by award_id, kind, subject, year (what it moved away from too), from_ and until (half-open).
    """
    columns = ledger_transaction.c
    statement = select(ledger_transaction).where(_posted(view)).order_by(columns.seq).limit(limit)
    for name in ("award_id", "kind"):
        if name in filters:
            statement = statement.where(columns[name] == filters[name])
    for name in ("subject", "year"):
        if name in filters:
            statement = statement.where(or_(columns[name] == filters[name], columns[f"{name}_before"] == filters[name]))
    if "from_" in filters:
        statement = statement.where(columns.posted_at >= filters["from_"])
    if "until" in filters:
        statement = statement.where(columns.posted_at < filters["until"])
    if after is not None:
        statement = statement.where(columns.seq > after)
    rows: list[Row[Any]] = list(connection.execute(of_whole_awards(statement, view)))
    entries: dict[int, list[Row[Any]]] = {row.seq: [] for row in rows}
    lines = (
        select(ledger_entry)
        .where(ledger_entry.c.seq == any_(literal(list(entries), ARRAY(columns.seq.type))))
        .order_by(ledger_entry.c.seq, ledger_entry.c.line)
    )
    for line in connection.execute(lines):
        entries[line.seq].append(line)
    return rows, entries


def of_whole_awards(statement: Select[Any], view: LedgerView) -> Select[Any]:
    """Those rows of `ledger_transaction` alone whose awards are wholly visible."""
    if view.viewer is None:
        return statement
    awards = _awards(view)
    of_it = awards.c.award_id == ledger_transaction.c.award_id
    return statement.where(exists().select_from(awards.joined).where(of_it, awards.is_whole))


def _posted(view: LedgerView) -> ColumnElement[bool]:
    return true() if view.as_of is None else ledger_transaction.c.posted_at <= view.as_of


class LedgerAsOf(NamedTuple):
    """The ledger as of an instant: its first `size` transactions."""

    as_of: datetime
    size: int


def ledger_as_of(connection: Connection, view: LedgerView) -> LedgerAsOf:
    """The ledger at the view's instant, else at its last posting; now while it has none."""
    last = ledger_end(connection, None, view.as_of)
    if last is None:
        return LedgerAsOf(view.instant, 0)
    return LedgerAsOf(view.as_of or last.posted_at, last.seq + 1)


def ledger_end(connection: Connection, before: int | None, as_of: datetime | None) -> Row[Any] | None:
    """`seq` and `posted_at` of the last transaction before that number, up to an instant (None: whatever there is).

    Of all that there are, whoever asks.
    """
    return connection.execute(_LEDGER_END, {"before": before, "as_of": as_of}).one_or_none()


def ledger_of_size(connection: Connection, size: int, newest: LedgerAsOf) -> LedgerAsOf:
    """The ledger as a page before had it; `newest` where its size is none that the ledger had."""
    last = ledger_end(connection, size, None) if 0 < size < newest.size else None
    return newest if last is None else LedgerAsOf(last.posted_at, size)


def list_balances(
    connection: Connection, view: LedgerView, size: int, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Sums of every account over the first `size` transactions, in code point order, at most `limit`."""
    columns = ledger_entry.c
    statement = (
        select(
            columns.account,
            func.sum(columns.debit_fen).label("debit_fen"),
            func.sum(columns.credit_fen).label("credit_fen"),
        )
        .where(columns.seq < size)
        .group_by(columns.account)
        .order_by(columns.account)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(columns.account > after)
    if view.viewer is not None:
        seqs = of_whole_awards(select(ledger_transaction.c.seq), view)
        statement = statement.where(columns.seq.in_(seqs))
    return list(connection.execute(statement))
