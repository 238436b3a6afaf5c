"""A set whose databases have the revision that the first migrations replace, with the data of the running set.

The columns that exist in both revisions are copied from the current database. Rows that the older revision could not
hold, such as transactions that put settings in force, are kept: its check constraints do not judge existing rows.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from kafka.admin import KafkaAdminClient

from deploy.databases import database_of, owner_role, service_role
from shared.events.award_events import AWARDS
from tests.support.replaced_schema import REPLACED, replaced_schema
from tests.support.until import until

if TYPE_CHECKING:
    from shared.settings import Service
    from tests.compose.stack import Stack

_COLUMNS = """
SELECT json_object_agg(table_name, columns) FROM (
    SELECT table_name, json_agg(column_name ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
        AND table_name <> 'alembic_version'
    GROUP BY table_name
) AS t
"""
# Sets the sequence of each identity column past its greatest value, as COPY does not advance it.
_IDENTITIES = """
SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), coalesce(max(%I), 0) + 1, false) FROM %I;',
    table_name, column_name, column_name, table_name)
FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'
"""
# Check constraints are dropped before the rows are copied and added for new rows afterwards.
_DROPPED = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname) FROM pg_constraint
WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL SELECT 'ALTER TABLE ledger_transaction ALTER COLUMN article DROP NOT NULL;'
WHERE to_regclass('ledger_transaction') IS NOT NULL
"""
_ADDED = """
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID;', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conrelid <> 0
"""
# An older register has not adopted what later settings name, such as the refunds of totals.
_NOT_ADOPTED = "SET session_replication_role = replica; UPDATE register_head SET settings_digest = repeat('0', 64)"
_PSQL = "psql -h 127.0.0.1 -U postgres -v ON_ERROR_STOP=1 -qAt"


def revision_of(stack: Stack, service: Service) -> str:
    return _ask(stack, database_of(service), "SELECT version_num FROM alembic_version").strip()


def counts(stack: Stack, database: str, tables: dict[str, int]) -> dict[str, int]:
    """Count the rows of the tables."""
    each = " UNION ALL ".join(f"SELECT '{table}' AS t, count(*) AS n FROM \"{table}\"" for table in tables)
    found: dict[str, int] = json.loads(_ask(stack, database, f"SELECT json_object_agg(t, n) FROM ({each}) AS c"))
    return found


def go_back(stack: Stack, service: Service) -> dict[str, int]:
    """Give a service, whose programs are stopped, a database of the replaced revision; return its rows by table."""
    database, newest, revision = database_of(service), f"{database_of(service)}_newest", REPLACED[service]
    _ask(stack, "postgres", f"ALTER DATABASE {database} RENAME TO {newest}")
    stack.compose("run", "--rm", "--no-deps", "-T", "databases")
    schema = replaced_schema(service, service_role(database), rows=False)
    revised = f"INSERT INTO public.alembic_version VALUES ('{revision}')"
    as_owner = f"{_PSQL} -d {database} -c 'SET ROLE {owner_role(database)}' -c"
    _shell(stack, f'{as_owner} "$0" -c "{revised}"', schema)
    assert revision_of(stack, service) == revision
    added = _ask(stack, database, _ADDED)
    _ask(stack, database, _ask(stack, database, _DROPPED))
    there, wanted = (json.loads(_ask(stack, name, _COLUMNS)) for name in (newest, database))
    # In the replica role no triggers fire, so that rows are copied unchanged.
    into = "SET session_replication_role = replica"
    quoted = {table: ", ".join(f'"{c}"' for c in columns if c in there[table]) for table, columns in wanted.items()}
    lines = [
        f"{_PSQL} -d {newest} -c 'COPY (SELECT {columns} FROM \"{table}\") TO STDOUT'"
        f" | {_PSQL} -d {database} -c '{into}' -c 'COPY \"{table}\" ({columns}) FROM STDIN'"
        for table, columns in quoted.items()
    ]
    lines.append(f'{_PSQL} -d {database} -c "{_IDENTITIES}" | {_PSQL} -d {database}')
    _shell(stack, "\n".join(lines))
    _ask(stack, database, added)
    if service == "incentive":
        _delete_topic_of_awards(stack)
    else:
        _ask(stack, database, _NOT_ADOPTED)
    rows = counts(stack, newest, dict.fromkeys(wanted, 0))
    assert sum(rows.values()) > 0
    assert counts(stack, database, rows) == rows
    return rows


def _delete_topic_of_awards(stack: Stack) -> None:
    """An older ledger published no awards; one without the versions that a topic has is a restored backup."""
    with closing(KafkaAdminClient(**stack.kafka_config("admin"))) as admin:
        admin.delete_topics([AWARDS])
        until(lambda: AWARDS not in admin.list_topics())


def _ask(stack: Stack, database: str, statement: str) -> str:
    """Run a statement as superuser and return its output."""
    return _shell(stack, f'{_PSQL} -d {database} -c "$0"', statement)


def _shell(stack: Stack, script: str, *arguments: str) -> str:
    login = "set -euo pipefail; export PGPASSWORD=$(cat /secrets/database-password)\n"
    return stack.compose("exec", "-T", "postgres", "bash", "-c", login + script, *arguments)
