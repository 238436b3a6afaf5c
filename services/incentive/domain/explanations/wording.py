"""Building blocks of explanations: drafts, steps, reasons, and amounts as people read them. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import msgspec

from services.incentive.domain.facts import TradeSum
from services.incentive.domain.rounding import ROUNDING_TEXTS, rate_up_to
from services.incentive.policy.terms import RewardLimit, RoundingReading, Texts
from shared.values.json_types import Json
from shared.values.money import FEN_PER_YUAN, format_yuan
from shared.values.times import shanghai_date

Visible = Collection[str] | None

NOT_IN_FORCE: Final = "not_in_force"
NO_TEXT: Final = Texts("", "")
# The contract's reasons for which a document does not count, and the one that only a policy gives.
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
_PER: Final = {
    "subject_year": Texts("同一主体每年", "for each subject and year"),
    "subject": Texts("同一主体累计", "for each subject in total"),
    "item": Texts("同一事项累计", "for each item in total"),
}


class ExplanationDraft(msgspec.Struct):
    """An explanation before it is reduced to what the reader may see.

    `in_reason` is the number of the first steps whose texts the reason has already.
    """

    reason: Texts
    steps: list[Json] = []
    counted: list[Json] = []
    not_counted: list[Json] = []
    next: Json | None = None
    in_reason: int = 1


def reason_label(reason: str) -> Texts:
    """The label of a reason; an unknown reason is its own label."""
    return REASONS.get(reason, Texts(reason, reason))


def next_threshold(threshold_fen: int, missing_fen: int) -> Json:
    """The contract's `next`."""
    return {"threshold": format_yuan(threshold_fen), "missing": format_yuan(missing_fen)}


def phrase(zh: str, en: str, **parts: Texts | str | int) -> Texts:
    """A text from a template in each language, with each part in that language."""
    both = {name: part if isinstance(part, Texts) else Texts(str(part), str(part)) for name, part in parts.items()}
    return Texts(
        zh.format_map({name: part.zh for name, part in both.items()}),
        en.format_map({name: part.en for name, part in both.items()}),
    )


def yuan(fen: int) -> Texts:
    """An amount given in fen, with its unit: 500000000 -> 5,000,000.00元."""
    return yuan_text(format_yuan(fen))


def yuan_text(amount: str) -> Texts:
    """An amount given in yuan, with its unit: 5000000.00 -> 5,000,000.00元."""
    return Texts(f"{grouped(amount)}元", f"{grouped(amount)} yuan")


def date_text(day: date) -> Texts:
    """A day as people write it: 2026年3月1日, 2026-03-01."""
    return Texts(f"{day.year}年{day.month}月{day.day}日", day.isoformat())


def day_of(instant: datetime) -> Texts:
    """The day of an instant in Shanghai."""
    return date_text(shanghai_date(instant))


def article_text(article: str) -> Texts:
    """An article of the policy: `(四) 2` is （四）2 in Chinese."""
    return Texts(article.replace("(", "（").replace(")", "）").replace("） ", "）"), article)


def limit_text(limit: RewardLimit) -> Texts:
    """A limit by its name, scope and amount."""
    return phrase(
        "{says}{per}至多{most}",
        "{says}, {per}, at most {most}",
        says=limit.says,
        per=_PER[limit.per],
        most=yuan(limit.most_fen),
    )


def joined(parts: Iterable[Texts]) -> Texts:
    """Join the parts of a list within a sentence."""
    listed = list(parts)
    return Texts("、".join(part.zh for part in listed), ", ".join(part.en for part in listed))


def sentences(parts: Iterable[Texts]) -> Texts:
    """Join sentences; empty ones are left out."""
    listed = [part for part in parts if part != NO_TEXT]
    return Texts("".join(part.zh for part in listed), " ".join(part.en for part in listed))


