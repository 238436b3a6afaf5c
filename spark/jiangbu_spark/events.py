"""The rules that trades and listings drive: (四) 1, 2, 3 and (六) 2. From states to facts, from facts to ceilings.

Facts depend on documents and whitelist alone, and are small; awards follow from facts and one policy. So one pass over
the documents serves any number of policies whose limits in time fall on the cuts of the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jiangbu_spark.policy import ANNUAL, FIRST_LISTING, FIRST_PURCHASE, TIERS, fen, ratio, year_us
from jiangbu_spark.sql import HOUR_US, literal, rated, year_of
from jiangbu_spark.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from jiangbu_spark.policy import ComputedPolicy, CountedExchange

# The columns of ceilings, whatever earned them. `day`: of a declaration, else empty; `item`: likewise.
CEILINGS = (
    "award_id", "rule", "rule_rank", "kind", "subject", "exchange", "year", "earned_from_us", "earned_until_us", "day",
    "item", "base_fen", "cap_fen", "ceiling_fen",
)  # fmt: skip
_WIDE_NET_FEN = "CAST(net_fen AS DECIMAL(20, 0))"  # the sum of many amounts may exceed a BIGINT


@dataclass(frozen=True)
class Facts:
    """The facts that follow from the documents.

    first_listings: subject, at_us, exchange, number. first_purchases: with net_fen. provider_totals: subject, year,
    begins_us, is_matched, net_fen, last_us. exchange_totals: exchange, year, begins_us, net_fen, last_us. Totals are
    divided where `begins_us` says, at cuts of policies; `last_us` is the last instant of a trade in them.
    traded: subject, year, traded_fen, of all trades of an entity in a calendar year, bought or sold.
    """

    first_listings: DataFrame
    first_purchases: DataFrame
    provider_totals: DataFrame
    exchange_totals: DataFrame
    traded: DataFrame


@dataclass(frozen=True)
class Sides:
    """Sums of trades by seller and by buyer. Several facts follow from them, and they have far fewer rows than trades.

    sold: subject, exchange, year, begins_us, net_fen, last_us. bought, by legal entities alone: subject, year, net_fen
    and `place`, the first purchase of the year: at_us, exchange, number, net_fen.
    """

    sold: DataFrame
    bought: DataFrame


def sides_of(trades: DataFrame, whitelist: Sequence[CountedExchange], cuts: Sequence[int]) -> Sides:
    """The sides of the trades that count, from the newest states."""
    counted = _counted_trades(trades, whitelist)
    return Sides(_sums(counted.withColumnRenamed("provider", "subject"), "subject, exchange", cuts), _bought(counted))


def facts_of(
    listings: DataFrame, trades: DataFrame, sides: Sides, whitelist: Sequence[CountedExchange], cuts: Sequence[int]
) -> Facts:
    """The facts of the newest states; a document counts within its exchange's time on the whitelist (G2)."""
    counted_listings = _counted(listings, whitelist).where("status <> 'annulled'")
    return Facts(
        _first_listed(counted_listings),
        sides.bought.groupBy("subject").agg({"place": "min"}).selectExpr("subject", "`min(place)`.*"),
        _provider_totals(_counted_trades(trades, whitelist), counted_listings, cuts),
        _exchange_totals(sides.sold),
        _traded(sides),
    )


def _counted_trades(trades: DataFrame, whitelist: Sequence[CountedExchange]) -> DataFrame:
    return _counted(trades, whitelist).where("status = 'completed' AND NOT is_mirrored")


def _counted(states: DataFrame, whitelist: Sequence[CountedExchange]) -> DataFrame:
    listed = table(
        states.sparkSession,
        "exchange STRING, listed_from BIGINT, listed_until BIGINT",
        [(one.id, *one.listed) for one in whitelist],
    )
    return states.join(listed, "exchange").where("at_us >= listed_from AND at_us < listed_until")


# The first document of a subject is the least by instant, exchange and number (details 1, 2). Spark finds it in sorted
# rows, and sorts them by a prefix of their first column. Subjects begin alike, so the first column is a hash of them.


