"""What all explanations are made of: accounts, steps, and amounts as people read them. Pure."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import msgspec

from services.incentive.policy.terms import Texts
from shared.values.money import FEN_PER_YUAN, format_yuan

Visible = Collection[str] | None
Json = dict[str, Any]


class ExplanationDraft(msgspec.Struct):
    """What is found out about an award, before it is cut down to what the reader may see."""

    reason: Texts
    steps: list[Json] = []
    counted: list[Json] = []
    not_counted: list[Json] = []
    next: Json | None = None


def next_threshold(threshold_fen: int, missing_fen: int) -> Json:
    """The contract's `next`."""
    return {"threshold": format_yuan(threshold_fen), "missing": format_yuan(missing_fen)}


def percent(rate: Decimal) -> str:
    """0.05 -> "5%"."""
    return f"{(rate * 100).normalize():f}%"


def rate_steps(base_fen: int, rate: Decimal, cap_fen: int) -> list[Json]:
    """Base x rate, unrounded; the cap; the fen below. Exact: a rate has at most 8 decimals, an amount 2."""
    numerator, denominator = rate.as_integer_ratio()
    product = Decimal(base_fen * numerator) / Decimal(denominator * FEN_PER_YUAN)
    capped = min(product, Decimal(cap_fen) / FEN_PER_YUAN)
    ceiling_fen = min(base_fen * numerator // denominator, cap_fen)
    over = product > capped
    return [
        {
            "step": "rate",
            "value": exact(product),
            "text": texts_json(
                f"{money(base_fen)} 元 × {percent(rate)} = {grouped(exact(product))} 元。",
                f"{money(base_fen)} yuan x {percent(rate)} = {grouped(exact(product))} yuan.",
            ),
        },
        {
            "step": "cap",
            "value": exact(capped),
            "text": texts_json(
                f"封顶 {money(cap_fen)} 元，{'按封顶计' if over else '未超过'}。",
                f"The cap is {money(cap_fen)} yuan: {'it applies' if over else 'not exceeded'}.",
            ),
        },
        step_json(
            "rounding",
            ceiling_fen,
            f"舍去不足一分的部分，得 {money(ceiling_fen)} 元。",
            f"Down to the fen: {money(ceiling_fen)} yuan.",
        ),
    ]


def part_json(exchange: str, amount_fen: int, trades: int, reason: str | None = None) -> Json:
    why = {} if reason is None else {"reason": reason}
    return {"exchange": exchange, **why, "amount": format_yuan(amount_fen), "trades": trades}


def step_json(step: str, value_fen: int, zh: str, en: str) -> Json:
    return {"step": step, "value": format_yuan(value_fen), "text": texts_json(zh, en)}


def texts_json(zh: str, en: str) -> Json:
    return {"zh": zh, "en": en}


def is_visible(exchange: str, visible: Visible) -> bool:
    return visible is None or exchange in visible


def money(fen: int) -> str:
    """Yuan for people: 500000000 -> "5,000,000.00"."""
    return grouped(format_yuan(fen))


def grouped(yuan: str) -> str:
    """With thousands apart: -5000000.0066 -> -5,000,000.0066."""
    return f"{Decimal(yuan):,}"


def trade_count(count: int) -> str:
    return "1 trade" if count == 1 else f"{count} trades"


def exact(yuan: Decimal) -> str:
    """Yuan with at least two decimals, and more where there are."""
    text = f"{yuan.normalize():f}"
    decimals = len(text.partition(".")[2])
    return text if decimals > 1 else f"{yuan:.2f}"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
