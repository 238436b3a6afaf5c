"""From records to documents: what intake accepts, decided again from the bytes (contract, section 2).

The archive keeps every record as it was sent. A record is a document if it is a CloudEvent of its topic's exchange and
kind with valid data; anything else intake refuses, and so it counts nowhere. The first document
of a revision in the partition stands: the same content again is a duplicate, other content is refused as a conflict.

Spark's parser has limits that intake has not: names of members over 50,000 characters and numbers over 1,000 digits.
Such a record is refused here; intake takes it if they stand in members that nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jiangbu_spark.sql import (
    HOUR_US,
    IDENTITY_NUMBER,
    NUMBER,
    fen,
    has_length,
    instant,
    is_absent_or_null,
    is_uscc,
    literal,
    matches,
    member,
    one_of,
    text,
)
from jiangbu_spark.tables import computed_where

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MAX_VALUE_BYTES = 256 * 1024
MAX_NESTING = 100
MAX_REVISION = 2**31 - 1
MAX_NAME, MAX_CERTIFICATE = 200, 128
MAX_AMOUNT_FEN = 10_000_000_000 * 100
TYPES = {"listing": "cn.kunming.data-exchange.listing.v1", "trade": "cn.kunming.data-exchange.trade.v1"}
ATTRIBUTES = ("specversion", "id", "source", "type", "time")
SCHEMES = ("uscc", "overseas", "natural_person")
STATUSES = {"listing": ("listed", "withdrawn", "annulled"), "trade": ("completed", "cancelled")}
MODES = ("listed", "negotiated", "auction")
KINDS = ("dataset", "api", "report", "service", "model", "other")
INDUSTRIES = tuple("ABCDEFGHIJKLMNOPQRST")
_RECORD = ("topic", "exchange", "partition", "offset", "value_sha256")
_EVENT = (*_RECORD, "time_us")
_PLACE = ("exchange", "number", "revision", "topic", "partition", "offset", "value_sha256")
_AMOUNTS = (f"{fen('amount')} AS amount_fen", f"{fen('refunded')} AS refunded_fen")
_OF_TRADES = (
    "concat(buyer_scheme, ':', buyer_id) AS buyer", "mode", "listing_no", "amount_fen - refunded_fen AS net_fen",
)  # fmt: skip
INSTANTS = {"listing": "listed_at", "trade": "completed_at"}

# A lone surrogate may stand in a member that nobody knows, and in no other. Spark's parser refuses the whole record;
# written as U+0000 it is refused in the same members. The escape counts if an even number of backslashes precede it.
_LONE_HIGH = r"((?<!\\)(?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
_LONE_LOW = r"((?<!\\u[dD][89abAB][0-9a-fA-F]{2})(?<!\\)(?:\\\\)*)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
ESCAPE = r"\u"
_ANY_SURROGATE = r"\\u[dD][89a-fA-F]"
_NO_BRACKET, _OPENING = r"[^\[\]{}]", r"[\[{]"
# Strings of a JSON text, which may contain brackets.
_STRINGS = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


def documents(records: DataFrame, kind: str) -> DataFrame:
    """The accepted documents of a kind among the archive's records.

    Columns: topic, exchange, partition, offset, value_sha256 (hex, of the bytes as they are), number, revision, status,
    at_us, is_mirrored, provider (a subject, `<scheme>:<id>`); of trades also buyer, mode, listing_no and net_fen (the
    amount less refunds).
    """
    events = _with_attributes(records.where(f"kind = '{kind}' AND set_aside IS NULL"), kind)
    members = events.selectExpr(*_EVENT, "has_escapes", *_members(kind))
    read = members.selectExpr(*_EVENT, *_common_texts(), *([] if kind == "listing" else _trade_texts()))
    typed = ["*", f"{instant('at')} AS at_us", *(() if kind == "listing" else _AMOUNTS)]
    valid = computed_where(read, typed, " AND ".join(f"({rule})" for rule in _rules(kind)))
    return valid.selectExpr(
        *_PLACE, "status", "at_us", "has_origin AS is_mirrored",
        "concat(provider_scheme, ':', provider_id) AS provider",
        *(() if kind == "listing" else _OF_TRADES),
    )  # fmt: skip


def newest(accepted: DataFrame) -> DataFrame:
    """The state of each number: the document that came first of its highest revision."""
    return _first(accepted, "exchange, number", "revision DESC, partition, offset")


def registered(records: DataFrame) -> DataFrame:
    """Every revision as a register stores it: kind, and where its record is."""
    both = [documents(records, kind).selectExpr(f"'{kind}' AS kind", *_PLACE) for kind in TYPES]
    return _first(both[0].unionByName(both[1]), "kind, exchange, number, revision", "partition, offset")


def _first(accepted: DataFrame, whose: str, order: str) -> DataFrame:
    return (
        accepted.selectExpr("*", f"row_number() OVER (PARTITION BY {whose} ORDER BY {order}) AS turn")
        .where("turn = 1")
        .drop("turn")
    )


def _with_attributes(records: DataFrame, kind: str) -> DataFrame:
    """The CloudEvents of the right source and type: `time_us`, and `data` as VARIANT."""
    attributes = [f"{_attribute(name)} AS ce_{name}" for name in ATTRIBUTES]
    # `data_base64` is refused even if it is null, and `data` is required.
    is_event = (
        "ce_specversion = '1.0' AND ce_id <> '' AND ce_source = concat('/exchanges/', exchange)"
        f" AND ce_type = {literal(TYPES[kind])} AND (is_binary OR {member('body', 'data_base64')} IS NULL)"
    )
    return computed_where(_with_bodies(records), ["*", *attributes], is_event).selectExpr(
        *_RECORD, "has_escapes", f"{instant('ce_time')} AS time_us",
        f"if(is_binary, body, {member('body', 'data')}) AS data",
    )  # fmt: skip


def _with_bodies(records: DataFrame) -> DataFrame:
    """Records whose value is JSON: `body`, the last header of each name, and whether the event is in binary mode."""
    kept = ("topic", "exchange", "partition", "offset", "headers")
    decoded = records.where(f"length(value) BETWEEN 1 AND {MAX_VALUE_BYTES}").selectExpr(
        *kept, "sha2(value, 256) AS value_sha256", "CAST(value AS STRING) AS content",
        "exists(headers, header -> header.name = 'ce_specversion') AS is_binary",
        f"contains(CAST(value AS STRING), {literal(ESCAPE)}) AS has_escapes",
    )  # fmt: skip
    safe = decoded.where(f"is_valid_utf8(content) AND ({_nesting()})")
    nul = literal(r"$1\\u0000")
    lone = f"regexp_replace(regexp_replace(content, {literal(_LONE_HIGH)}, {nul}), {literal(_LONE_LOW)}, {nul})"
    has_surrogates = f"has_escapes AND content RLIKE {literal(_ANY_SURROGATE)}"
    # Spark's parser stops after the first value. So an array is parsed, of the value and a text that no value can
    # contain, its own hash: the text is the second and last element only if the first is all that the record has.
    whole = f"concat('[', if({has_surrogates}, {lone}, content), ',\"', value_sha256, '\"]')"
    is_whole = (
        "try_variant_get(parsed, '$[1]', 'string') = value_sha256 AND variant_get(parsed, '$[2]', 'variant') IS NULL"
    )
    parsed = [*kept, "value_sha256", "is_binary", "has_escapes", f"try_parse_json({whole}) AS parsed"]
    return computed_where(safe, parsed, is_whole).selectExpr(
        "* EXCEPT (parsed)", "variant_get(parsed, '$[0]', 'variant') AS body"
    )


def _nesting() -> str:
    """True for JSON nested at most MAX_NESTING levels, which is looked at only where there are more brackets."""
    structure = f"regexp_replace(regexp_replace(content, {literal(_STRINGS)}, ''), {literal(_NO_BRACKET)}, '')"
    change = "CASE WHEN bracket IN ('[', '{') THEN 1 WHEN bracket IN (']', '}') THEN -1 ELSE 0 END"
    deepest = (
        f"aggregate(split({structure}, ''), struct(0 AS depth, 0 AS most), (seen, bracket) -> struct("
        f"seen.depth + {change} AS depth, greatest(seen.most, seen.depth + {change}) AS most)).most"
    )
    few = f"regexp_count(content, {literal(_OPENING)}) <= {MAX_NESTING}"
    return f"CASE WHEN {few} THEN true ELSE {deepest} <= {MAX_NESTING} END"


def _attribute(name: str) -> str:
    """An attribute of a CloudEvent as text: of binary mode the last header of that name, else a member of the body."""
    header = f"CAST(try_element_at(filter(headers, header -> header.name = 'ce_{name}'), -1).value AS STRING)"
    in_header = f"CASE WHEN is_valid_utf8({header}) AND NOT contains({header}, '\\u0000') THEN {header} END"
    return f"CASE WHEN is_binary THEN {in_header} ELSE {text(member('body', name))} END"


def _members(kind: str) -> list[str]:
    """The members of a document as VARIANT, by the names of the columns that they become."""
    paths = {
        "number": f"{kind}_no", "revision": "revision", "status": "status", "at": INSTANTS[kind],
        "origin": "origin_exchange", "certificate": "certificate_no", **_party_paths("provider"),
        "product": "product", "industry": "product.industry",
        **{f"product_{name}": f"product.{name}" for name in ("no", "name", "kind")},
    }  # fmt: skip
    if kind == "trade":
        paths |= _party_paths("buyer") | {
            name: name for name in ("mode", "listing_no", "amount", "refunded", "currency")
        }
    return [f"{member('data', path)} AS m_{name}" for name, path in paths.items()]


def _party_paths(role: str) -> dict[str, str]:
    return {
        f"{role}_{name}": f"{role}.{path}" for name, path in (("scheme", "id_scheme"), ("id", "id"), ("name", "name"))
    }


def _common_texts() -> list[str]:
    """The columns that both kinds have, of the columns `m_<name>`."""
    return [
        *map(_text, ("number", "status", "at", "product_no", "product_name", "product_kind")),
        # 1.0 is a DECIMAL and no integer; more than 18 digits are none that may stand here.
        "if(schema_of_variant(m_revision) = 'BIGINT', variant_get(m_revision, '$', 'bigint'), NULL) AS revision",
        *_nullable("origin"),
        *_nullable("certificate"),
        *_nullable("industry"),
        f"NOT {is_absent_or_null('m_product')} AS has_product",
        *_party_columns("provider"),
    ]


def _text(name: str) -> str:
    return f"{text(f'm_{name}')} AS {name}"


def _nullable(name: str) -> list[str]:
    """A member that may be null or absent: its text, and whether it is anything else."""
    return [_text(name), f"NOT {is_absent_or_null(f'm_{name}')} AS has_{name}"]


def _party_columns(role: str) -> list[str]:
    scheme = f"m_{role}_scheme"
    return [
        f"CASE WHEN {scheme} IS NULL THEN 'uscc' ELSE {text(scheme)} END AS {role}_scheme",
        _text(f"{role}_id"),
        _text(f"{role}_name"),
    ]


def _trade_texts() -> list[str]:
    return [
        *_party_columns("buyer"),
        *_nullable("listing_no"),
        *map(_text, ("mode", "amount", "currency")),
        f"CASE WHEN m_refunded IS NULL THEN '0' ELSE {text('m_refunded')} END AS refunded",
    ]


def _rules(kind: str) -> list[str]:
    """The conditions of a valid document; NULL is not true."""
    common = [
        matches("number", NUMBER),
        f"revision BETWEEN 1 AND {MAX_REVISION}",
        one_of("status", STATUSES[kind]),
        "time_us IS NOT NULL",
        "at_us IS NOT NULL",
        f"NOT has_origin OR {has_length('origin', 1, MAX_NAME)}",
        f"NOT has_certificate OR {has_length('certificate', 0, MAX_CERTIFICATE)}",
        *_party_rules("provider"),
    ]
    product = " AND ".join(
        (
            has_length("product_no", 1, MAX_NAME),
            has_length("product_name", 1, MAX_NAME),
            one_of("product_kind", KINDS),
            f"(NOT has_industry OR {one_of('industry', INDUSTRIES)})",
        )
    )
    if kind == "listing":
        return [*common, "has_product", product]
    return [
        *common,
        f"NOT has_product OR ({product})",
        *_party_rules("buyer"),
        one_of("mode", MODES),
        f"NOT has_listing_no OR {matches('listing_no', NUMBER)}",
        "mode <> 'listed' OR has_listing_no",
        f"amount_fen BETWEEN 1 AND {MAX_AMOUNT_FEN}",
        "refunded_fen BETWEEN 0 AND amount_fen",
        "currency = 'CNY'",
        f"at_us - time_us <= {24 * HOUR_US}",
        # One entity on both sides is no trade (G10).
        "provider_scheme <> buyer_scheme OR provider_id <> buyer_id",
    ]


def _party_rules(role: str) -> list[str]:
    scheme, code = f"{role}_scheme", f"{role}_id"
    pseudonym = f"{matches(code, NUMBER)} AND NOT {matches(code, IDENTITY_NUMBER)}"
    is_id = (
        f"CASE {scheme} WHEN 'uscc' THEN {is_uscc(code)} WHEN 'overseas' THEN {matches(code, NUMBER)}"
        f" WHEN 'natural_person' THEN {pseudonym} END"
    )
    return [has_length(f"{role}_name", 1, MAX_NAME), is_id]