def _first_listed(listings: DataFrame) -> DataFrame:
    return (
        listings.where("NOT is_mirrored AND provider LIKE 'uscc:%'")
        .selectExpr("xxhash64(provider) AS prefix", "provider AS subject", "struct(at_us, exchange, number) AS place")
        .groupBy("prefix", "subject")
        .agg({"place": "min"})
        .selectExpr("subject", "`min(place)`.*")
    )


def _bought(trades: DataFrame) -> DataFrame:
    trades.createOrReplaceTempView("bought_trades")
    return trades.sparkSession.sql(f"""
        SELECT buyer AS subject, {year_of("at_us")} AS year, sum({_WIDE_NET_FEN}) AS net_fen,
               min(struct(at_us, exchange, number, net_fen)) AS place
        FROM bought_trades WHERE buyer LIKE 'uscc:%' GROUP BY xxhash64(buyer), subject, year
    """)


def _provider_totals(trades: DataFrame, listings: DataFrame, cuts: Sequence[int]) -> DataFrame:
    """Listed trades of each provider and year: those whose listing proves them, and the others (details 3)."""
    listed = trades.where("mode = 'listed' AND provider LIKE 'uscc:%'")
    proofs = listings.selectExpr("number AS listing_no", "exchange", "provider AS listed_by", "at_us AS listed_us")
    matched = listed.join(proofs, ["listing_no", "exchange"], "left").selectExpr(
        "*", "coalesce(listed_by = provider AND listed_us <= at_us, false) AS is_matched"
    )
    return _sums(matched.withColumnRenamed("provider", "subject"), "subject, is_matched", cuts)


def _sums(trades: DataFrame, whose: str, cuts: Sequence[int]) -> DataFrame:
    """Net amounts by year and cut."""
    begins = ", ".join(["0", *(f"if(at_us >= {cut}, {cut}, 0)" for cut in sorted(set(cuts)))])
    trades.createOrReplaceTempView("summed_trades")
    return trades.sparkSession.sql(
        f"SELECT {whose}, {year_of('at_us')} AS year, greatest({begins}, 0) AS begins_us,"
        f" sum({_WIDE_NET_FEN}) AS net_fen, max(at_us) AS last_us FROM summed_trades GROUP BY ALL"
    )


def _exchange_totals(sold: DataFrame) -> DataFrame:
    sold.createOrReplaceTempView("sold")
    return sold.sparkSession.sql(
        "SELECT exchange, year, begins_us, sum(net_fen) AS net_fen, max(last_us) AS last_us FROM sold GROUP BY ALL"
    )


def _traded(sides: Sides) -> DataFrame:
    sold, bought = (side.select("subject", "year", "net_fen") for side in (sides.sold, sides.bought))
    return (
        sold.where("subject LIKE 'uscc:%'")
        .unionByName(bought)
        .groupBy("subject", "year")
        .agg({"net_fen": "sum"})
        .withColumnRenamed("sum(net_fen)", "traded_fen")
    )


def _award(policy: ComputedPolicy, rule: str, columns: dict[str, str]) -> list[str]:
    terms = policy.rules[rule]
    fixed = {
        "rule": literal(rule),
        "rule_rank": str(terms.rank),
        "kind": literal(terms.kind),
        "day": "''",
        "item": "''",
    }
    return [f"{(fixed | columns)[name]} AS {name}" for name in CEILINGS]


def _is_in_force(policy: ComputedPolicy, at_us: str) -> str:
    return f"{at_us} >= {policy.in_force[0]} AND {at_us} < {policy.in_force[1]}"


def _begin_of(year: str) -> str:
    """The instant at which a year begins in Shanghai."""
    return f"(unix_micros(CAST(make_date({year}, 1, 1) AS TIMESTAMP)) - {8 * HOUR_US})"


# When an award is earned: at the instant of a document, or within a year whose total it is.
_AT_ONCE = {"year": year_of("at_us"), "earned_from_us": "at_us", "earned_until_us": "at_us + 1"}
_IN_A_YEAR = {"year": "year", "earned_from_us": _begin_of("year"), "earned_until_us": _begin_of("year + 1")}


