"""The tables of an extract for people: CSV for any program, XLSX for those who open it in an office suite."""

import csv
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, Final, NamedTuple

from services.incentive.extract.xlsx import NUMBER, SHEET_ROWS, Row, write_workbook
from shared.values.json_types import Json

# In order of precedence: a release also has the id of its hold, a withdrawal that of its grant.
_ACTS: Final = (
    *("decision", "release", "hold", "eligibility", "suspension", "grant_withdrawal", "other_grant", "related_party"),
    *("year_closing", "service", "account_confirmation", "account"),
    *("declared_table_confirmation", "declared_table_discard", "declared_table"),
    *("access_link_revocation", "access_link"),
)
_AWARD_FIELDS: Final = (
    *("exchange", "year", "base", "rate", "cap", "ceiling", "payable", "suppressed_by"),
    *("approved", "paid", "returned", "recovered", "state"),
)


class Table(NamedTuple):
    """A table: its name in file names, its headings, and how a line of the extract becomes rows."""

    name: str
    headings: tuple[str, ...]
    rows: Callable[[Json], Iterator[Row]]

    def all_rows(self, items: Iterable[Json]) -> Iterator[Row]:
        """The rows of all lines, without the headings."""
        return chain.from_iterable(map(self.rows, items))


def _transaction_rows(item: Json) -> Iterator[Row]:
    common = [item["seq"], item["posted_at"], item["kind"], item["award_id"], item["article"]]
    policy = f"{item['policy']['id']} r{item['policy']['revision']}"
    settled = _settled(item["settings"]) if "settings" in item else ""
    for entry in item["entries"] or [{"account": "", "debit": "0.00", "credit": "0.00"}]:
        yield [*common, policy, entry["account"], entry["debit"], entry["credit"], item["cause"]["text"], settled]


def _settled(settings: Json) -> str:
    """Render the settings that a transaction puts in force."""
    registers = "all" if settings["registers"] is None else " ".join(settings["registers"])
    return f"policy {settings['policy']['sha256']}; whitelist {settings['whitelist']['sha256']}; registers {registers}"


def _award_rows(item: Json) -> Iterator[Row]:
    subject = item["subject"]
    who = [f"{subject['id_scheme']}:{subject['id']}", subject["name"]]
    evidence = "; ".join(f"{one['fact']} {one['generation']}/{one['seq']}" for one in item["evidence"])
    lists = [" ".join(item["holds"]), " ".join(item["flags"]), evidence]
    yield [item["award_id"], item["rule"], item["article"], *who, *(item[name] for name in _AWARD_FIELDS), *lists]


def _decision_rows(item: Json) -> Iterator[Row]:
    """Render a step with an award or another act, which its id names."""
    act = next(act for act in _ACTS if f"{act}_id" in item)
    yield [
        item["transaction"],
        item["at"],
        item["by"],
        item.get("action", item.get("status", item.get("kind", act))),
        item.get("award_id")
        or item.get("subject")
        or item.get("rule")
        or item.get("hold_id")
        or item.get("other_grant_id")
        or item.get("account_id")
        or item.get("access_link_id")
        or item.get("year"),
        item.get("from"),
        item.get("to", item.get("until")),
        item.get("amount"),
        item.get("reason") or item.get("name"),
        "; ".join(f"{one['name']} {one['sha256']}" for one in item.get("documents", ())),
    ]


def _balance_rows(item: Json) -> Iterator[Row]:
    yield [item["account"], item["debit"], item["credit"], item["balance"]]


def _headings(text: str) -> tuple[str, ...]:
    return tuple(heading.strip() for heading in text.split("|"))


TRANSACTIONS = Table(
    "transactions",
    _headings(
        "序号 seq | 记账时间 posted_at | 类别 kind | 奖补 award_id | 条款 article | 政策 policy | 账户 account"
        " | 借方 debit | 贷方 credit | 事由 cause | 施行 settings"
    ),
    _transaction_rows,
)
AWARDS = Table(
    "awards",
    _headings(
        "奖补 award_id | 奖项 rule | 条款 article | 主体 subject | 名称 name | 交易场所 exchange | 年度 year"
        " | 基数 base | 比例 rate | 封顶 cap | 测算上限 ceiling | 可兑现 payable | 被高者取代 suppressed_by"
        " | 核定 approved | 拨付 paid | 追缴 returned | 收回 recovered | 状态 state | 暂缓 holds | 提示 flags"
        " | 依据 evidence"
    ),
    _award_rows,
)
DECISIONS = Table(
    "decisions",
    _headings(
        "交易 transaction | 时间 at | 经办人 by | 办理 action | 对象 of | 自 from | 至 to | 金额 amount"
        " | 事由 reason | 文件 documents"
    ),
    _decision_rows,
)
BALANCES = Table("balances", _headings("账户 account | 借方 debit | 贷方 credit | 余额 balance"), _balance_rows)
TABLES: Final = (TRANSACTIONS, AWARDS, BALANCES, DECISIONS)
AMOUNTS: Final = frozenset(
    (
        *("base", "cap", "ceiling", "payable", "approved", "paid", "returned", "recovered"),
        *("debit", "credit", "balance", "amount"),
    )
)
_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(table: Table, items: Iterable[Json]) -> Iterator[bytes]:
    """Return the table as CSV (UTF-8 with a byte order mark, CRLF), line by line without line feeds.

    No cell is a formula: text that a spreadsheet would take for one gets an apostrophe.
    """
    written: list[str] = []
    writer = csv.writer(_Into(written.append))
    for number, row in enumerate(chain([table.headings], table.all_rows(items))):
        writer.writerow(map(_harmless, row))
        text = written.pop().removesuffix("\n")
        yield (text if number else f"\ufeff{text}").encode()


class _Into(NamedTuple):
    """The target of a CSV writer, which writes a row by one call."""

    write: Callable[[str], None]


def _harmless(cell: str | int | None) -> str:
    """Return a cell on one line that no spreadsheet evaluates."""
    if cell is None:
        return ""
    text = str(cell).replace("\n", " ")
    if text.startswith(_FORMULA_BEGINS) and NUMBER.fullmatch(text) is None:
        return f"'{text}"
    return text


def write_table_workbook(table: Table, items: Iterable[Json], file: IO[bytes], sheet_rows: int = SHEET_ROWS) -> None:
    """Write the table as XLSX on as many sheets as needed; the same rows give the same bytes."""
    amounts = {place for place, name in enumerate(table.headings) if name.split()[-1] in AMOUNTS}
    write_workbook(table.name, table.headings, table.all_rows(items), amounts, file, sheet_rows)
