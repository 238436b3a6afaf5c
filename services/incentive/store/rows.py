"""Rows of the ledger's tables, with their columns in order; the schema itself is in the migrations.

Every table but `position`, `worker_run`, five projections, `extract`, its pieces, `kept_file`, its pieces,
`page_session`, the three of readings, of published awards and of uploads is append-only; PostgreSQL enforces that:

- `fact`: every applied version of every fact. `fact_current` points to the newest of each key; a trigger keeps it.
- `known_to`: the subjects that an exchange may see: those that a fact named with it, and its operators.
- `award_version`: an award from `recorded_at` on. `award_current` is the newest version of each; a trigger keeps it.
- `award_round`: since when each award is applied for, as its decisions say; a trigger keeps it.
- `ledger_transaction`, `ledger_entry`: the double-entry ledger.
- `ledger_settings`: the policy, whitelist and registers in force from a `seq` on. It is the number of their own
  transaction, but settings of earlier versions have none.
- `act`: what a person of the bureau did; `decision`, `hold`, `hold_release`, `suspension`, `eligibility`,
  `other_grant`, `related_party`, `year_closing` and `service` are its kinds, each a row with the same id. Each act has
  its own transaction.
- `statement`: the frozen basis of a decision, by its SHA-256.
- `extract`, `extract_piece`, `extract_access`: extracts as jobs, their content, and who asked for and took what.
- `kept_file`, `kept_file_piece`: files of documents; those that no act names are removed after a while.
- `document_named`: the SHA-256 of each document that an act or declaration names; triggers keep it.
- `page_session`: who is signed in to the pages.
- `budget_state`: a random value for each state of the claims on budgets, by which rankings are kept.
- `reading_effect`, `reading_year`, `priced_ledger`: what the alternative of each reading would change; derived.
- `published_award`, `award_outbox`, `compared_ledger`: versions of awards as published, those that wait to be sent, and
  the state of the ledger up to which awards were compared.

- `upload`, `upload_record`, `upload_mapping`: tables that exchanges send by browser, the events made of their rows, and
  the mapping of each exchange.

`recorded_at` is the instant of the batch, equal to the `posted_at` of its postings. Batches never share an instant, and
it never falls, so that the answer as of an instant never changes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from shared.values.json_types import Json

# The lock of the ledger: a writer of facts, awards or postings holds it from its first read to its commit.
LEDGER_LOCK: Final = 0x6A62_6C65_6467_6572  # "jbledger"

# Tables of the ledger in which PostgreSQL refuses changes.
APPEND_ONLY: Final = ("fact", "award_version", "ledger_transaction", "ledger_entry", "ledger_settings")


class AwardRow(NamedTuple):
    """A version of an award, as `award_version` and `award_current` have it."""

    award_id: str
    version: int
    recorded_at: datetime
    about: str
    rule: str
    article: str
    policy_id: str
    policy_revision: int
    subject: str
    subject_name: str
    exchange: str | None
    year: int
    base_fen: int
    rate: Decimal | None
    cap_fen: int | None
    ceiling_fen: int
    payable_fen: int
    suppressed_by: str | None
    flags: list[str]
    evidence: list[Json]
    exchanges: list[str]  # all that the evidence names, in code point order


class SeenAward(NamedTuple):
    """The columns of AwardRow, and whether the reader may see the whole award.

    `whole` has no default, so that a query without it fails instead of showing too much.
    """

    award_id: str
    version: int
    recorded_at: datetime
    about: str
    rule: str
    article: str
    policy_id: str
    policy_revision: int
    subject: str
    subject_name: str
    exchange: str | None
    year: int
    base_fen: int
    rate: Decimal | None
    cap_fen: int | None
    ceiling_fen: int
    payable_fen: int
    suppressed_by: str | None
    flags: list[str]
    evidence: list[Json]
    exchanges: list[str]
    whole: bool


class SettingsRow(NamedTuple):
    id: int
    from_seq: int
    recorded_at: datetime
    policy_id: str
    policy_revision: int
    policy_digest: str
    policy_source: str
    whitelist_digest: str
    whitelist: Json
    registers: list[str] | None  # whose facts count; None for all


def columns(row_type: type[tuple[object, ...]], table: str = "") -> str:
    """The columns of a row type for a SELECT list, of a table if one is named."""
    names: tuple[str, ...] = row_type._fields  # type: ignore[attr-defined]
    return ", ".join(f'{table}."{name}"' if table else f'"{name}"' for name in names)


AWARD_COLUMNS: Final = AwardRow._fields
