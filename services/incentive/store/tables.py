"""Tables of the incentive service.

Every table but `position`, `worker_run`, three projections, `extract`, its pieces and `page_session` is append-only;
PostgreSQL enforces that (see the migrations):

- `fact`: every applied version of every fact. `fact_current` points to the newest of each key; a trigger keeps it.
- `known_to`: which subjects an exchange may see: whom a fact ever named with it, and its operators; triggers keep it.
- `award_version`: what an award was, from `recorded_at` on. `award_current` is the newest of each; a trigger keeps it.
- `ledger_transaction`, `ledger_entry`: the double-entry ledger.
- `ledger_settings`: which policy, whitelist and registers were in force from which `seq` on; entered again where a
  rebuild mended.
- `act`: what a person of the bureau did; `decision`, `hold`, `hold_release`, `suspension`, `eligibility` and
  `other_grant` are its kinds, each a row with the same id. Each act has a transaction of its own in the ledger.
- `extract`, `extract_piece`: extracts as jobs, and what was made; `extract_access`: who asked for and took what.
- `page_session`: who is signed in to the pages.

`recorded_at` is the instant of the batch, equal to the `posted_at` of what the batch posted. Batches never share an
instant and it never falls, so that "as of" an instant is one and the same answer for ever.
"""

from typing import Final

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

# The one lock of the ledger: whoever writes facts, awards or postings holds it from its first read to its commit.
LEDGER_LOCK: Final = 0x6A62_6C65_6467_6572  # "jbledger"

# Tables of the ledger in which PostgreSQL refuses changes.
APPEND_ONLY: Final = ("fact", "award_version", "ledger_transaction", "ledger_entry", "ledger_settings")

metadata = MetaData()


def _name() -> Text:
    """Names and numbers compare in code point order."""
    return Text(collation="C")


fact = Table(
    "fact",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", _name(), nullable=False),
    Column("key", _name(), nullable=False),
    Column("about", _name(), nullable=False),  # whose awards follow from it: `<scheme>:<id>` or `exchange/<id>`
    Column("generation", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),  # Kafka's timestamp of the record
    Column("recorded_at", DateTime(timezone=True), nullable=False),
)

