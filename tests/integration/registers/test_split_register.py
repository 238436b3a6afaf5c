"""One register and three that replace it make the same awards to the fen; the change posts nothing.

All exchanges and entities are fictional.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
import yaml
from sqlalchemy import text

from services.incentive.commands.adopt_registers import (
    AdoptionPending,
    check_caught_up,
    check_silence,
    registers_at_start,
)
from services.incentive.rebuild.command import verify_all
from services.incentive.store.as_of import awards_as_of
from services.incentive.store.ledger import last_instant
from services.incentive.store.register_client import RegisterProgress, RegisterRefused
from shared.events.fact_topics import LISTING
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.postgres.query import fetch_values
from shared.settings import RegisterAddress
from tests.support.incentive.extract_makers import Makers, alone, checked, lines
from tests.support.incentive.ledger import Ledger, first_purchase, rulebook
from tests.support.incentive.whole_set import (
    Item,
    WholeSet,
    feed,
    items_of_a_world,
    registers_of,
    served,
    whole_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from services.incentive.domain.facts import Registers
    from tests.support.engines.session import FreshDatabase

EXCHANGES = ("dcdex", "evdex", "kmdex")
GROUPS = {"r2": "dcdex", "r3": "evdex", "r4": "kmdex"}
DOCUMENTS, A_BATCH, TIMES = 90, 30, 5000


class Split(NamedTuple):
    """One ledger, a register of all exchanges, and one per exchange; both sides get the same documents."""

    whole: WholeSet
    parts: dict[str, WholeSet]  # by exchange
    makers: Makers  # makers of extracts from the parts only

    def take(self, seed: int) -> None:
        """Feed random documents, to each register in a different order."""
        items = [numbered(seed, one) for one in items_of_a_world(seed, DOCUMENTS, TIMES, EXCHANGES)]
        for number, made in enumerate((self.whole, *self.parts.values())):
            if made is not self.whole:  # all registers share the topic of listing facts
                made.trades.take(LISTING, self._listing_facts())
            own = [one for one in items if made is self.whole or self.parts[one[1]] is made]
            random.Random(f"{seed}/{number}").shuffle(own)
            for start in range(0, len(own), A_BATCH):
                feed(made, sorted(own[start : start + A_BATCH], key=lambda one: one[:2]), A_BATCH)

    def _listing_facts(self) -> list[tuple[bytes, bytes]]:
        """Return the newest fact of each listing, from the register of all exchanges."""
        found = self.whole.published.items()
        return [(key.encode(), versions[-1]) for (topic, key), versions in found if topic == LISTING]

    def count(self, registers: Registers) -> None:
        self.whole.rulebook = replace(self.whole.rulebook, registers=registers)
        with self.whole.ledger.connect() as connection:
            self.whole.now = last_instant(connection) or self.whole.now
        self.whole.put_in_force()

    def rows(self, statement: str) -> list[Any]:
        with self.whole.ledger.connect() as connection:
            return list(connection.execute(text(statement)))

    def amounts(self) -> dict[str, tuple[Any, ...]]:
        """Return the fields of each award that determine money."""
        columns = "award_id, subject, year, exchange, base_fen, ceiling_fen, payable_fen, suppressed_by"
        return {row.award_id: tuple(row) for row in self.rows(f"SELECT {columns} FROM award_current")}

    def registers_of_evidence(self, as_of: datetime | None = None) -> set[str]:
        """Return the registers in the evidence of awards over zero."""
        statement = f"SELECT evidence FROM {awards_as_of(as_of)} award WHERE ceiling_fen > 0"
        with self.whole.ledger.connect() as connection:
            found = fetch_values(connection, statement, list[dict[str, Any]], as_of=as_of)
        return {one["fact"].split("/")[1] for evidence in found for one in evidence}

    def posted(self) -> int:
        return len(self.rows("SELECT seq FROM ledger_transaction WHERE kind <> 'settings'"))

    def differences(self) -> list[str]:
        said: list[str] = []
        engine = self.whole.ledger.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection:
            verify_all(connection, replace(self.whole.rulebook, registers=None), None, said.append)
        return said


def numbered(seed: int, item: Item) -> Item:
    """Return the document with numbers that are unique to the seed."""
    kind, exchange, data = item
    numbers = {name: f"{data[name]}-{seed}" for name in ("listing_no", "trade_no") if data.get(name)}
    return kind, exchange, data | numbers


@pytest.fixture(scope="module")
def split(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Split]:
    folder = tmp_path_factory.mktemp("split")
    whitelist = folder / "exchanges.yaml"
    entries = [
        {
            "id": exchange,
            "name": f"虚构 {exchange}",
            "from": "2019-01-01",
            "until": None,
            "approved_by": None,
            "operators": [{"uscc": uscc, "name": "虚构运营公司", "from": "2019-01-01", "until": None}],
        }
        for exchange, uscc in zip(
            EXCHANGES, ("91530100MAXDCDEX07", "91530100MAXDCDEX07", "91530100MAXKMDEX0C"), strict=True
        )
    ]
    whitelist.write_text(yaml.safe_dump({"exchanges": entries}, allow_unicode=True), "utf-8")
    with ExitStack() as opened:
        whole = opened.enter_context(whole_set(postgres, folder, whitelist))
        parts, addresses, registers = {}, {}, []
        for register, exchange in GROUPS.items():
            both = opened.enter_context(registers_of(postgres, folder, whitelist, register))
            registers += both
            parts[exchange] = replace(whole, listings=both[0], trades=both[1], published={}, offset=0)
            addresses[register] = RegisterAddress(*(opened.enter_context(served(one.app)) for one in both))
        yield Split(whole, parts, Makers(whole, addresses, registers))


def test_a_register_and_those_that_split_it_make_the_same_awards_and_the_change_posts_nothing(
    split: Split, tmp_path: Path
) -> None:
    split.count(("r1",))
    counted: Registers = ("r1",)
    instants: dict[Registers, datetime] = {}
    for seed in (1, 2):
        split.take(seed)
        amounts, posted, version = split.amounts(), split.posted(), split.rows("SELECT count(*) FROM award_version")
        assert sum(one[5] > 0 for one in amounts.values()) > 3
        assert split.registers_of_evidence() == set(counted)
        instants[counted] = split.rows("SELECT max(posted_at) FROM ledger_transaction")[0][0]
        counted = ("r2", "r3", "r4") if counted == ("r1",) else ("r1",)
        split.count(counted)
        assert split.amounts() == amounts
        assert split.posted() == posted
        assert split.rows("SELECT count(*) FROM award_version") != version
        assert split.registers_of_evidence() == set(counted)
        for registers, instant in instants.items():
            assert split.registers_of_evidence(instant) == set(registers), "what stood then, stands"
        assert split.differences() == []
    assert [row.registers for row in split.rows("SELECT registers FROM ledger_settings ORDER BY id")] == [
        None,
        ["r1"],
        ["r2", "r3", "r4"],
        ["r1"],
    ]
    split.count(("r2", "r3", "r4"))
    _an_extract_tells_who_counted(split, instants["r1",], tmp_path)
    _what_counts_no_more_takes_nothing_with_it(split, tmp_path)


def _an_extract_tells_who_counted(split: Split, before: datetime, tmp_path: Path) -> None:
    """Before the change an extract has facts of a replaced register; after it, everything can be recomputed."""
    makers = split.makers
    report = checked(makers, makers.extract(evidence="registers", as_of=before), tmp_path)
    assert report.is_sound, report.text()
    assert "facts are of r1, since replaced by other registers" in report.text()
    after = makers.extract(evidence="registers", as_of=split.whole.now)
    done = alone(makers, after, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "facts are of r1" not in done.stdout
    assert {one["fact"].split("/")[1] for one in lines(after, "facts.ndjson")} == {"r2", "r3", "r4"}
    split.take(4)
    whole = makers.extract(evidence="registers")
    report = checked(makers, whole, tmp_path, after)
    assert report.is_sound, report.text()
    assert "facts are of r1" not in report.text()
    assert "the ledger continues the older extract" in report.text()
    assert split.differences() == []


def _what_counts_no_more_takes_nothing_with_it(split: Split, tmp_path: Path) -> None:
    """Without a register, awards that rest on its exchange alone drop to zero; with it, they return. Both verify."""
    amounts = split.amounts()
    split.count(("r2", "r3"))
    assert {one[3] for one in split.amounts().values() if one[5]} <= {"dcdex", "evdex", None}
    assert split.amounts() != amounts
    assert split.differences() == []
    with split.whole.ledger.connect() as connection:
        now = last_instant(connection)
    report = checked(split.makers, split.makers.extract(as_of=now), tmp_path)
    assert report.is_sound, report.text()
    split.take(5)
    assert split.differences() == []
    split.count(("r1",))
    amounts = split.amounts()
    split.count(("r2", "r3", "r4"))
    assert split.amounts() == amounts
    assert split.differences() == []


def test_a_ledger_begins_with_the_registers_named_and_keeps_them_until_others_have_caught_up(
    postgres: FreshDatabase,
) -> None:
    owner_url, service_url = postgres("incentive")
    migrate("services.incentive", owner_url, service_url)
    engine = make_engine(service_url)
    with engine.connect() as connection, connection.begin():
        assert registers_at_start(connection, ("r1",)) == ("r1",)
        ledger = Ledger(connection, rulebook())
        ledger.put_in_force()  # without REGISTERS
        assert registers_at_start(connection, None) is None
        ledger.take(first_purchase(1, "2026-03-01", "5000000.00", seq=1))
        assert registers_at_start(connection, ("r1",)) == ("r1",), "nobody else has published"
        assert registers_at_start(connection, ("r2",)) is None
        ledger.rulebook = replace(ledger.rulebook, registers=("r1",))
        assert ledger.put_in_force()
        assert registers_at_start(connection, ("r2", "r3")) == ("r1",)
        assert registers_at_start(connection, None) == ("r1",)

        # While the old register still publishes, the new ones may not have read the same documents.
        last = connection.execute(text("SELECT max(id) FROM fact")).scalar_one()
        ledger.take(first_purchase(1, "2026-03-01", "4000000.00", seq=2, register="r2"))
        check_silence(connection, ("r1",), ("r2", "r3"), last)
        ledger.take(first_purchase(1, "2026-03-01", "4000000.00", seq=2))
        check_silence(connection, ("r1",), ("r1", "r2"), last)
        check_silence(connection, ("r3",), ("r2",), last)
        for before in (("r1",), None):
            with pytest.raises(AdoptionPending, match=r"r1: .* still publishes"):
                check_silence(connection, before, ("r2", "r3"), last)
    engine.dispose()


class Told:
    """Fake registers with progress by URL; those not named have caught up."""

    def __init__(self, topics: dict[str, list[str]], **waiting: tuple[int, int]) -> None:
        self._topics, self._waiting = topics, waiting
        self.asked: list[str] = []

    def log(self, kind: str, register: str, url: str) -> None:
        if url != f"{register}-{kind}":
            raise RegisterRefused(f"REGISTERS: {url}")

    def progress(self, url: str) -> RegisterProgress:
        self.asked.append(url)
        lag, outbox = self._waiting.get(url.replace("-", "_"), (0, 0))
        topics = [{"topic": topic} for topic in self._topics.get(url, ())]
        return msgspec.convert({"lag": lag, "outbox": outbox, "partitions": topics}, RegisterProgress)


def test_registers_count_when_nothing_waits_and_each_exchange_is_in_one_of_them() -> None:
    exchanges = rulebook().exchanges  # kmdex, dcdex
    addresses = {name: RegisterAddress(f"{name}-listings", f"{name}-trades") for name in ("r2", "r3")}
    read = {
        f"{register}-{kind}": [f"exchange.{exchange}.{kind}.v1"]
        for register, exchange in (("r2", "kmdex"), ("r3", "dcdex"))
        for kind in ("listings", "trades")
    }
    ready = Told(read)
    check_caught_up(ready, addresses, exchanges)  # type: ignore[arg-type]
    assert ready.asked == ["r2-listings", "r2-trades", "r3-listings", "r3-trades"]
    without, twice = read | {"r3-trades": []}, read | {"r3-listings": [*read["r2-listings"], *read["r3-listings"]]}
    for told, reason in (
        (Told(read, r3_trades=(4, 0)), "r3 trades: lag 4, outbox 0"),
        (Told(read, r2_listings=(0, 1)), "r2 listings: lag 0, outbox 1"),
        (Told(without), "exchange.dcdex.trades.v1: .* is read by none"),
        (Told(twice), "exchange.kmdex.listings.v1: .* is read by r2, r3"),
    ):
        with pytest.raises(AdoptionPending, match=reason):
            check_caught_up(told, addresses, exchanges)  # type: ignore[arg-type]
    with pytest.raises(RegisterRefused):
        check_caught_up(ready, {"r9": addresses["r2"]}, exchanges)  # type: ignore[arg-type]
