"""The register of listings, first listings, and what every register has.

Fixed-width columns come first, in the order in which intake writes them.
"""

from shared.postgres.migrate import execute_all
from shared.register.tables import CREATE_REGISTER_TABLES, GRANT_REGISTER_TABLES

revision = "0001"
down_revision = None

_LISTING_COLUMNS = """
    seq         bigint NOT NULL,
    "offset"    bigint NOT NULL,
    listed_at   timestamptz NOT NULL,
    record_at   timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    revision    integer NOT NULL,
    partition   integer NOT NULL,
    provider    integer NOT NULL,
    mirrored    boolean NOT NULL,
    counted     boolean NOT NULL,
    binary_mode boolean NOT NULL,
    exchange    text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL,
    status      text COLLATE "C" NOT NULL CHECK (status IN ('listed', 'withdrawn', 'annulled')),
    value       bytea NOT NULL,
    headers     bytea
"""

_STATEMENTS = (
    *CREATE_REGISTER_TABLES,
    # The document that is the state of its number.
    f"CREATE TABLE listing ({_LISTING_COLUMNS}, PRIMARY KEY (exchange, number))",
    "CREATE UNIQUE INDEX listing_by_seq ON listing (seq)",
    """
    CREATE INDEX listing_first ON listing (provider, listed_at, exchange, number)
    WHERE status <> 'annulled' AND NOT mirrored AND counted
    """,
    # Documents that are not: replaced by a higher revision (`replaced_by` is its seq), or late from the start (null).
    f"CREATE TABLE listing_past ({_LISTING_COLUMNS}, replaced_by bigint, PRIMARY KEY (exchange, number, revision))",
    "CREATE UNIQUE INDEX listing_past_by_seq ON listing_past (seq)",
    # The first listing of each party with a USCC, by the entry that stands for it.
    """
    CREATE TABLE first_listing (
        party     integer PRIMARY KEY,
        exchange  text COLLATE "C" NOT NULL,
        number    text COLLATE "C" NOT NULL,
        listed_at timestamptz NOT NULL,
        seq       bigint NOT NULL
    )
    """,
    "INSERT INTO register_head (register) VALUES ('{register}')",
    *GRANT_REGISTER_TABLES,
    "GRANT SELECT, INSERT, UPDATE, DELETE ON listing, first_listing TO {role}",
    "GRANT SELECT, INSERT, UPDATE ON listing_past TO {role}",
    "GRANT SELECT ON alembic_version TO {role}",
)


def upgrade() -> None:
    execute_all(_STATEMENTS)