fact_current = Table(
    "fact_current",
    metadata,
    Column("topic", _name(), primary_key=True),
    Column("key", _name(), primary_key=True),
    Column("about", _name(), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("fact_id", BigInteger, nullable=False),
)

known_to = Table(
    "known_to",
    metadata,
    Column("exchange", _name(), primary_key=True),
    Column("about", _name(), primary_key=True),
)


def _award_columns() -> list[Column[object]]:
    return [
        Column("award_id", _name(), primary_key=True),
        Column("version", Integer, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("about", _name(), nullable=False),
        Column("rule", _name(), nullable=False),
        Column("article", Text, nullable=False),
        Column("policy_id", _name(), nullable=False),
        Column("policy_revision", Integer, nullable=False),
        Column("subject", _name(), nullable=False),  # `<scheme>:<id>`
        Column("subject_name", Text, nullable=False),
        Column("exchange", _name(), nullable=True),
        Column("year", SmallInteger, nullable=False),
        Column("base_fen", BigInteger, nullable=False),
        Column("rate", Numeric, nullable=True),
        Column("cap_fen", BigInteger, nullable=True),
        Column("ceiling_fen", BigInteger, nullable=False),
        Column("payable_fen", BigInteger, nullable=False),
        Column("suppressed_by", _name(), nullable=True),
        Column("flags", ARRAY(Text), nullable=False),
        Column("evidence", JSONB, nullable=False),
        Column("exchanges", ARRAY(_name()), nullable=False),  # all that the evidence names, in code point order
    ]


award_version = Table("award_version", metadata, *_award_columns())
award_current = Table(
    "award_current",
    metadata,
    *_award_columns(),
    Column("named", ARRAY(_name()), nullable=False),  # all that the evidence of any version names, in the same order
)
AWARD_COLUMNS: Final = tuple(column.name for column in award_version.columns)

ledger_transaction = Table(
    "ledger_transaction",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("kind", _name(), nullable=False),
    # Of an act about a subject or a rule there is no award.
    Column("award_id", _name(), nullable=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("entries", SmallInteger, nullable=False),
    Column("subject", _name(), nullable=True),
    Column("year", SmallInteger, nullable=True),
    # What it moved away from, if that was another: the filters find a move under both.
    Column("subject_before", _name(), nullable=True),
    Column("year_before", SmallInteger, nullable=True),
    Column("policy_id", _name(), nullable=False),
    Column("policy_revision", Integer, nullable=False),
    Column("article", Text, nullable=False),
    Column("cause", JSONB, nullable=False),
    Column("decision_id", _name(), nullable=True),
    Column("decision_sha256", Text, nullable=True),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("account", _name(), nullable=False),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
)

ledger_settings = Table(
    "ledger_settings",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("from_seq", BigInteger, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("policy_id", _name(), nullable=False),
    Column("policy_revision", Integer, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("policy_source", Text, nullable=False),  # the file itself, so that as-of answers and extracts have it
    Column("whitelist_digest", Text, nullable=False),
    Column("whitelist", JSONB, nullable=False),  # canonical form of exchanges.yaml
    Column("registers", ARRAY(_name()), nullable=True),  # whose facts count; null: of all that publish
)

act = Table(
    "act",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("kind", _name(), nullable=False),
    Column("seq", BigInteger, nullable=False),  # of its transaction
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("person", Text, nullable=False),
    Column("request_key", _name(), nullable=True),
    Column("request_sha256", Text, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("award_id", _name(), nullable=False),
    Column("number", Integer, nullable=False),
    Column("action", _name(), nullable=False),
    Column("from_state", _name(), nullable=False),
    Column("to_state", _name(), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("rule", _name(), nullable=False),
    Column("subject", _name(), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("reason", Text, nullable=True),
    Column("documents", JSONB, nullable=False),
    Column("until", DateTime(timezone=True), nullable=True),
    Column("voucher_no", Text, nullable=True),
    Column("paid_on", Date, nullable=True),
)

hold = Table(
    "hold",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("award_id", _name(), nullable=False),
    Column("kind", _name(), nullable=False),
    Column("reason", Text, nullable=False),
)

suspension = Table(
    "suspension",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("rule", _name(), nullable=False),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True), nullable=True),
    Column("reason", Text, nullable=False),
)

hold_release = Table(
    "hold_release",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("hold_id", _name(), nullable=False),  # of a hold, or of a suspension
    Column("reason", Text, nullable=True),
)

eligibility = Table(
    "eligibility",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("subject", _name(), nullable=False),
    Column("status", _name(), nullable=False),
    Column("from_at", DateTime(timezone=True), nullable=True),
    Column("until_at", DateTime(timezone=True), nullable=True),
    Column("kind_of_entity", Text, nullable=True),
    Column("criteria", JSONB, nullable=False),
    Column("documents", JSONB, nullable=False),
)

other_grant = Table(
    "other_grant",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("subject", _name(), nullable=False),
    Column("name", _name(), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("documents", JSONB, nullable=False),
)

related_party = Table(
    "related_party",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("subject", _name(), nullable=False),  # of the two the one that comes first
    Column("other", _name(), nullable=False),
    Column("status", _name(), nullable=False),
    Column("reason", Text, nullable=False),
    Column("documents", JSONB, nullable=False),
)

extract = Table(
    "extract",
    metadata,
    Column("id", _name(), primary_key=True),
    Column("requested_by", Text, nullable=False),
    Column("role", _name(), nullable=False),
    Column("request", JSONB, nullable=False),
    Column("log_size", BigInteger, nullable=False),
    Column("state", _name(), nullable=False),
    Column("progress", REAL, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=True),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=True),
    Column("expires_at", DateTime(timezone=True), nullable=True),
    Column("bytes", BigInteger, nullable=True),
    Column("sha256", Text, nullable=True),
)

extract_piece = Table(
    "extract_piece",
    metadata,
    Column("extract_id", _name(), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

extract_access = Table(
    "extract_access",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("extract_id", _name(), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("who", Text, nullable=True),
    Column("role", _name(), nullable=True),
    Column("action", _name(), nullable=False),
)

page_session = Table(
    "page_session",
    metadata,
    Column("token_sha256", _name(), primary_key=True),
    Column("who", Text, nullable=False),
    Column("role", _name(), nullable=False),
    Column("key_sha256", _name(), nullable=False),  # empty: a provider vouched for who it is
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
