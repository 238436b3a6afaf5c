"""Digests of tables, to check that nothing was written."""

from __future__ import annotations

from sqlalchemy import text

from shared.postgres.database import make_engine


def digests(owner_url: str) -> dict[str, str]:
    """Return a digest of the rows of every table."""
    engine = make_engine(owner_url)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        found = {
            table: str(
                connection.execute(
                    text(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t")
                ).scalar()
            )
            for table in tables
        }
    engine.dispose()
    return found
