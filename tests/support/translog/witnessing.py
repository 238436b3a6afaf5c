"""The kit's witness of a set of `make up`, and changes to its databases by their owner."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result
from sqlalchemy import text

from devset.postgres import Postgres
from exchange_kit.__main__ import main
from services.listing.register import LISTINGS
from shared.postgres.database import make_engine
from shared.translog.keyfile import load_key
from shared.values.times import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

NAME = "kmdex.example/witness"


def kit_environment(running: dict[str, Any]) -> dict[str, str]:
    """Return the settings of the exchange kmdex for the kit's commands."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": running["kafka"],
        "LISTING_URL": running["listing"],
        "TRADE_INGEST_URL": running["trade_ingest"],
        "INCENTIVE_URL": running["incentive"],
        "EXCHANGE_KEY": running["keys"]["exchange:kmdex"],
        "NO_PROXY": "127.0.0.1",
    }


def witness(running: dict[str, Any], folder: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["witness", "--folder", str(folder), *options], catch_exceptions=False, env=kit_environment(running)
    )


@contextmanager
def by_superuser(data: Path, database: str) -> Iterator[Connection]:
    """Yield a transaction of PostgreSQL's superuser in which no trigger fires."""
    port = int((data / "postgres" / "data" / "postmaster.pid").read_text("ascii").splitlines()[3])
    engine = make_engine(Postgres(data / "postgres", port, data / "log").url(database))
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        yield connection
    engine.dispose()


def rewrite_listings(data: Path) -> None:
    """Change a received listing and rebuild the whole log to match, signed with the right key."""
    with by_superuser(data, "listing") as connection:
        changed = connection.execute(
            text("UPDATE listing SET value = convert_to(replace(convert_from(value, 'UTF8'), '指数', '行情'), 'UTF8')")
        )
        assert changed.rowcount
        for table in ("log_hash", "log_checkpoint"):
            connection.execute(text(f"DELETE FROM {table}"))
        LISTINGS.log(load_key(data / "signing-key"), "jiangbu").begin(connection, now())