def refund_step(net_fen: int, refunded_fen: int, part: Texts = NO_TEXT) -> Json:
    """The step from an amount to its net after refunds (G4); `part` names a part of the net."""
    text = phrase(
        "减去退款{refunded}，净额{net}{part}。",
        "Less {refunded} refunded: {net} net{part}.",
        refunded=yuan(refunded_fen),
        net=yuan(net_fen),
        part=part,
    )
    return step_json("refund", net_fen, text)


def rate_steps(base_fen: int, rate: Decimal, cap_fen: int, rounding: RoundingReading) -> list[Json]:
    """Base times rate, unrounded; the cap; rounding. Exact: a rate has at most 8 decimals, an amount 2."""
    numerator, denominator = rate.as_integer_ratio()
    product = Decimal(base_fen * numerator) / Decimal(denominator * FEN_PER_YUAN)
    capped = min(product, Decimal(cap_fen) / FEN_PER_YUAN)
    ceiling_fen, how = rate_up_to(base_fen, rate, cap_fen, rounding), ROUNDING_TEXTS[rounding]
    product_text = phrase(
        "{base}×{rate}={product}。",
        "{base} x {rate} = {product}.",
        base=yuan(base_fen),
        rate=percent(rate),
        product=yuan_text(exact(product)),
    )
    applies = Texts("按封顶计", "it applies") if product > capped else Texts("未超过", "not exceeded")
    cap_text = phrase("封顶{cap}，{applies}。", "The cap is {cap}: {applies}.", cap=yuan(cap_fen), applies=applies)
    rounded = phrase(
        "{how}，得{ceiling}。", "{how}: {ceiling}.", how=Texts(how.zh, capitalized(how.en)), ceiling=yuan(ceiling_fen)
    )
    return [
        _step("rate", exact(product), product_text),
        _step("cap", exact(capped), cap_text),
        step_json("rounding", ceiling_fen, rounded),
    ]


def difference_step(due_fen: int, earlier: Texts) -> Json:
    """The step by difference (晋级补差, G12): an amount less that of `earlier` steps, down to `due_fen`."""
    text = phrase(
        "晋级补差：减去{earlier}，得{due}。",
        "Step-up difference: less {earlier}, {due}.",
        earlier=earlier,
        due=yuan(due_fen),
    )
    return step_json("difference", due_fen, text)


def part_json(exchange: str, amount_fen: int, trades: int, reason: str | None = None) -> Json:
    why = {} if reason is None else {"reason": reason}
    return {"exchange": exchange, **why, "amount": format_yuan(amount_fen), "trades": trades}


def step_json(step: str, value_fen: int, text: Texts) -> Json:
    return _step(step, format_yuan(value_fen), text)


def _step(step: str, value: str, text: Texts) -> Json:
    return {"step": step, "value": value, "text": msgspec.structs.asdict(text)}


def sentence(texts: Texts) -> Texts:
    """A clause as a sentence."""
    return Texts(f"{texts.zh}。", f"{capitalized(texts.en)}.")


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_visible(exchange: str | None, visible: Visible) -> bool:
    """Return True if the reader may see documents of an exchange; without one (None), only the bureau may."""
    return visible is None or exchange in visible


def percent(rate: Decimal) -> str:
    """0.05 -> "5%"."""
    return f"{(rate * 100).normalize():f}%"


def day(instant: datetime) -> str:
    """The day of an instant in Shanghai, YYYY-MM-DD."""
    return shanghai_date(instant).isoformat()


def future_dated(ahead: TradeSum) -> Texts:
    """A sentence with the number and amount of future-dated trades, in English after a space; empty for none."""
    if not ahead.trades:
        return NO_TEXT
    return phrase(
        "其中{trades}、{amount}的成交时间比其记录的Kafka时间戳晚24小时以上。",
        " Dated more than 24 hours after the Kafka timestamps of their records: {trades}, {amount}.",
        trades=Texts(f"{ahead.trades}笔", "1 trade" if ahead.trades == 1 else f"{ahead.trades} trades"),
        amount=yuan(ahead.amount_fen),
    )


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
