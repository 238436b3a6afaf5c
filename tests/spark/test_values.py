"""Codes, amounts and times in SQL against the services' own readers, over random texts, valid and damaged."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.values.money import parse_yuan
from shared.values.parties import complete_uscc, is_uscc
from shared.values.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import SparkSession

TEXTS = 500  # of each kind, each also damaged
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # of a code
DAMAGE = [*"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZaz.-+:_ \n\0１Ａ٣é😀", ""]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def damaged(text: str, rng: random.Random) -> str:
    """The text with one character replaced, removed, added or moved."""
    place = rng.randrange(len(text) + 1)
    if rng.random() < 0.2:
        return text[place:] + text[:place]
    return text[:place] + rng.choice(DAMAGE) + text[place + rng.randrange(2) :]


def with_damage(texts: Iterator[str], rng: random.Random) -> list[str | None]:
    found: list[str | None] = [None, ""]
    for text in texts:
        found += [text, damaged(text, rng)]
    return found


def computed(spark: SparkSession, texts: Sequence[str | None], expressions: Sequence[str]) -> dict[str | None, Any]:
    """The last expression of each text `value`; it may name the columns `c0`, `c1` of those before it."""
    from jiangbu_spark.tables import computed_where  # noqa: PLC0415 - it needs PySpark

    frame = spark.createDataFrame([(text,) for text in texts], "value STRING")
    columns = [f"{expression} AS c{place}" for place, expression in enumerate(expressions[:-1])]
    rows = computed_where(frame, ["value", *columns], "true").selectExpr("value", f"{expressions[-1]} AS found")
    return {row.value: row.found for row in rows.collect()}


def expected(texts: Sequence[str | None], read: Callable[[str], Any]) -> dict[str | None, Any]:
    """Each text as the services read it; None where they refuse it."""
    found = dict.fromkeys(texts)
    for text in texts:
        with suppress(ValueError):
            found[text] = None if text is None else read(text)
    return found


def test_codes_are_those_of_the_services(spark: SparkSession) -> None:
    from jiangbu_spark.sql import is_uscc as is_uscc_in_sql  # noqa: PLC0415 - as above
    from jiangbu_spark.sql import uscc_halves  # noqa: PLC0415

    rng = random.Random(31)

    def code(_: int) -> str:
        begin, end = ("".join(rng.choices(CHARACTERS, k=count)) for count in (2, 9))
        return complete_uscc(f"{begin}{rng.randrange(10**6):06d}{end}")

    texts = with_damage(map(code, range(TEXTS)), rng)
    # The other check characters of a code, and each character of the base of 36 in each place.
    first = next(text for text in texts if text)
    texts += [first[:17] + character for character in CHARACTERS]
    texts += [first[:place] + one + first[place + 1 :] for place in range(18) for one in DAMAGE]
    found = computed(spark, texts, [*uscc_halves("value"), is_uscc_in_sql("c0", "c1")])
    assert found == {text: text is not None and is_uscc(text) for text in texts}
    assert sum(found.values()) >= TEXTS


def test_amounts_are_those_of_the_services(spark: SparkSession) -> None:
    from jiangbu_spark.sql import NO_AMOUNT, fen  # noqa: PLC0415 - as above

    rng = random.Random(2)

    def amount(_: int) -> str:
        whole = "0" * rng.choice((0, 0, 1, 20)) + str(rng.randrange(10 ** rng.randint(1, 16)))
        return whole + rng.choice(("", ".5", ".00", f".{rng.randrange(100):02d}"))

    texts = with_damage(map(amount, range(TEXTS)), rng)
    wanted = {
        text: NO_AMOUNT if value is not None and value >= NO_AMOUNT else value
        for text, value in expected(texts, parse_yuan).items()
    }
    assert computed(spark, texts, [fen("value")]) == wanted
    assert NO_AMOUNT in wanted.values()


def test_times_are_those_of_the_services(spark: SparkSession) -> None:
    from jiangbu_spark.sql import instant  # noqa: PLC0415 - as above

    rng = random.Random(3339)

    def time(_: int) -> str:
        day = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(100 * 365 * 86_400))
        decimals = rng.choice(("", f".{rng.randrange(10 ** rng.randint(1, 6))}"))
        zone = f"{rng.choice('+-')}{rng.randrange(24):02d}:{rng.randrange(60):02d}"
        return f"{day:%Y-%m-%dT%H:%M:%S}{decimals}{rng.choice(('Z', '+08:00', zone))}"

    texts = with_damage(map(time, range(TEXTS)), rng)
    wanted = expected(texts, lambda text: (parse_time(text) - EPOCH) // timedelta(microseconds=1))
    assert computed(spark, texts, [instant("value")]) == wanted
    assert sum(value is not None for value in wanted.values()) >= TEXTS
