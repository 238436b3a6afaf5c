"""A register whose rows a test damages as their owner, verifies and repairs."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import text

from services.listing import register as listing_consumer
from services.listing.rebuild import LISTINGS_REBUILD
from services.trade_ingest import register as trade_consumer
from services.trade_ingest.rebuild import TRADES_REBUILD
from shared.postgres.database import make_engine
from shared.register.rebuild.command import repair_register
from shared.register.rebuild.report import RebuildReport
from tests.support.registers.bench import NOW, Bench
from tests.support.registers.verification import verify_register


class Damageable(Bench):
    """A register whose tables the owner may damage."""

    def __init__(self, package, kind, urls, whitelist, spec) -> None:
        super().__init__(package, kind, urls, whitelist)
        self.spec = spec
        self.owner = make_engine(urls[0])

    def damage(self, *statements: str) -> None:
        with self.owner.begin() as connection:
            for statement in statements:
                assert connection.execute(text(statement)).rowcount, statement

    def forget_setting(self, name: str) -> None:
        """Take a setting out of the entries, as in a register of a version that did not name it."""
        self.damage(
            f"UPDATE settings_entry SET content = content - '{name}', digest = 'before'",
            "UPDATE register_head SET settings_digest = 'before'",
        )

    def verify(self, topics=None) -> list[str]:
        """Return the differences; check the closing line and leave it out."""
        lines: list[str] = []
        well = verify_register(self.engine, self.spec, self.register, RebuildReport(lines.append), topics)
        assert "compared: " in lines[-1]
        assert lines[-1].endswith(f"differences: {len(lines) - 1}")
        assert well is (len(lines) == 1)
        return lines[:-1]

    def mend(self, topics=None, *, as_owner=False) -> tuple[bool, list[str]]:
        lines: list[str] = []
        well = repair_register(
            self.owner if as_owner else self.engine,
            self.spec,
            self.register,
            RebuildReport(lines.append),
            topics,
            log=self.log,
            published=None,
            now=NOW,
        )
        self.register.parties.as_of(-2)
        return well, lines

    def next_seq(self) -> int:
        return self.rows("SELECT next_seq FROM register_head")[0].next_seq

    def everything(self) -> dict[str, list]:
        tables = [row.tablename for row in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {table: sorted(map(repr, self.rows(f"SELECT * FROM {table}"))) for table in tables}


@contextmanager
def damageable(postgres, whitelist, service):
    if service == "listing":
        bench = Damageable(
            "services.listing", listing_consumer.LISTINGS, postgres(service), whitelist, LISTINGS_REBUILD
        )
    else:
        bench = Damageable("services.trade_ingest", trade_consumer.TRADES, postgres(service), whitelist, TRADES_REBUILD)
    try:
        yield bench
    finally:
        bench.engine.dispose()
        bench.owner.dispose()


def move_to_past(table: str, where: str) -> tuple[str, ...]:
    return (
        f"INSERT INTO {table}_past SELECT *, 5 FROM {table} WHERE {where}",
        f"DELETE FROM {table} WHERE {where}",
    )
