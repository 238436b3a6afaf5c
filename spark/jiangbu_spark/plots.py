"""Plots of prices for people, with Chinese labels. Needs the extra `notebook`."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from matplotlib import font_manager, rcParams
from matplotlib.figure import Figure

from jiangbu_spark.prices import MORE, SIZES_YUAN, TOTAL, TRADED_YUAN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from jiangbu_spark.policy import ComputedPolicy
    from jiangbu_spark.prices import Price

FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Microsoft YaHei", "SimHei", "DejaVu Sans")
WAN, YI = 10_000, 100_000_000
FEN_OF_10_000_YUAN = WAN * 100
WIDTH_INCHES, ROW_INCHES, POLICY_INCHES, MARGIN_INCHES = 10.0, 0.42, 0.68, 1.6
LABEL_CHARACTERS = 20
BAR_HEIGHT = 0.72
FIRST, OTHER, LESS = "#1f4e79", "#e08214", "#b2182b"
TITLES = {
    "rule": "按规则 / by rule",
    "kind": "按类别 / by kind",
    "exchange": "按交易场所 / by exchange",
    "year": "按年度 / by year",
    "month": "按取得月份 / by month",
    "size": "按每项奖补的可兑现额 / by size of an award",
    "traded": "按主体当年买卖额 / by what the subject traded in the year",
}
NO_EXCHANGE = "不属单一交易场所\nof no single exchange"
_UNIT = "可兑现额（万元）/ payable (10,000 yuan)"
_CLASSES = {"size": SIZES_YUAN, "traded": TRADED_YUAN}


def names_of(policy: ComputedPolicy) -> dict[str, str]:
    """The Chinese names of the rules of a policy file, and of kinds by their rules."""
    rules = {name: rule.terms["name"]["zh"] for name, rule in (*policy.rules.items(), *policy.declared.items())}
    kinds: dict[str, list[str]] = {}
    for name, rule in (*policy.rules.items(), *policy.declared.items()):
        kinds.setdefault(rule.kind, []).append(rules[name])
    return {kind: "、".join(of_it) for kind, of_it in kinds.items()} | rules


def plot_policies(found: Sequence[Price], texts: Mapping[str, str]) -> Figure:
    """Plot the difference of each policy's price to the first one's; `texts` describe policies, by name.

    Policies that cost the same are counted and not drawn.
    """
    totals = [one for one in found if one.dimension == TOTAL]
    differing = sorted((one for one in totals if one.difference), key=lambda one: one.difference)
    figure, axes = _axes(max(1, len(differing)), POLICY_INCHES)
    labels = [_label(one.policy, texts) for one in differing]
    amounts = [one.difference / FEN_OF_10_000_YUAN for one in differing]
    bars = axes.barh(labels, amounts, BAR_HEIGHT, color=[LESS if amount < 0 else FIRST for amount in amounts])
    axes.bar_label(bars, [f"{amount:+,.4f}" for amount in amounts], padding=4)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.margins(x=0.18)
    axes.set_xlabel("与第一份之差（万元）/ difference to the first (10,000 yuan)")
    first, same = totals[0], len(totals) - 1 - len(differing)
    axes.set_title(
        f"{_label(first.policy, texts)}：可兑现 / payable {first.payable / FEN_OF_10_000_YUAN:,.2f} 万元\n"
        f"另有 {same} 份与之相同 / {same} others cost the same"
    )
    return figure


def plot_distribution(
    found: Sequence[Price], dimension: str, names: Mapping[str, str], other: str | None = None
) -> Figure:
    """The payables of the first policy by a dimension, beside those of another one if it is named.

    `names`: of rules and kinds. Beside totals of a year no month could be seen, so the title has their sum.
    """
    those = [one for one in found if one.dimension == dimension and (one.value or dimension != "month")]
    first = found[0].policy
    shown = [first, other] if other is not None and other != first else [first]
    values = list(dict.fromkeys(one.value for one in those if one.policy in shown))
    figure, axes = _axes(len(values) * len(shown))
    height = BAR_HEIGHT / len(shown)
    for place, policy in enumerate(shown):
        by_value = {one.value: one for one in those if one.policy == policy}
        amounts = [by_value[value].payable / FEN_OF_10_000_YUAN if value in by_value else 0.0 for value in values]
        counts = [by_value[value].awards if value in by_value else 0 for value in values]
        rows = [row + place * height for row in range(len(values))]
        bars = axes.barh(rows, amounts, height, color=(FIRST, OTHER)[place], label=policy)
        told = [f"{amount:,.2f}（{count} 项）" for amount, count in zip(amounts, counts, strict=True)]
        axes.bar_label(bars, told, padding=4)
    middle = height * (len(shown) - 1) / 2
    axes.set_yticks([row + middle for row in range(len(values))], [_value(dimension, one, names) for one in values])
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set_xlabel(_UNIT)
    axes.set_title(TITLES[dimension])
    if dimension == "month":
        total = sum(one.payable for one in found if (one.policy, one.dimension, one.value) == (first, "month", ""))
        axes.set_title(f"{TITLES[dimension]}\n另有按全年合计 / totals of a year {total / FEN_OF_10_000_YUAN:,.2f} 万元")
    if len(shown) > 1:
        axes.legend(loc="lower right")
    return figure


def _axes(rows: int, row_inches: float = ROW_INCHES) -> tuple[Figure, Axes]:
    rcParams["font.family"] = [font for font in FONTS if font in font_manager.get_font_names()]
    figure = Figure((WIDTH_INCHES, rows * row_inches + MARGIN_INCHES), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(lambda amount, _: f"{amount:,.10g}")
    return figure, axes


def _label(name: str, texts: Mapping[str, str]) -> str:
    return "\n".join((*wrap(texts.get(name, ""), LABEL_CHARACTERS), name))


def _value(dimension: str, value: str, names: Mapping[str, str]) -> str:
    if not value:
        return NO_EXCHANGE
    if dimension in _CLASSES:
        return _range(value, _CLASSES[dimension])
    return _label(value, names)


def _range(most: str, classes: Sequence[int]) -> str:
    """The class of amounts from over one bound up to the next."""
    if most == MORE:
        return f"{_short(classes[-1])}以上"
    place = classes.index(int(most))
    return f"{_short(classes[place - 1])}–{_short(classes[place])}" if place else "0"


def _short(yuan: int) -> str:
    if not yuan:
        return "0"
    return f"{yuan // YI}亿元" if yuan >= YI else f"{yuan // WAN}万元"
