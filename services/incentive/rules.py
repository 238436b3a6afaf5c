"""Awards as a pure function of facts, whitelist and policy: the four rules that events drive (policy.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from services.incentive.facts import (
    Bucket,
    ExchangeTotal,
    FactRef,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
)
from services.incentive.terms import Interval, Policy, Tier
from shared.exchanges import Exchanges
from shared.parties import Party

LAST_DAY = "last_day"


class CutDatesError(ValueError):
    """Totals are not cut at a date that the policy names, so they cannot be computed: incentive stops."""


class Evidence(msgspec.Struct, frozen=True):
    """A fact that an award rests on, and the exchanges whose documents make up the amount."""

    ref: FactRef
    exchanges: tuple[str, ...]


class Entitlement(msgspec.Struct, frozen=True):
    """What a rule yields: always with a ceiling over zero. `exchange` is None for a total over exchanges."""

    award_id: str
    rule: str
    article: str
    subject: Party
    exchange: str | None
    year: int
    base_fen: int
    rate: Decimal | None
    cap_fen: int | None
    ceiling_fen: int
    flags: tuple[str, ...]
    evidence: tuple[Evidence, ...]


class SubjectFacts(msgspec.Struct, frozen=True):
    """All facts of one subject, of every register; totals by calendar year."""

    first_listing: tuple[FirstListing, ...] = ()
    first_purchase: tuple[FirstPurchase, ...] = ()
    totals: Mapping[int, Sequence[ProviderTotal]] = {}


class TierYear(msgspec.Struct, frozen=True):
    """How one calendar year of an exchange stands under (六) 2; amounts in fen.

    `before_fen` is the running total when the policy began, `base_fen` at the last instant in force, `total_fen`
    that of the whole year. `passed_fen` is the highest total of an earlier year (0: none), `tier` the highest tier
    that earns, `earned_before_fen` what this exchange earned in earlier years under this policy.
    """

    year: int
    before_fen: int
    base_fen: int
    total_fen: int
    passed_fen: int
    tier: Tier | None
    subject: Party | None
    earned_before_fen: int
    ceiling_fen: int


class Split(msgspec.Struct, frozen=True):
    """A year's amount and number of trades before, within and after a period."""

    before_fen: int = 0
    before_trades: int = 0
    within_fen: int = 0
    within_trades: int = 0
    after_fen: int = 0
    after_trades: int = 0


def subject_awards(subject: Party, facts: SubjectFacts, policy: Policy) -> list[Entitlement]:
    """What (四) 1 to 3 yield for one subject, in the policy file's order, then by year.

    Raises CutDatesError when a total is not cut at the policy's dates.
    """
    raise NotImplementedError


def exchange_awards(
    exchange: str, totals: Mapping[int, Sequence[ExchangeTotal]], exchanges: Exchanges, policy: Policy
) -> list[Entitlement]:
    """What (六) 2 yields for one exchange, by year; needs all its years, as later ones depend on earlier ones.

    Raises CutDatesError when a total is not cut at the policy's dates.
    """
    raise NotImplementedError


def split(buckets: Sequence[Bucket], period: Interval) -> Split:
    """Sums before, within and after a period. Raises CutDatesError when a bucket crosses its limits."""
    raise NotImplementedError
