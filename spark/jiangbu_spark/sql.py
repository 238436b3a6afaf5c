"""Fragments of Spark SQL for the contract's types. Each function takes and returns the text of an expression.

A value that is not of its type is NULL, which is how a document is found to be invalid: no function of a row in Python
is called, so all of it is compiled by Spark.
"""

from __future__ import annotations

NUMBER = r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\z"
IDENTITY_NUMBER = r"\A[0-9]{17}[0-9Xx]\z"
AMOUNT = r"\A[0-9]+(\.[0-9]{1,2})?\z"
TIME = (
    r"\A20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z"
)
# GB 32100-2015: 17 characters and the check character; weights are the powers of 3 modulo 31.
USCC = r"\A[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}\z"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
HALF = 9  # characters of a code
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of numbers to the base of 36
USCC_WEIGHTS = [pow(3, place, 31) for place in range(17)]
HOUR_US = 3_600_000_000
NO_AMOUNT = 10**15  # fen: more than any amount may be, and the sum of three still is a BIGINT


def literal(text: str) -> str:
    """A string literal. Backslashes stay as they are."""
    return "r'" + text.replace("'", "''") + "'" if "'" not in text else "'" + text.replace("'", "\\'") + "'"


def matches(value: str, pattern: str) -> str:
    return f"{value} RLIKE {literal(pattern)}"


def member(variant: str, name: str) -> str:
    """A member of a JSON object as VARIANT: NULL if it is absent, a VARIANT null if the document says null.

    `name` may be a path of several members, with points.
    """
    return f"variant_get({variant}, '$.{name}', 'variant')"


def text(variant: str) -> str:
    """The value of a JSON string without U+0000; NULL for anything else. A number in its place is no string.

    The table has `has_escapes`: false where the text of the JSON has no escape by number, and so no U+0000 either.
    """
    value = f"variant_get({variant}, '$', 'string')"
    without = f"if(has_escapes AND contains({value}, '\\u0000'), NULL, {value})"
    return f"CASE WHEN schema_of_variant({variant}) = 'STRING' THEN {without} END"


def is_absent_or_null(variant: str) -> str:
    return f"({variant} IS NULL OR is_variant_null({variant}))"


def one_of(value: str, words: tuple[str, ...]) -> str:
    return f"{value} IN ({', '.join(map(literal, words))})"


def has_length(value: str, least: int, most: int) -> str:
    """True for a text of that many code points."""
    return f"char_length({value}) BETWEEN {least} AND {most}"


def instant(value: str) -> str:
    """The microseconds since 1970 of an RFC 3339 text of the contract's form; NULL for anything else.

    The session's time zone is UTC, so the text without its offset is read as UTC, and the offset is deducted.
    """
    seconds = f"unix_micros(try_cast(substr({value}, 1, 19) AS TIMESTAMP))"
    zone = f"if(endswith({value}, 'Z'), 1, 6)"
    digits = f"CAST(rpad(substr({value}, 21, char_length({value}) - 20 - {zone}), 6, '0') AS BIGINT)"
    decimals = f"if(substr({value}, 20, 1) = '.', {digits}, 0)"
    offset = (
        f"CASE WHEN endswith({value}, 'Z') THEN 0 ELSE if(substr({value}, -6, 1) = '-', -1, 1) * 60000000 *"
        f" (CAST(substr({value}, -5, 2) AS BIGINT) * 60 + CAST(substr({value}, -2, 2) AS BIGINT)) END"
    )
    return f"CASE WHEN {matches(value, TIME)} THEN {seconds} + {decimals} - ({offset}) END"


def fen(value: str) -> str:
    """The fen of yuan as a decimal text; NULL for anything else, NO_AMOUNT for more than 13 digits of yuan."""
    usual = f"char_length({value}) <= 16 AND substr({value}, -3, 1) = '.'"
    whole = f"trim(LEADING '0' FROM split_part({value}, '.', 1))"
    decimals = f"rpad(split_part({value}, '.', 2), 2, '0')"
    amount = f"CAST(concat('0', {whole}, {decimals}) AS BIGINT)"
    return (
        f"CASE WHEN NOT {matches(value, AMOUNT)} THEN NULL WHEN {usual} THEN CAST(replace({value}, '.') AS BIGINT)"
        f" WHEN char_length({whole}) > 13 THEN {NO_AMOUNT} ELSE {amount} END"
    )


def uscc_halves(code: str) -> tuple[str, str]:
    """The two halves of a text that has the form of a unified social credit code, read as numbers to the base of 36."""
    first, second = (
        f"CASE WHEN {matches(code, USCC)} THEN CAST(conv(substr({code}, {begin}, {HALF}), 36, 10) AS BIGINT) END"
        for begin in (1, HALF + 1)
    )
    return first, second


def is_uscc(first: str, second: str) -> str:
    """True for a code with the right check character, by columns of its halves, which are NULL where there is no code.

    `get` is NULL for a NULL index. In ANSI mode `array[index]` fails there, because Spark does not expect NULL in it.
    """
    values = ", ".join(str(max(0, USCC_ALPHABET.find(digit))) for digit in DIGITS)

    def place(number: int) -> str:
        half = first if number <= HALF else second
        return f"get(array({values}), CAST({half} DIV {36 ** (-number % HALF)} % 36 AS INT))"

    total = " + ".join(f"{place(number)} * {weight}" for number, weight in enumerate(USCC_WEIGHTS, 1))
    return f"coalesce((31 - ({total}) % 31) % 31 = {place(18)}, false)"


def year_of(at_us: str) -> str:
    """The year of an instant in Shanghai, which has had +08:00 all year since 1991."""
    return f"year(timestamp_micros({at_us} + {8 * HOUR_US}))"


def rated(amount: str, ratio: tuple[int, int], cap: str, rounding: str) -> str:
    """A rate of an amount up to a cap, rounded once at the end (G5). `cap` is a BIGINT of fen."""
    part, whole = ratio
    exact = f"CAST(least(CAST({amount} AS DECIMAL(38, 0)) * {part}, CAST({cap} AS DECIMAL(38, 0)) * {whole}) AS BIGINT)"
    if rounding == "down_to_the_yuan":
        return f"({exact} DIV {100 * whole} * 100)"
    if rounding == "half_up_to_the_fen":
        return f"((2 * {exact} + {whole}) DIV {2 * whole})"
    return f"({exact} DIV {whole})"
