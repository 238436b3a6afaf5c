"""Suggest a mapping for a table: the row of the headings, columns by common headings, units, words and dates. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.events.decode import Kind
from shared.table_events.cells import Cell, Moment, NumberCell, is_blank, shown_cell
from shared.table_events.convert import headings_of
from shared.table_events.mapping import FEN_PER_UNIT, ColumnSource, MappingFile, Unit, fields_of, half_width

TOTAL_WORDS: Final = ("合计", "总计", "小计", "累计", "本页合计", "本月合计")
# Formats of days and times that do not read themselves (see mapping); a day means its midnight.
TIME_FORMATS: Final = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
)
_LOOKED_AT: Final = 20  # rows, in search of the headings
_SAMPLES: Final = 200  # rows
_MOST_WORDS: Final = 30  # of a column
_BRACKETS: Final = re.compile(r"[(（\[【].*?[)）\]】]")
_UNITS: Final[tuple[Unit, ...]] = ("亿元", "万元", "千元")

_PARTY: Final = {
    "provider": ("卖方", "供方", "提供方", "转让方", "数据提供方", "provider", "seller"),
    "buyer": ("买方", "需方", "购买方", "受让方", "数据需求方", "buyer"),
}
_CODE: Final = ("代码", "统一社会信用代码", "信用代码", "id", "code")
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "trade_no": ("合同编号", "成交编号", "交易编号", "合同号", "成交号", "交易号", "订单编号", "tradeno"),
    "listing_no": ("挂牌编号", "挂牌号", "标的编号", "listingno"),
    "revision": ("版本", "版本号", "修订号", "revision"),
    "status": ("状态", "成交状态", "交易状态", "挂牌状态", "status"),
    "mode": ("交易方式", "成交方式", "交易模式", "mode"),
    "product.no": ("产品编号", "产品代码", "productno"),
    "product.name": ("产品名称", "标的名称", "数据产品名称", "产品", "productname"),
    "product.kind": ("产品类型", "产品类别", "产品种类", "productkind"),
    "product.industry": ("行业", "所属行业", "行业门类", "行业代码", "国民经济行业", "industry"),
    "amount": ("金额", "成交金额", "交易金额", "合同金额", "成交额", "交易额", "amount"),
    "refunded": ("退款", "退款金额", "refunded"),
    "completed_at": ("成交时间", "成交日期", "完成时间", "交易时间", "交易日期", "completedat"),
    "listed_at": ("挂牌时间", "挂牌日期", "listedat"),
    "origin_exchange": ("互认场所", "互认交易场所", "原交易场所", "originexchange"),
    "certificate_no": ("凭证编号", "证书编号", "登记证书编号", "certificateno"),
    **{f"{party}.id": tuple(f"{name}{code}" for name in names for code in _CODE) for party, names in _PARTY.items()},
    **{f"{party}.name": (*names, *(f"{name}名称" for name in names)) for party, names in _PARTY.items()},
}
_TRADE_STATUS: Final = {
    "completed": ("已完成", "完成", "成交", "已成交", "正常", "有效"),
    "cancelled": ("已取消", "取消", "撤销", "已撤销", "作废", "已作废", "解除"),
}
_LISTING_STATUS: Final = {
    "listed": ("挂牌", "已挂牌", "在架", "上架", "有效"),
    "withdrawn": ("撤牌", "已撤牌", "下架", "已下架", "摘牌"),
    "annulled": ("作废", "已作废", "注销", "撤销"),
}
_MODES: Final = {
    "listed": ("挂牌", "挂牌交易"),
    "negotiated": ("协议", "协商", "协议转让", "协议交易", "定向"),
    "auction": ("竞价", "拍卖", "竞拍"),
}
_PRODUCT_KINDS: Final = {
    "dataset": ("数据集", "数据包"),
    "api": ("接口", "数据接口", "API"),
    "report": ("报告", "数据报告"),
    "service": ("服务", "数据服务"),
    "model": ("模型", "算法模型"),
    "other": ("其他", "其它"),
}


def words_of(kind: Kind, path: str) -> Mapping[str, tuple[str, ...]]:
    """Return the values of a field that is one of few, each with the words that tables have for it; else none."""
    if path == "status":
        return _LISTING_STATUS if kind == "listing" else _TRADE_STATUS
    return {"mode": _MODES, "product.kind": _PRODUCT_KINDS}.get(path, {})


def suggest(kind: Kind, rows: Sequence[Sequence[Cell]], header_row: int | None = None) -> MappingFile:
    """Suggest the mapping of a table of listings or trades, as far as its headings are known words."""
    at = header_row or _header_row(kind, rows)
    headings = headings_of(rows[:at])
    samples = rows[at : at + _SAMPLES]
    members: dict[str, str | ColumnSource] = {} if kind == "listing" else {"currency": ColumnSource(constant="CNY")}
    for path in fields_of(kind):
        column = _column(path, headings)
        if column is not None:
            members[path] = _source(
                kind, path, headings[column], [row[column] for row in samples if column < len(row)], rows[:at]
            )
    members.setdefault("status", ColumnSource(constant="listed" if kind == "listing" else "completed"))
    if "product.kind" not in members:  # a product has more than an industry
        members.pop("product.industry", None)
    if "refunded" in members:
        members["refunded"] = _with_default(members["refunded"])
    return MappingFile(kind=kind, members=members, header_row=at, totals=list(TOTAL_WORDS))


def distinct_texts(cells: Iterable[Cell]) -> list[str]:
    """Return the texts of a column, each once, in order."""
    texts = dict.fromkeys(text for cell in cells if (text := _text(cell)))
    return list(texts)[:_MOST_WORDS]


def meaning_of(kind: Kind, path: str, text: str) -> str | None:
    """Return the value that a word of a table has; None if it is not known."""
    plain = half_width(text)
    for value, words in words_of(kind, path).items():
        if plain == value or plain in words:
            return value
    return None


def _with_default(source: str | ColumnSource) -> ColumnSource:
    given = ColumnSource(column=source) if isinstance(source, str) else source
    return ColumnSource(column=given.column, default="0", unit=given.unit)


def _header_row(kind: Kind, rows: Sequence[Sequence[Cell]]) -> int:
    """Return the number of the row with most known headings; 1 if there is none."""
    paths = fields_of(kind)
    found = [
        sum(_column(path, headings_of(rows[: line + 1])) is not None for path in paths)
        for line in range(min(len(rows), _LOOKED_AT))
    ]
    return found.index(max(found)) + 1 if found else 1


def _column(path: str, headings: Sequence[str]) -> int | None:
    known = HEADINGS.get(path, ())
    plain = [_plain(heading) for heading in headings]
    for word in known:
        if plain.count(word) == 1:
            return plain.index(word)
    return None


def _plain(heading: str) -> str:
    return re.sub(r"[\s_./]", "", half_width(_BRACKETS.sub("", heading))).lower()


def _source(
    kind: Kind, path: str, heading: str, cells: Sequence[Cell], above: Sequence[Sequence[Cell]]
) -> str | ColumnSource:
    if path in ("amount", "refunded"):
        return ColumnSource(column=heading, unit=_unit(heading, above))
    if path in ("completed_at", "listed_at"):
        return ColumnSource(column=heading, format=_time_format(cells))
    if words_of(kind, path):
        return ColumnSource(column=heading, values=_meanings(kind, path, cells))
    if path == "revision":
        return ColumnSource(column=heading, default=1)
    return heading


def _meanings(kind: Kind, path: str, cells: Sequence[Cell]) -> dict[str, str]:
    texts = ((text, meaning_of(kind, path, text)) for text in distinct_texts(cells))
    return {text: meaning for text, meaning in texts if meaning is not None}


def _unit(heading: str, above: Sequence[Sequence[Cell]]) -> Unit:
    """Return the unit in the heading, else in the rows above (`单位：万元`), else 元."""
    texts = [heading] if any(unit in heading for unit in FEN_PER_UNIT if unit != "分") else []
    texts += [text for row in above for cell in row if "单位" in (text := _text(cell))]
    return next((unit for text in texts[:1] for unit in _UNITS if unit in text), "元")


def _time_format(cells: Sequence[Cell]) -> str | None:
    """Return the format that all cells of a column have; None if they need none, or have different ones."""
    shown = [shown_cell(cell) for cell in cells if not is_blank(cell)]
    moments = [cell for cell in shown if isinstance(cell, Moment)]
    texts = [half_width(cell) for cell in shown if isinstance(cell, str) and cell.strip(" 　")]
    if not texts:
        return "%Y-%m-%d" if moments and not any(cell.has_time for cell in moments) else None
    return next((form for form in TIME_FORMATS if all(_has_format(text, form) for text in texts)), None)


def _has_format(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only its form matters
    except ValueError:
        return False
    return True


def _text(cell: Cell) -> str:
    shown = shown_cell(cell)
    if isinstance(shown, NumberCell):
        return shown.text
    return shown.strip() if isinstance(shown, str) else ""
