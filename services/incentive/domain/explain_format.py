"""Building blocks of explanations: drafts, steps, reasons, and amounts as people read them. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from services.incentive.policy.terms import Texts
from shared.values.json_types import Json
from shared.values.money import FEN_PER_YUAN, format_yuan

Visible = Collection[str] | None

NOT_IN_FORCE: Final = "not_in_force"
NO_TEXT: Final = Texts("", "")
# Why a document does not count: the contract's reasons, and the one that only a policy gives.
REASONS: Final[Mapping[str, Texts]] = {
    "later": Texts("不是首次", "not the first"),
    "cancelled": Texts("已取消", "cancelled"),
    "annulled": Texts("挂牌已作废", "listing annulled"),
    "mirrored": Texts("互认自其他交易场所", "mirrored from another exchange"),
    "mode": Texts("不是挂牌交易", "not a listed trade"),
    "unmatched": Texts("没有相符的挂牌", "no matching listing"),
    "not_on_whitelist": Texts("不在交易场所名录期内", "while the exchange was not on the whitelist"),
    NOT_IN_FORCE: Texts("不在政策有效期内", "outside the policy period"),
}


class ExplanationDraft(msgspec.Struct):
    """An explanation before it is reduced to what the reader may see."""

    reason: Texts
    steps: list[Json] = []
    counted: list[Json] = []
    not_counted: list[Json] = []
    next: Json | None = None


def reason_label(reason: str) -> Texts:
    """The label of a reason; an unknown reason is its own label."""
    return REASONS.get(reason, Texts(reason, reason))


def next_threshold(threshold_fen: int, missing_fen: int) -> Json:
    """The contract's `next`."""
    return {"threshold": format_yuan(threshold_fen), "missing": format_yuan(missing_fen)}


def rate_steps(base_fen: int, rate: Decimal, cap_fen: int) -> list[Json]:
    """Base times rate, unrounded; the cap; rounding down. Exact: a rate has at most 8 decimals, an amount 2."""
    numerator, denominator = rate.as_integer_ratio()
    product = Decimal(base_fen * numerator) / Decimal(denominator * FEN_PER_YUAN)
    capped = min(product, Decimal(cap_fen) / FEN_PER_YUAN)
    ceiling_fen = min(base_fen * numerator // denominator, cap_fen)
    calculation = f"{percent(rate)} = {grouped(exact(product))}"
    applies = Texts("按封顶计", "it applies") if product > capped else Texts("未超过", "not exceeded")
    return [
        _step(
            "rate",
            exact(product),
            f"{money(base_fen)} 元 × {calculation} 元。",
            f"{money(base_fen)} yuan x {calculation} yuan.",
        ),
        _step(
            "cap",
            exact(capped),
            f"封顶 {money(cap_fen)} 元，{applies.zh}。",
            f"The cap is {money(cap_fen)} yuan: {applies.en}.",
        ),
        step_json(
            "rounding",
            ceiling_fen,
            f"舍去不足一分的部分，得 {money(ceiling_fen)} 元。",
            f"Rounded down to the fen: {money(ceiling_fen)} yuan.",
        ),
    ]


def difference_step(due_fen: int, zh: str, en: str) -> Json:
    """晋级补差: what remains after an amount that was earned before, named in Chinese and English."""
    return step_json(
        "difference",
        due_fen,
        f"晋级补差：减去{zh}，得 {money(due_fen)} 元。",
        f"Step-up difference: less {en}, {money(due_fen)} yuan.",
    )


def part_json(exchange: str, amount_fen: int, trades: int, reason: str | None = None) -> Json:
    why = {} if reason is None else {"reason": reason}
    return {"exchange": exchange, **why, "amount": format_yuan(amount_fen), "trades": trades}


def step_json(step: str, value_fen: int, zh: str, en: str) -> Json:
    return _step(step, format_yuan(value_fen), zh, en)


def _step(step: str, value: str, zh: str, en: str) -> Json:
    return {"step": step, "value": value, "text": {"zh": zh, "en": en}}


def sentence(texts: Texts) -> Texts:
    """A clause as a sentence."""
    return Texts(f"{texts.zh}。", f"{capitalized(texts.en)}.")


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_visible(exchange: str, visible: Visible) -> bool:
    return visible is None or exchange in visible


def percent(rate: Decimal) -> str:
    """0.05 -> "5%"."""
    return f"{(rate * 100).normalize():f}%"


def money(fen: int) -> str:
    """Yuan for people: 500000000 -> "5,000,000.00"."""
    return grouped(format_yuan(fen))


def grouped(yuan: str) -> str:
    """Yuan with thousands separators: -5000000.0066 -> -5,000,000.0066."""
    return f"{Decimal(yuan):,}"


def exact(yuan: Decimal) -> str:
    """Yuan with all their decimals, at least two."""
    text = f"{yuan.normalize():f}"
    decimals = len(text.partition(".")[2])
    return text if decimals > 1 else f"{yuan:.2f}"
