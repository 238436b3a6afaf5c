"""From records to documents: what intake accepts, decided again from the bytes (contract, section 2).

The archive keeps every record as it was sent. A record is a document if it is a CloudEvent of its topic's exchange and
kind with valid data; anything else intake refuses, and so it counts nowhere. The first document
of a revision in the partition stands: the same content again is a duplicate, other content is refused as a conflict.

Most records are *plain*: their form shows that every value but the revision and a null listing_no is a text or an
object, so a schema reads them without a loss. All others are read as VARIANT, which keeps types and costs much more.

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
    uscc_halves,
)
from jiangbu_spark.tables import computed_where

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_PLACE = ("exchange", "number", "revision", "topic", "partition", "offset", "value_sha256")
_AMOUNTS = (f"{fen('amount')} AS amount_fen", f"{fen('refunded')} AS refunded_fen")
_OF_TRADES = (
    "concat(buyer_scheme, ':', buyer_id) AS buyer", "mode", "listing_no", "amount_fen - refunded_fen AS net_fen",
)  # fmt: skip
_TRADE_TEXTS = ("mode", "listing_no", "amount", "refunded", "currency")
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

# The form of a plain record: an event of texts with one object, whose members are texts, at most three objects of
# texts, revisions, and nulls where null says as much as nothing. A longer one would take Java's matcher a deep stack.
MAX_PLAIN_BYTES = 2048
_NULLABLE = ("listing_no", "certificate_no", "origin_exchange", "industry", "product")
_NULL = rf'(?<="(?:{"|".join(_NULLABLE)})": ?)null'
# A text without backslash and what follows it are taken at once, in Java's fastest way.
_SIMPLE = r'"[^"\\]*"[:, \n\r\t]*'
_TEXTS = rf'(?:{_SIMPLE}|{_STRINGS}|[:, \n\r\t]++|(?<="revision": ?)[0-9]++|{_NULL})*+'
_OBJECT = rf"\{{{_TEXTS}\}}{_TEXTS}"
_PLAIN = rf"\A\{{{_TEXTS}\{{{_TEXTS}(?:{_OBJECT}){{1,3}}\}}{_TEXTS}\}}[ \n\r\t]*\z"
_MORE_ESCAPES = r"\\u(00|[dD][89a-fA-F])"  # of U+0000 and of letters of names, of a surrogate
_FAULT = "fault_of_json"  # the column of a record that the schema of plain ones does not fit


def documents(records: DataFrame, kind: str) -> DataFrame:
    """The accepted documents of a kind among the archive's records.

    Columns: topic, exchange, partition, offset, value_sha256 (hex, of the bytes as they are), number, revision, status,
    at_us, is_mirrored, provider (a subject, `<scheme>:<id>`); of trades also buyer, mode, listing_no and net_fen (the
    amount less refunds).
    """
    read = _parsed(records.where(f"kind = '{kind}' AND set_aside IS NULL"), kind).selectExpr(
        *_RECORD, *(f"{_attribute(name)} AS ce_{name}" for name in ATTRIBUTES), "is_other", *_columns(kind)
    )
    typed = [
        "*", f"{instant('ce_time')} AS time_us", f"{instant('at')} AS at_us", *_halves("provider"),
        *(() if kind == "listing" else (*_halves("buyer"), *_AMOUNTS)),
    ]  # fmt: skip
    valid = computed_where(read, typed, " AND ".join(f"({rule})" for rule in (*_event_rules(kind), *_rules(kind))))
    return valid.selectExpr(
        *_PLACE, "status", "at_us", "has_origin AS is_mirrored",
        "concat(provider_scheme, ':', provider_id) AS provider",
        *(() if kind == "listing" else _OF_TRADES),
    )  # fmt: skip


def newest(accepted: DataFrame) -> DataFrame:
    """The state of each number: the document that came first of its highest revision."""
    return _first(accepted, "number, exchange", "revision DESC, partition, offset")


def registered(accepted: Mapping[str, DataFrame]) -> DataFrame:
    """Every revision as a register stores it: kind, and where its record is. `accepted`: documents by kind."""
    both = [accepted[kind].selectExpr(f"'{kind}' AS kind", *_PLACE) for kind in TYPES]
    return _first(both[0].unionByName(both[1]), "number, exchange, kind, revision", "partition, offset")


def _first(accepted: DataFrame, whose: str, order: str) -> DataFrame:
    # The most selective column stands first, because Spark sorts rows by a prefix of the first one.
    return (
        accepted.selectExpr("*", f"row_number() OVER (PARTITION BY {whose} ORDER BY {order}) AS turn")
        .where("turn = 1")
        .drop("turn")
    )


def _parsed(records: DataFrame, kind: str) -> DataFrame:
    """Records whose value is JSON: `event` of a plain one, of any other `body` and `data` as VARIANT.

    `is_other`: not plain and with `data_base64`, which is refused even if it is null.
    """
    texts = records.where(f"length(value) BETWEEN 1 AND {MAX_VALUE_BYTES} AND is_valid_utf8(CAST(value AS STRING))")
    decoded = texts.selectExpr(
        "topic", "exchange", "partition", "offset", "headers", "value", "CAST(value AS STRING) AS content",
        "exists(headers, header -> header.name = 'ce_specversion') AS is_binary",
        f"contains(CAST(value AS STRING), {literal(ESCAPE)}) AS has_escapes",
    )  # fmt: skip
    events = decoded.selectExpr("*", f"{_event(kind)} AS event")
    parsed = [
        "topic", "exchange", "partition", "offset", "if(is_binary, headers, NULL) AS headers", "is_binary",
        "has_escapes", f"{_is_plain(kind)} AS is_plain", "event", "sha2(value, 256) AS value_sha256",
        f"if({_is_plain(kind)} OR NOT {_nesting()}, NULL, try_parse_json({_whole()})) AS parsed",
        f"if({_is_plain(kind)}, NULL, sha2(value, 256)) AS end",
    ]  # fmt: skip
    is_whole = "try_variant_get(parsed, '$[1]', 'string') = end AND variant_get(parsed, '$[2]', 'variant') IS NULL"
    return computed_where(events, parsed, f"is_plain OR ({is_whole})").selectExpr(
        *_RECORD, "headers", "is_binary", "has_escapes", "is_plain", "event",
        "variant_get(parsed, '$[0]', 'variant') AS body",
        "if(is_binary, variant_get(parsed, '$[0]', 'variant'), variant_get(parsed, '$[0].data', 'variant')) AS data",
        "NOT is_plain AND NOT is_binary AND variant_get(parsed, '$[0].data_base64', 'variant') IS NOT NULL AS is_other",
    )  # fmt: skip


def _whole() -> str:
    """The text that is parsed of a record that is not plain.

    Spark's parser stops after the first value. So an array is parsed, of the value and a text that no value can
    contain, its own hash: the text is the second and last element only if the first is all that the record has.
    """
    nul = literal(r"$1\\u0000")
    lone = f"regexp_replace(regexp_replace(content, {literal(_LONE_HIGH)}, {nul}), {literal(_LONE_LOW)}, {nul})"
    has_surrogates = f"has_escapes AND content RLIKE {literal(_ANY_SURROGATE)}"
    return f"concat('[', if({has_surrogates}, {lone}, content), ',\"', sha2(value, 256), '\"]')"


def _event(kind: str) -> str:
    """The event by the schema of plain ones, where the record has their form."""
    party = "STRUCT<id_scheme: STRING, id: STRING, name: STRING>"
    texts = (f"{kind}_no", "status", INSTANTS[kind], "origin_exchange", "certificate_no")
    fields = dict.fromkeys(texts, "STRING") | {
        "revision": "BIGINT", "provider": party,
        "product": "STRUCT<no: STRING, name: STRING, kind: STRING, industry: STRING>",
    }  # fmt: skip
    if kind == "trade":
        fields |= {"buyer": party} | dict.fromkeys(_TRADE_TEXTS, "STRING")
    data = ", ".join(f"{name}: {type_}" for name, type_ in fields.items())
    schema = f"{', '.join(f'{name} STRING' for name in ATTRIBUTES)}, data STRUCT<{data}>, {_FAULT} STRING"
    return (
        f"CASE WHEN NOT is_binary AND length(value) <= {MAX_PLAIN_BYTES}"
        f" AND NOT contains(content, '\"data_base64\"')"
        f" AND NOT (has_escapes AND {matches('content', _MORE_ESCAPES)}) AND {matches('content', _PLAIN)}"
        f" THEN from_json(content, {literal(schema)}, map('columnNameOfCorruptRecord', '{_FAULT}')) END"
    )


def _is_plain(kind: str) -> str:
    """True where the schema has read all of a record of the plain form, and no object in place of a text."""
    parties = ("provider",) if kind == "listing" else ("provider", "buyer")
    has_parties = " AND ".join(f"event.data.{role} IS NOT NULL" for role in parties)
    # Any other text with a brace is refused, whatever it was.
    has_texts = " AND ".join(
        f"coalesce(NOT startswith(event.data.{name}, '{{'), true)" for name in ("origin_exchange", "certificate_no")
    )
    return f"(event.{_FAULT} IS NULL AND event.data.revision IS NOT NULL AND {has_parties} AND {has_texts})"


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
    in_body = f"CASE WHEN is_binary THEN {in_header} ELSE {text(member('body', name))} END"
    return f"CASE WHEN is_plain THEN event.{name} ELSE {in_body} END"


def _columns(kind: str) -> list[str]:
    """The members of a document: its texts, and whether those that may be null are there."""
    # 1.0 is a DECIMAL and no integer; more than 18 digits are none that may stand here.
    revision = member("data", "revision")
    whole = f"if(schema_of_variant({revision}) = 'BIGINT', variant_get({revision}, '$', 'bigint'), NULL)"
    columns = [
        *(_text(name, path) for name, path in (("number", f"{kind}_no"), ("status", "status"), ("at", INSTANTS[kind]))),
        *(_text(f"product_{name}", f"product.{name}") for name in ("no", "name", "kind")),
        f"CASE WHEN is_plain THEN event.data.revision ELSE {whole} END AS revision",
        *_nullable("origin", "origin_exchange"),
        *_nullable("certificate", "certificate_no"),
        *_nullable("industry", "product.industry"),
        _has("product", "product"),
        *_party_columns("provider"),
    ]
    if kind == "listing":
        return columns
    return [
        *columns,
        *_party_columns("buyer"),
        *_nullable("listing_no", "listing_no"),
        *(_text(name, name) for name in ("mode", "amount", "currency")),
        _text("refunded", "refunded", "0"),
    ]


def _text(name: str, path: str, absent: str | None = None) -> str:
    """A member as text, or what an absent one stands for."""
    plain, value = f"event.data.{path}", text(member("data", path))
    if absent is not None:
        plain = f"coalesce({plain}, {literal(absent)})"
        value = f"CASE WHEN {member('data', path)} IS NULL THEN {literal(absent)} ELSE {value} END"
    return f"CASE WHEN is_plain THEN {plain} ELSE {value} END AS {name}"


def _has(name: str, path: str) -> str:
    is_there = f"NOT {is_absent_or_null(member('data', path))}"
    return f"CASE WHEN is_plain THEN event.data.{path} IS NOT NULL ELSE {is_there} END AS has_{name}"


def _nullable(name: str, path: str) -> list[str]:
    """A member that may be null or absent: its text, and whether it is anything else."""
    return [_text(name, path), _has(name, path)]


def _party_columns(role: str) -> list[str]:
    return [
        _text(f"{role}_scheme", f"{role}.id_scheme", "uscc"),
        _text(f"{role}_id", f"{role}.id"),
        _text(f"{role}_name", f"{role}.name"),
    ]


def _halves(role: str) -> list[str]:
    first, second = uscc_halves(f"{role}_id")
    return [f"{first} AS {role}_first", f"{second} AS {role}_second"]


def _event_rules(kind: str) -> list[str]:
    """The conditions of a CloudEvent of the right source and type."""
    return [
        "ce_specversion = '1.0' AND ce_id <> '' AND ce_source = concat('/exchanges/', exchange)",
        f"ce_type = {literal(TYPES[kind])} AND NOT is_other",
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
        f"CASE {scheme} WHEN 'uscc' THEN {is_uscc(f'{role}_first', f'{role}_second')}"
        f" WHEN 'overseas' THEN {matches(code, NUMBER)} WHEN 'natural_person' THEN {pseudonym} END"
    )
    return [has_length(f"{role}_name", 1, MAX_NAME), is_id]