def _first_listings(facts: Facts, policy: ComputedPolicy, _: Sequence[CountedExchange]) -> DataFrame:
    """(四) 1: a fixed amount for the entity's first listing, if the first is in force (G1)."""
    amount = f"CAST({fen(policy.rules[FIRST_LISTING].terms['amount'])} AS BIGINT)"
    columns = {"award_id": f"concat('{FIRST_LISTING}/', subject)", "subject": "subject", "exchange": "exchange",
               **_AT_ONCE,
               "base_fen": "CAST(0 AS DECIMAL(38, 0))", "cap_fen": amount, "ceiling_fen": amount}  # fmt: skip
    return facts.first_listings.where(_is_in_force(policy, "at_us")).selectExpr(*_award(policy, FIRST_LISTING, columns))


def _first_purchases(facts: Facts, policy: ComputedPolicy, _: Sequence[CountedExchange]) -> DataFrame:
    """(四) 2: a rate of the first completed purchase net of refunds, up to a cap."""
    terms = policy.rules[FIRST_PURCHASE].terms
    cap = f"CAST({fen(terms['cap'])} AS BIGINT)"
    columns = {"award_id": f"concat('{FIRST_PURCHASE}/', subject)", "subject": "subject", "exchange": "exchange",
               **_AT_ONCE,
               "base_fen": "CAST(net_fen AS DECIMAL(38, 0))", "cap_fen": cap,
               "ceiling_fen": rated("net_fen", ratio(terms["rate"]), cap, policy.readings["rounding"])}  # fmt: skip
    return facts.first_purchases.where(_is_in_force(policy, "at_us")).selectExpr(
        *_award(policy, FIRST_PURCHASE, columns)
    )


def _annual(facts: Facts, policy: ComputedPolicy, _: Sequence[CountedExchange]) -> DataFrame:
    """(四) 3: a rate of the year's listed trades over all exchanges, from the threshold up to the cap."""
    terms = policy.rules[ANNUAL].terms
    is_whole = policy.reads(ANNUAL, "whole_calendar_year")
    years = f"year IN ({', '.join(map(str, policy.years))})"
    counted = (
        years if is_whole else f"{years} AND begins_us >= {policy.in_force[0]} AND begins_us < {policy.in_force[1]}"
    )
    if not policy.reads(ANNUAL, "mode_as_the_exchange_states"):
        counted += " AND is_matched"
    reached = ">" if policy.reads(ANNUAL, "at_least_means_gt") else ">="
    totals = facts.provider_totals.where(counted).groupBy("subject", "year").agg({"net_fen": "sum"})
    cap = f"CAST({fen(terms['cap'])} AS BIGINT)"
    columns = {"award_id": f"concat('{ANNUAL}/', subject, '/', CAST(year AS STRING))", "subject": "subject",
               "exchange": "CAST(NULL AS STRING)", **_IN_A_YEAR,
               "base_fen": "CAST(base_fen AS DECIMAL(38, 0))", "cap_fen": cap,
               "ceiling_fen": rated("base_fen", ratio(terms["rate"]), cap, policy.readings["rounding"])}  # fmt: skip
    return (
        totals.withColumnRenamed("sum(net_fen)", "base_fen")
        .where(f"base_fen {reached} {fen(terms['at_least'])}")
        .selectExpr(*_award(policy, ANNUAL, columns))
    )


