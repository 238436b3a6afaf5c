"""Sums of busy sellers are brought forward to what reading all trades of the year gives."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy.exc import OperationalError

from services.trade_ingest import busy_sellers
from services.trade_ingest.busy_sellers import forget_busy_sellers
from services.trade_ingest.fact_keys import all_risk_flag_keys
from shared.events.fact_topics import SIGN
from shared.postgres.errors import is_transient
from shared.register.head import read_head
from tests.support.registers import worlds
from tests.support.registers.bench import WHITELIST, cut, keep_newest, put, trade

if TYPE_CHECKING:
    from tests.support.registers.damageable import Damageable

PARTIES: Final = [
    *({"id": worlds.uscc(number), "name": f"虚构主体{number}"} for number in range(1, 5)),
    {"id_scheme": "overseas", "id": "X-1", "name": "虚构境外主体"},
    *({"id_scheme": "natural_person", "id": f"P-{number}", "name": "某自然人"} for number in range(2)),
]
DAY: Final = datetime(2026, 12, 31, 1, tzinfo=UTC)
# Of one day that is two days and years in Shanghai, and before the exchanges' term on the whitelist.
INSTANTS: Final = [*(DAY + timedelta(hours=hour) for hour in (0, 1, 20)), datetime(2018, 6, 1, tzinfo=UTC)]
SEEDS: Final = range(3)


@pytest.fixture
def busy_from(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda trades: monkeypatch.setattr(busy_sellers, "MANY_TRADES", trades)


def random_trade(rng: random.Random) -> dict[str, Any]:
    """A revision of one of a few trades, with few amounts, so that they repeat and leave again."""
    provider, buyer = rng.choice([rng.sample(PARTIES, 2), [PARTIES[0], rng.choice(PARTIES[1:])]])
    amount = rng.choice(["1.00"] * 4 + ["2.00", "250000.00"])
    return trade(
        trade_no=f"T{rng.randint(1, 80)}",
        revision=rng.randint(1, 5),
        status=rng.choice(["completed"] * 4 + ["cancelled"]),
        provider=provider,
        buyer=buyer,
        amount=amount,
        refunded=rng.choice(["0"] * 4 + ["0.50", amount]),
        completed_at=rng.choice(INSTANTS).isoformat(),
        origin_exchange=rng.choice([None] * 6 + ["外地交易所"]),
    )


def measured_anew(trades: Damageable, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """Return the measures that are read from all trades, without any stored sum."""
    with (
        trades.engine.connect() as connection,
        connection.begin() as transaction,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(busy_sellers, "MANY_TRADES", 10**9)
        forget_busy_sellers(connection)
        values = trades.kind.render(connection, read_head(connection), sorted(keys))
        assert connection.exec_driver_sql("SELECT count(*) FROM busy_seller").scalar_one() == 0
        transaction.rollback()
    return {key: json.loads(value) for key, value in values.items()}


def check_measures(trades: Damageable, facts: dict[tuple[str, str], Any]) -> None:
    signs = {key: value for key, value in facts.items() if key[0] == SIGN}
    expected = measured_anew(trades, set(signs))
    assert signs == {key: value | {"seq": signs[key]["seq"]} for key, value in expected.items()}
    with trades.engine.begin() as connection:
        keys = set(all_risk_flag_keys(connection))
        now = trades.kind.render(connection, read_head(connection), sorted(keys))
    assert {key: json.loads(value) for key, value in now.items()} == measured_anew(trades, keys)
    assert trades.verify() == []


@pytest.mark.parametrize("many", [0, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_sums_brought_forward_equal_all_trades_read(trades, busy_from, seed, many) -> None:
    busy_from(many)
    rng = random.Random(seed)
    facts: dict = {}
    contents: dict[tuple[str, int], dict] = {}
    for batch in cut(rng, [random_trade(rng) for _ in range(300)]):
        put(trades, "kmdex", *(contents.setdefault((one["trade_no"], one["revision"]), one) for one in batch))
        if rng.random() < 0.5:
            keep_newest(facts, trades.publish())
            if rng.random() < 0.3:
                check_measures(trades, facts)
    keep_newest(facts, trades.publish())
    check_measures(trades, facts)
    assert trades.rows("SELECT FROM busy_seller_amount WHERE trades >= 5 AND net_fen > 0")
    assert trades.rows("SELECT FROM busy_seller_pair WHERE sold_trades > 0 AND bought_trades > 0")


def test_a_seller_becomes_busy_by_what_it_sells_and_buys(trades, busy_from) -> None:
    busy_from(3)
    put(trades, "kmdex", trade(), trade(trade_no="T2"))
    trades.publish()
    assert trades.rows("SELECT FROM busy_seller") == []
    put(trades, "kmdex", trade(trade_no="T3", provider=PARTIES[1], buyer=PARTIES[0]))
    trades.publish()
    assert len(trades.rows("SELECT FROM busy_seller")) == 2
    assert trades.rows("SELECT next_seq FROM busy_seller_head") == trades.rows("SELECT next_seq FROM register_head")


def test_other_settings_count_all_trades_of_busy_sellers_again(trades, busy_from, tmp_path) -> None:
    busy_from(0)
    put(trades, "kmdex", *(trade(trade_no=f"T{number}") for number in range(6)))
    facts = trades.publish()
    late = tmp_path / "exchanges.yaml"
    late.write_text(WHITELIST.replace("from: 2019-01-01, until: null", "from: 2026-04-01, until: null"))
    trades.worker(late)
    keep_newest(facts, trades.publish())
    assert facts[SIGN, f"provider/uscc:{worlds.uscc(1)}/2026"]["sold"] == {"amount": "0.00", "trades": 0}
    check_measures(trades, facts)


DAMAGES: Final = (
    "UPDATE busy_seller SET trades = trades + 1",
    "UPDATE busy_seller SET amount_fen = amount_fen + 1",
    "DELETE FROM busy_seller",
    "DELETE FROM busy_seller_trade WHERE seq = 2",
    "UPDATE busy_seller_trade SET buyer = 99 WHERE seq = 2",
    "UPDATE busy_seller_amount SET buyers = 2",
    "UPDATE busy_seller_amount SET trades = trades + 1",
    "DELETE FROM busy_seller_amount",
    "UPDATE busy_seller_pair SET sold_fen = sold_fen + 1 WHERE sold_trades > 0",
    "UPDATE busy_seller_pair SET bought_trades = 9 WHERE sold_trades > 0",
    "UPDATE busy_seller_pair SET subject = 'uscc:other' WHERE sold_trades > 0",
    "DELETE FROM busy_seller_pair",
    "UPDATE busy_seller_head SET next_seq = next_seq - 1",
    "UPDATE busy_seller_head SET next_seq = next_seq + 1",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_sum_is_found_and_repaired(trades, busy_from, damage) -> None:
    busy_from(0)
    put(trades, "kmdex", *(trade(trade_no=f"T{number}") for number in range(6)))
    facts = trades.publish()
    assert trades.verify() == []
    trades.damage(damage)
    told = trades.verify()
    assert told
    assert all(line.startswith("busy_seller") for line in told)
    assert trades.mend()[0]
    keep_newest(facts, trades.publish())
    check_measures(trades, facts)


def test_a_round_that_began_before_sums_were_forgotten_is_tried_again(trades, busy_from) -> None:
    """Its snapshot has documents as they were before they were counted again."""
    busy_from(0)
    put(trades, "kmdex", trade())
    trades.publish()
    put(trades, "kmdex", trade(trade_no="T2"))
    key = (SIGN, f"provider/uscc:{worlds.uscc(1)}/2026")
    rendering = trades.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with rendering as connection, connection.begin():
        head = read_head(connection)
        with trades.engine.begin() as other:
            forget_busy_sellers(other)
        with pytest.raises(OperationalError, match="could not serialize") as failed:
            trades.kind.render(connection, head, [key])
    assert is_transient(failed.value)
