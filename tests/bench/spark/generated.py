"""An archive of generated listings and trades, written as Parquet at once: no broker and no ledger holds them.

Every value follows from the number of its record, so two archives of one size are equal. Each month some companies are
new, and one exchange grows over the tiers, so that every rule earns at any size. All entities are fictional.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from deploy.archive.records import SCHEMA
from deploy.archive.store import ArchiveStore
from shared.events.decode import TYPES, Kind
from shared.events.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXCHANGES: Final = ("kmdex", "dcdex")
YEARS: Final = (2025, 2026, 2027)
MONTHS: Final = 12 * len(YEARS)
CHUNK_ROWS: Final = 250_000
DOCUMENTS_OF_A_COMPANY, COMPANIES_TO_A_SELLER, TRADES_TO_A_LISTING = 100, 10, 9
REVISED: Final = 20  # every 20th record is the second revision of an earlier one
LEAST_YUAN, MOST_YUAN = 1_000, 400_000  # of a trade, on the exchange whose sellers reach the threshold of a year
GROWING: Final = "dcdex"  # whatever the number of its trades, they come to these yuan in a year
TOTALS_YUAN: Final = {2025: 90_000_000, 2026: 600_000_000, 2027: 1_200_000_000}
CHECKS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS: Final = 13  # of a company's number in its code, after 9153
_SHANGHAI_MS: Final = 8 * 3_600_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local time of Shanghai, as the documents write it

_EVENT = (
    '{"specversion":"1.0","id":"<number>-<revision>","source":"/exchanges/<exchange>","type":"<type>","time":"<at>",'
    '"data":{"revision":<revision>,"status":"<status>","provider":{"id":"<provider>","name":"虚构企业"},'
    '"product":{"no":"D1","name":"虚构数据","kind":"dataset"},'
)
TEMPLATES: Final[dict[Kind, str]] = {
    "listing": _EVENT + '"listing_no":"<number>","listed_at":"<at>"}}',
    "trade": _EVENT + '"trade_no":"<number>","mode":"<mode>","listing_no":<listing>,'
    '"buyer":{"id":"<buyer>","name":"虚构企业"},"amount":"<amount>.00","refunded":"<refunded>.00","currency":"CNY",'
    '"completed_at":"<at>"}}',
}

Column = pa.Array | pa.Scalar


class Portion(NamedTuple):
    """Records of one topic within one month: `first` .. `first + rows` - 1 of the `in_month` that begin at `begin`."""

    kind: Kind
    exchange: str
    month: date
    begin: int
    in_month: int
    first: int
    rows: int

    @property
    def number(self) -> int:
        """The place of the month among all months."""
        return (self.month.year - YEARS[0]) * 12 + self.month.month - 1


def write_archive(folder: Path, documents: int) -> int:
    """Write an archive of about so many documents, and return how many it has."""
    store, written = ArchiveStore(str(folder)), 0
    companies = max(2 * COMPANIES_TO_A_SELLER, documents // DOCUMENTS_OF_A_COMPANY)
    months = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
    in_month = max(REVISED, documents // (len(months) * len(EXCHANGES) * (TRADES_TO_A_LISTING + 1)))
    rows: dict[Kind, int] = {"listing": in_month, "trade": in_month * TRADES_TO_A_LISTING}
    for exchange in EXCHANGES:
        for kind in ("listing", "trade"):
            for number, month in enumerate(months):
                path = f"records/kind={kind}/exchange={exchange}/month={month:%Y-%m}/0-{number * rows[kind]}.parquet"
                with store.parquet_writer(path, SCHEMA) as writer:
                    for portion in _portions(kind, exchange, month, number * rows[kind], rows[kind]):
                        writer.write_table(records(portion, companies))
                store.add(path, rows[kind])
                written += rows[kind]
    store.commit()
    return written


def _portions(kind: Kind, exchange: str, month: date, begin: int, in_month: int) -> Iterator[Portion]:
    for first in range(begin, begin + in_month, CHUNK_ROWS):
        rows = min(CHUNK_ROWS, begin + in_month - first)
        yield Portion(kind, exchange, month, begin, in_month, first, rows)


def records(portion: Portion, companies: int) -> pa.Table:
    """The rows of a portion, with the archive's columns."""
    offsets = pc.add(_number(portion.first), pa.array(range(portion.rows), pa.uint64()))
    is_revised = pc.equal(pc.remainder(offsets, _number(REVISED)), _number(REVISED - 1))
    documents = pc.subtract(offsets, pc.if_else(is_revised, _number(REVISED // 2), _number(0)))
    at_ms = _instants_ms(portion, documents)
    columns: dict[str, Column] = {
        "exchange": pa.scalar(portion.exchange),
        "type": pa.scalar(TYPES[portion.kind]),
        "revision": pc.if_else(is_revised, "2", "1"),
        "at": pc.binary_join_element_wise(
            pc.strftime(pc.cast(at_ms, pa.timestamp("ms")), "%Y-%m-%dT%H:%M:%S"), "+08:00", ""
        ),
    }
    place = EXCHANGES.index(portion.exchange) << 40  # tells the exchanges' documents apart
    if portion.kind == "listing":
        columns |= _listings(documents, portion, place, companies)
    else:
        columns |= _trades(documents, is_revised, portion, place, companies)
    values = _joined(TEMPLATES[portion.kind], columns).cast(pa.binary())
    return _table(portion, offsets, pc.subtract(at_ms, _SHANGHAI_MS), columns["number"], values)


def _table(portion: Portion, offsets: pa.Array, sent_ms: pa.Array, numbers: pa.Array, values: pa.Array) -> pa.Table:
    rows, headers = portion.rows, SCHEMA.field("headers").type
    digests = pa.array([sha256(value).digest() for value in values.to_pylist()], pa.binary(32))
    columns = {
        "topic": pa.repeat(topic_of(portion.kind, portion.exchange), rows),
        "partition": pa.repeat(pa.scalar(0, pa.int32()), rows),
        "offset": offsets.cast(pa.int64()),
        "last_offset": offsets.cast(pa.int64()),
        "timestamp_ms": sent_ms,
        "key": numbers.cast(pa.binary()),
        "value": values,
        "value_size": pc.binary_length(values).cast(pa.int64()),
        "value_sha256": digests,
        "headers": pa.array([[]], headers).take(pa.repeat(0, rows)),
        "set_aside": pa.nulls(rows, pa.string()),
    }
    return pa.Table.from_arrays([columns[field.name] for field in SCHEMA], schema=SCHEMA)


def _instants_ms(portion: Portion, documents: pa.Array) -> pa.Array:
    """Local milliseconds, evenly over the month in the order of numbers; a revision keeps its document's."""
    begins = datetime(portion.month.year, portion.month.month, 1)  # noqa: DTZ001 - see _EPOCH
    ends = datetime(portion.month.year + portion.month.month // 12, portion.month.month % 12 + 1, 1)  # noqa: DTZ001
    step_ms = (ends - begins) // timedelta(milliseconds=1) // portion.in_month
    places = pc.subtract(documents.cast(pa.int64()), portion.begin)
    return pc.add((begins - _EPOCH) // timedelta(milliseconds=1), pc.multiply(places, step_ms))


def _listings(documents: pa.Array, portion: Portion, place: int, companies: int) -> dict[str, Column]:
    drawn = pc.add(documents, _number(place))
    return {
        "number": _named("L", documents),
        "status": pc.if_else(pc.less(_below(drawn, 1, 100), _number(98)), "listed", "withdrawn"),
        "provider": codes(_seller_of(drawn, documents, portion.in_month, companies)),
    }


def _trades(
    documents: pa.Array, is_revised: pa.Array, portion: Portion, place: int, companies: int
) -> dict[str, Column]:
    drawn = pc.add(documents, _number(place))
    turn = _below(drawn, 2, 100)
    is_listed = pc.less(turn, _number(60))
    # The listings of earlier months; a trade of the first month may name one that comes after it, and is unmatched.
    listings = _below(drawn, 3, max(1, portion.begin // TRADES_TO_A_LISTING))
    in_month = max(1, portion.in_month // TRADES_TO_A_LISTING)
    sellers = _seller_of(pc.add(listings, _number(place)), listings, in_month, companies)
    known = max(2, companies * (portion.number + 1) // MONTHS)
    providers = pc.if_else(is_listed, sellers, _below(drawn, 4, known))
    others = pc.add(providers, pc.add(_below(drawn, 5, known - 1), _number(1)))
    least, most = _amounts_yuan(portion)
    amount = pc.add(_below(drawn, 6, most), _number(least))
    half = pc.divide(amount, _number(2))
    return {
        "number": _named("T", documents),
        "status": pc.if_else(pc.less(_below(drawn, 7, 100), _number(97)), "completed", "cancelled"),
        "mode": pc.if_else(is_listed, "listed", pc.if_else(pc.less(turn, _number(85)), "negotiated", "auction")),
        "listing": pc.if_else(is_listed, pc.binary_join_element_wise('"', _named("L", listings), '"', ""), "null"),
        "provider": codes(providers),
        "buyer": codes(pc.remainder(others, _number(known))),
        "amount": amount.cast(pa.string()),
        "refunded": pc.if_else(is_revised, half, _number(0)).cast(pa.string()),
    }


def _amounts_yuan(portion: Portion) -> tuple[int, int]:
    """The least amount of a trade, and the number of amounts from it on."""
    if portion.exchange != GROWING:
        return LEAST_YUAN, MOST_YUAN
    return 1, max(2, 2 * TOTALS_YUAN[portion.month.year] // (12 * portion.in_month))


def _seller_of(drawn: pa.Array, listings: pa.Array, in_month: int, companies: int) -> pa.Array:
    """The sellers of listings, of those known in the months of the listings; `in_month`: listings of a month."""
    months = pc.divide(listings, _number(in_month))
    known = pc.divide(
        pc.multiply(pc.add(months, _number(1)), _number(companies // COMPANIES_TO_A_SELLER)), _number(MONTHS)
    )
    return pc.remainder(_mixed(drawn, 8), pc.max_element_wise(known, _number(1)))


def codes(companies: pa.Array) -> pa.Array:
    """Valid fictional codes (GB 32100-2015) of companies by number."""
    total = pa.scalar(sum(int(digit) * 3**place for place, digit in enumerate("9153")), pa.uint64())
    for place in range(DIGITS):
        digit = pc.remainder(pc.divide(companies, _number(10 ** (DIGITS - 1 - place))), _number(10))
        total = pc.add(total, pc.multiply(digit, _number(pow(3, place + 4, 31))))
    checks = pc.remainder(pc.subtract(_number(31), pc.remainder(total, _number(31))), _number(31))
    body = pc.utf8_lpad(companies.cast(pa.string()), DIGITS, "0")
    return pc.binary_join_element_wise("9153", body, pa.array(CHECKS).take(checks), "")


def _joined(template: str, columns: dict[str, Column]) -> pa.Array:
    """The template with the columns in place of their names."""
    parts = [
        columns[part] if place % 2 else pa.scalar(part) for place, part in enumerate(re.split(r"<(\w+)>", template))
    ]
    return pc.binary_join_element_wise(*parts, "")


def _named(prefix: str, numbers: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, numbers.cast(pa.string()), "")


def _below(numbers: pa.Array, salt: int, bound: int) -> pa.Array:
    """A number from 0 below `bound` for each; `salt` tells questions apart."""
    return pc.remainder(_mixed(numbers, salt), _number(bound))


def _mixed(numbers: pa.Array, salt: int) -> pa.Array:
    """Numbers mixed by multiplication and shifts."""
    mixed = pc.multiply(pc.add(numbers, _number(salt * 0x9E3779B97F4A7C15 % 2**64)), _number(0xBF58476D1CE4E5B9))
    mixed = pc.multiply(pc.bit_wise_xor(mixed, pc.shift_right(mixed, _number(29))), _number(0x94D049BB133111EB))
    return pc.shift_right(mixed, _number(24))


def _number(value: int) -> pa.Scalar:
    return pa.scalar(value, pa.uint64())