def _tiers(facts: Facts, policy: ComputedPolicy, whitelist: Sequence[CountedExchange]) -> DataFrame:
    """(六) 2: each tier once for each exchange, by difference (details 4).

    The award of a year is the amount of the highest tier that earns in it, less the amounts before it. As each is what
    the highest amount so far leaves, it is the amount less the greatest amount of earlier years, at least nothing.
    """
    spark = facts.exchange_totals.sparkSession
    first, until = policy.in_force
    facts.exchange_totals.createOrReplaceTempView("exchange_totals")
    _operators(spark, policy, whitelist).createOrReplaceTempView("operators")
    before = "0" if policy.reads(TIERS, "total_in_force_alone") else "before_fen"
    barred = before
    if policy.reads(TIERS, "never_in_an_earlier_year"):
        barred = f"if(year IN ({', '.join(map(str, policy.years))}), 0, {before} + within_fen)"
    history = "0"
    if policy.reads(TIERS, "less_steps_before_the_policy_too"):
        history = f"max({_highest(policy, 'before_fen')}) OVER (so_far)"
    whose = "exchange, operator" if policy.reads(TIERS, "steps_of_the_operator") else "exchange"
    passes = [
        f"if({_is_over('base_fen', over, policy)} AND NOT {_is_over('greatest(passed_fen, barred_fen)', over, policy)},"
        f" {amount}, 0)"
        for over, amount in _steps(policy)
    ]
    columns = {"award_id": f"concat('{TIERS}/', exchange, '/', CAST(year AS STRING))",
               "subject": "concat('uscc:', operator)", "exchange": "exchange", **_IN_A_YEAR,
               "base_fen": "CAST(base_fen AS DECIMAL(38, 0))", "cap_fen": "amount_fen",
               "ceiling_fen": "greatest(0, due_so_far - greatest(0, coalesce(due_before, 0)))"}  # fmt: skip
    return spark.sql(f"""
        WITH parts AS (
            SELECT exchange, year,
                   sum(if(begins_us < {first}, net_fen, 0)) AS before_fen,
                   sum(if(begins_us >= {first} AND begins_us < {until}, net_fen, 0)) AS within_fen,
                   sum(if(begins_us >= {until}, net_fen, 0)) AS after_fen
            FROM exchange_totals GROUP BY exchange, year
        ), running AS (
            SELECT *, {before} + within_fen AS base_fen, {barred} AS barred_fen, {history} AS history_fen,
                   coalesce(max({before} + within_fen + after_fen) OVER (
                       PARTITION BY exchange ORDER BY year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
                       AS passed_fen
            FROM parts
            WINDOW so_far AS (PARTITION BY exchange ORDER BY year)
        ), passing AS (
            SELECT r.*, o.operator, CAST(greatest({", ".join(passes)}, 0) AS BIGINT) AS amount_fen
            FROM running r JOIN operators o USING (exchange, year)
        ), due AS (
            SELECT *, max(amount_fen - history_fen) OVER (PARTITION BY {whose} ORDER BY year) AS due_so_far,
                   max(amount_fen - history_fen) OVER (PARTITION BY {whose} ORDER BY year
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS due_before
            FROM passing
        )
        SELECT {", ".join(_award(policy, TIERS, columns))} FROM due
    """)


def _steps(policy: ComputedPolicy) -> list[tuple[int, int]]:
    return [(fen(one["over"]), fen(one["amount"])) for one in policy.rules[TIERS].terms["tiers"]]


def _is_over(total: str, over: int, policy: ComputedPolicy) -> str:
    """超过 excludes the number itself (Civil Code 1259), unless the file reads otherwise."""
    return f"{total} {'>=' if policy.reads(TIERS, 'over_means_ge') else '>'} {over}"


def _highest(policy: ComputedPolicy, total: str) -> str:
    steps = [f"if({_is_over(total, over, policy)}, {amount}, 0)" for over, amount in _steps(policy)]
    return f"greatest({', '.join(steps)}, 0)"


def _operators(spark: SparkSession, policy: ComputedPolicy, whitelist: Sequence[CountedExchange]) -> DataFrame:
    """The operator of each exchange on the last day of each year; without one nobody earns, and nothing is earned."""
    rows = []
    for exchange in whitelist:
        for year in range(2000, 2101):
            instant = _rewarded_at(exchange, year, policy)
            rows += [
                (exchange.id, year, code)
                for code, (since, until) in exchange.operators
                if instant is not None and since <= instant < until
            ]
    return table(spark, "exchange STRING, year INT, operator STRING", rows)


def _rewarded_at(exchange: CountedExchange, year: int, policy: ComputedPolicy) -> int | None:
    """The instant at which one must operate an exchange to be rewarded for the year; None where nobody is."""
    last = year_us(year + 1) - 1
    if policy.reads(TIERS, "operators_own_period") or exchange.listed[0] <= last < exchange.listed[1]:
        return last
    left = exchange.listed[1] - 1
    has_left = policy.reads(TIERS, "operator_of_the_last_listed_day") and exchange.listed[0] <= left
    return left if has_left and year_us(year) <= left < last else None


# The ceilings of each rule by one policy, with the columns CEILINGS; some may be 0.
EVENT_RULES: Final[Mapping[str, Callable[[Facts, ComputedPolicy, Sequence[CountedExchange]], DataFrame]]] = {
    FIRST_LISTING: _first_listings,
    FIRST_PURCHASE: _first_purchases,
    ANNUAL: _annual,
    TIERS: _tiers,
}
