"""The report of a run, as text for a person and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jiangbu_spark.prices import DIMENSIONS, TOTAL, Price, yuan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jiangbu_spark.prices import Affected

_NAMES = {
    "rule": "按规则 / by rule",
    "kind": "按类别 / by kind",
    "exchange": "按交易场所（空：不属单一交易场所）/ by exchange (empty: of no single exchange)",
    "year": "按年度 / by year",
    "month": "按取得月份（空：按全年合计）/ by the month that earned it (empty: a total of the year)",
    "size": "按每项可兑现额，不超过（元）/ by size of an award: payable of at most (yuan)",
    "traded": "按主体当年买卖额，不超过（元）/ by what the subject bought and sold in the year: at most (yuan)",
}


class Report(NamedTuple):
    """The result of a run.

    `policies`: revision by name, the first one first; `uncomputed`: alternatives that the job cannot compute, with the
    reason; `differences`: None where nothing was compared.
    """

    policies: Mapping[str, str]
    prices: Sequence[Price]
    affected: Mapping[str, Affected]
    uncomputed: Mapping[str, str]
    differences: int | None

    def as_json(self) -> dict[str, object]:
        """The report with amounts in yuan."""
        return {
            "policies": [
                {
                    "name": name,
                    "revision": revision,
                    "subjects": {"more": self.affected[name].more, "less": self.affected[name].less},
                    **{dimension: self._by_value(name, dimension) for dimension in DIMENSIONS},
                }
                for name, revision in self.policies.items()
            ],
            "uncomputed": dict(self.uncomputed),
            "differences": self.differences,
        }

    def _by_value(self, name: str, dimension: str) -> object:
        found = {
            one.value: {
                "awards": one.awards, "ceiling": yuan(one.ceiling), "payable": yuan(one.payable),
                "difference": yuan(one.difference),
            }
            for one in self.prices
            if (one.policy, one.dimension) == (name, dimension)
        }  # fmt: skip
        return found[""] if dimension == TOTAL else found

    def lines(self) -> Iterator[str]:
        """The report for a person: the price of each policy, how the first is distributed, and where others differ."""
        for one in self.prices:
            if one.dimension == TOTAL:
                yield self._total(one)
        for dimension, title in _NAMES.items():
            yield title
            for one in self.prices:
                if one.dimension == dimension and (one.policy == next(iter(self.policies)) or one.difference):
                    yield f"  {one.value or '-'}: {one.policy}: {one.awards}, {yuan(one.payable)} ({_signed(one)})"
        for name, why in self.uncomputed.items():
            yield f"未计算 / not computed: {name}: {why}"
        if self.differences is not None:
            yield f"差异 / differences: {self.differences}"

    def _total(self, one: Price) -> str:
        told = (
            f"{one.policy} ({self.policies[one.policy]}): 奖补 / awards {one.awards}，"
            f"测算上限 / ceilings {yuan(one.ceiling)}，可兑现 / payable {yuan(one.payable)}"
        )
        if len(self.policies) == 1:
            return told
        more, less = self.affected[one.policy]
        return (
            f"{told}，与第一份之差 / difference to the first {_signed(one)}，"
            f"主体增、减 / subjects with more, less {more}, {less}"
        )


def _signed(one: Price) -> str:
    return f"{'+' if one.difference > 0 else ''}{yuan(one.difference)}"
