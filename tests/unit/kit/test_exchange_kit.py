"""The sample matches its own description, and its lines read back as the same records."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from exchange_kit.__main__ import main
from exchange_kit.sample.year import sample_events
from shared.events.decode import EVENT_REASONS, Accepted, decode
from shared.events.documents import Listing, Trade
from shared.events.records import SampleRecord, from_line, to_line
from shared.events.topics import topic_of
from shared.values.times import day_start, shanghai_date

EXCHANGES = ("kmdex", "dcdex")


@pytest.fixture(scope="module")
def sample() -> list[SampleRecord]:
    return list(sample_events(7, EXCHANGES, 8000, 2026, rubbish=True))


def kind_of(record: SampleRecord) -> Any:
    return "trade" if record.topic.endswith(".trades.v1") else "listing"


def number_of(document: Listing | Trade) -> str:
    return document.listing_no if isinstance(document, Listing) else document.trade_no


def states(records: list[SampleRecord]) -> dict[tuple[str, str, str], Listing | Trade]:
    """Return the highest revision of every document, as a register stores it."""
    current: dict[tuple[str, str, str], Listing | Trade] = {}
    for record in records:
        decoded = decode(kind_of(record), record.exchange, record.value, record.headers)
        if record.outcome == "accepted" and isinstance(decoded, Accepted):
            key = (record.exchange, record.topic, number_of(decoded.document))
            if key not in current or current[key].revision < decoded.document.revision:
                current[key] = decoded.document
    return current


def counting_trades(records: list[SampleRecord]) -> list[tuple[str, Trade]]:
    return [
        (key[0], trade)
        for key, trade in states(records).items()
        if isinstance(trade, Trade) and trade.status == "completed" and trade.origin_exchange is None
    ]


def test_the_same_arguments_give_the_same_records() -> None:
    once, again = (list(sample_events(3, EXCHANGES, 500, 2026, rubbish=True)) for _ in range(2))
    assert once == again
    assert once != list(sample_events(4, EXCHANGES, 500, 2026, rubbish=True))


@pytest.mark.parametrize("events", [1, 2, 10, 333])
@pytest.mark.parametrize("exchanges", [("kmdex",), ("a1", "b2", "c3")])
def test_any_size_for_any_number_of_exchanges(events: int, exchanges: tuple[str, ...]) -> None:
    records = list(sample_events(1, exchanges, events, 2027, rubbish=True))
    assert len(records) == events
    assert {record.exchange for record in records} <= set(exchanges)


def test_a_sample_needs_an_exchange() -> None:
    with pytest.raises(ValueError, match="at least one exchange"):
        list(sample_events(1, (), 10, 2026))


def test_every_record_comes_out_as_it_says(sample: list[SampleRecord]) -> None:
    stored: dict[tuple[str, str, str, int], Listing | Trade] = {}
    for record in sample:
        decoded = decode(kind_of(record), record.exchange, record.value, record.headers)
        if isinstance(decoded, Accepted):
            document = decoded.document
            key = (record.exchange, record.topic, number_of(document), document.revision)
            before = stored.setdefault(key, document)
            fresh = before is document
            outcome = "accepted" if fresh else "duplicate" if before == document else "revision_conflict"
        else:
            outcome = decoded.reason
        assert outcome == record.outcome, record
    assert set(EVENT_REASONS) | {"accepted", "duplicate"} == {record.outcome for record in sample}


def test_without_rubbish_nothing_is_refused() -> None:
    outcomes = Counter(record.outcome for record in sample_events(1, EXCHANGES, 3000, 2026))
    assert set(outcomes) == {"accepted", "duplicate"}


def test_all_that_happens_in_a_year_is_in_it(sample: list[SampleRecord]) -> None:
    documents = states(sample)
    trades = [document for document in documents.values() if isinstance(document, Trade)]
    listings = {key[::2]: document for key, document in documents.items() if isinstance(document, Listing)}
    assert {trade.mode for trade in trades} == {"listed", "negotiated", "auction"}
    assert {trade.status for trade in trades} == {"completed", "cancelled"}
    assert {listing.status for listing in listings.values()} == {"listed", "withdrawn", "annulled"}
    assert {trade.buyer.id_scheme for trade in trades} == {"uscc", "overseas", "natural_person"}
    assert any(trade.refunded_fen == trade.amount_fen for trade in trades)
    assert any(0 < trade.refunded_fen < trade.amount_fen for trade in trades)
    assert any(trade.origin_exchange for trade in trades)
    assert any(trade.completed_at < day_start(date(2026, 1, 1)) for trade in trades)
    unmatched = [key for key, trade in documents.items() if isinstance(trade, Trade) and trade.mode == "listed"]
    named = [(key[0], documents[key].listing_no) in listings for key in unmatched]
    assert 0.9 < sum(named) / len(named) < 1
    headers = sum(bool(record.headers) for record in sample)
    assert 0.2 < headers / len(sample) < 0.3


def test_listings_come_before_their_trades_mostly(sample: list[SampleRecord]) -> None:
    seen: set[tuple[str, str]] = set()
    known: list[bool] = []
    for record in sample:
        decoded = decode(kind_of(record), record.exchange, record.value, record.headers)
        if isinstance(decoded, Accepted) and decoded.document.revision == 1:
            if isinstance(decoded.document, Listing):
                seen.add((record.exchange, decoded.document.listing_no))
            elif decoded.document.mode == "listed":
                known.append((record.exchange, str(decoded.document.listing_no)) in seen)
    assert 0.9 < sum(known) / len(known) < 1


def test_every_rule_has_something_to_say(sample: list[SampleRecord]) -> None:
    trades = counting_trades(sample)
    of_2026 = [(exchange, trade) for exchange, trade in trades if shanghai_date(trade.completed_at).year == 2026]
    totals: Counter[str] = Counter()
    providers: Counter[str] = Counter()
    for exchange, trade in of_2026:
        totals[exchange] += trade.amount_fen - trade.refunded_fen
        if trade.mode == "listed":
            providers[trade.provider.subject] += trade.amount_fen - trade.refunded_fen
    assert totals["kmdex"] > 500_000_000 * 100
    assert 100_000_000 * 100 < totals["dcdex"] < 500_000_000 * 100
    passing = [subject for subject, total in providers.items() if total >= 10_000_000 * 100]
    assert 3 < len(passing) < len(providers) / 2


def test_events_are_sent_in_order_of_time(sample: list[SampleRecord]) -> None:
    times = [dict(record.headers)["ce_time"] for record in sample if record.headers]
    assert times == sorted(times)
    assert times[0] >= b"2026-01-01"
    assert times[-1] < b"2027-01-01"


def test_lines_give_back_the_records(sample: list[SampleRecord]) -> None:
    for record in sample:
        line = to_line(record)
        assert line.count(b"\n") == 1
        read = from_line(line, record.exchange, None)
        assert read is not None
        assert (read.exchange, read.topic, read.value, read.headers) == (
            record.exchange,
            record.topic,
            record.value,
            record.headers,
        )
        assert read.key == record.key
    plain = [record for record in sample if record.outcome == "accepted" and not record.headers]
    assert all(to_line(record) == (record.value or b"") + b"\n" for record in plain)


@given(
    st.none() | st.binary(),
    st.none() | st.binary(),
    st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary()), max_size=2),
)
def test_any_record_goes_through_a_line(key: bytes | None, value: bytes | None, headers: list[Any]) -> None:
    record = SampleRecord("kmdex", topic_of("trade", "kmdex"), key, value, tuple(headers))
    assert from_line(to_line(record), "dcdex", None) == record


@given(st.binary())
def test_any_line_is_an_event_or_rubbish_of_the_stream_that_is_named(line: bytes) -> None:
    assert from_line(line, "kmdex", None) is None
    record = from_line(line, "kmdex", "trade")
    assert record is not None
    assert (record.topic, record.value) == ("exchange.kmdex.trades.v1", line.rstrip(b"\r\n"))


def test_a_line_belongs_to_the_exchange_that_its_source_names() -> None:
    event = b'{"type":"cn.kunming.data-exchange.trade.v1","data":{"trade_no":"T1"},"source":"/exchanges/%s"}'
    for source, exchange in ((b"dcdex", "dcdex"), (b"kmdex", "kmdex"), (b"KMDEX", "kmdex"), (b"dcdex/", "kmdex")):
        assert from_line(event % source, "kmdex", None) == SampleRecord(
            exchange, f"exchange.{exchange}.trades.v1", b"T1", event % source
        )


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, catch_exceptions=False, env={"KAFKA_BOOTSTRAP_SERVERS": ""})


def test_the_command_writes_the_sample(tmp_path: Path) -> None:
    file = tmp_path / "sample.ndjson"
    result = run("sample", "--events", "50", "--seed", "9", "--exchange", "dcdex", "-o", str(file))
    assert result.exit_code == 0
    assert file.read_bytes() == b"".join(map(to_line, sample_events(9, ("dcdex",), 50, 2026)))


@pytest.mark.parametrize("arguments", [("--events", "0"), ("--exchange", "Kmdex"), ("--year", "1999")])
def test_wrong_options_are_refused(arguments: tuple[str, ...]) -> None:
    assert run("sample", *arguments).exit_code == 2


def test_a_line_that_is_no_event_stops_before_anything_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n{}\n")
    result = run("publish", str(file), "--exchange", "kmdex")
    assert result.exit_code == 1
    assert "line 2" in result.output


def test_without_a_broker_named_the_variable_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    assert run("sample", "--exchange", "kmdex", "--events", "9", "-o", str(file)).exit_code == 0
    result = run("publish", str(file), "--exchange", "kmdex")
    assert result.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in result.output
