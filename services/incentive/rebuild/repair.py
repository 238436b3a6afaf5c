"""Repairs of what a rebuild found: participants, and new versions and postings, never a change of old ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.incentive.domain.awards import Award
from services.incentive.domain.postings import EntitlementAccount, Posting, correction_posting, read_account
from services.incentive.policy.terms import Policy
from services.incentive.rebuild.awards import ComparedAward, Rebuilt, compare_awards
from services.incentive.rebuild.check_ledger import WrongBalance, wrong_entitlements
from services.incentive.rebuild.participants import repair_participants
from services.incentive.store.awards import award_from_row, record_awards
from services.incentive.store.ledger import next_instant, post
from services.incentive.store.rows import AwardRow, columns
from services.incentive.store.rulebook import Rulebook, enter_settings
from shared.disk_rows import in_chunks
from shared.postgres.query import fetch
from shared.telemetry.masking import reason_of
from shared.values.times import Clock

_BATCH: Final = 1_000
_ENTERED_AGAIN: Final = (
    "重建更正时重记在用的政策、名录与登记簿",
    "policy, whitelist and registers in force entered again, with corrections by a rebuild",
)

T = TypeVar("T")


class RepairResult(NamedTuple):
    """Counts of what was written, and what PostgreSQL refused, one line each."""

    versions: int
    postings: int
    refused: tuple[str, ...]


def repair(connection: Connection, rulebook: Rulebook, rebuilt: Rebuilt, clock: Clock) -> RepairResult:
    """Correct awards, accounts and participants to what was rebuilt. Needs the ledger's lock.

    The settings in force are entered again, as of the same instant: versions without a posting would otherwise share
    their instant with what is recorded next.
    """
    repair_participants(connection, rebuilt.participants)
    instant = next_instant(connection, clock())
    with connection.begin_nested() as savepoint:
        try:
            with connection.begin_nested():
                enter_settings(connection, rulebook, instant, _ENTERED_AGAIN)
        except IntegrityError as error:
            return RepairResult(0, 0, (reason_of(error),))
        refused: list[str] = []
        found = _versions(connection, rulebook.policy, rebuilt, instant)
        versions = _write(connection, found, record_awards, instant, refused)
        postings = _write(connection, _corrections(connection, rulebook.policy, rebuilt), post, instant, refused)
        if not versions + postings:
            savepoint.rollback()
    return RepairResult(versions, postings, tuple(refused))


def _write(
    connection: Connection,
    batches: Iterable[Sequence[T]],
    write: Callable[[Connection, Sequence[T], datetime], None],
    instant: datetime,
    refused: list[str],
) -> int:
    """Write batches and return how many items were written; a batch that PostgreSQL refuses is skipped."""
    written = 0
    for batch in batches:
        try:
            with connection.begin_nested():
                write(connection, batch, instant)
        except IntegrityError as error:
            refused.append(reason_of(error))
        else:
            written += len(batch)
    return written


def _versions(connection: Connection, policy: Policy, rebuilt: Rebuilt, instant: datetime) -> Iterator[list[Award]]:
    found = (
        compared.expected
        for compared in compare_awards(connection, policy, rebuilt)
        if any(compared.differences()) and _can_be_versioned(compared, instant)
    )
    return in_chunks(found, _BATCH)


def _can_be_versioned(compared: ComparedAward, instant: datetime) -> bool:
    """Return True if PostgreSQL accepts another version (counted from `award_current`, which may be damaged)."""
    newest, current = compared.newest, compared.current
    if current is None:
        return newest is None
    return (newest is None or newest.version <= current.version) and current.recorded_at <= instant


_AWARDS: Final = f"SELECT {columns(AwardRow)} FROM award_current WHERE award_id = ANY(%(ids)s)"


def _corrections(connection: Connection, policy: Policy, rebuilt: Rebuilt) -> Iterator[list[Posting]]:
    for balances in in_chunks(wrong_entitlements(connection, rebuilt.accounts), _BATCH):
        accounts = [(account, balance) for balance in balances if (account := read_account(balance.account))]
        rows = fetch(connection, _AWARDS, AwardRow, ids=[account.award_id for account, _ in accounts])
        awards = {row.award_id: award_from_row(row) for row in rows}
        postings = (
            _correction(account, balance, awards.get(account.award_id), policy) for account, balance in accounts
        )
        yield [found for found in postings if found is not None]


def _correction(
    account: EntitlementAccount, balance: WrongBalance, award: Award | None, policy: Policy
) -> Posting | None:
    """None if neither an award nor the policy has the account's article."""
    facts = () if award is None else tuple(evidence.ref for evidence in award.evidence)
    try:
        article = policy.terms(account.rule).article if award is None else award.article
    except KeyError:
        return None
    return correction_posting(account, balance.stored_fen, balance.expected_fen, article, policy, facts)
