"""Cells of a table: text in CSV; in a workbook also numbers and instants as stored."""

from datetime import datetime

import msgspec


class NumberCell(msgspec.Struct, frozen=True):
    """A number as an exact plain decimal. `shown`: it is displayed exactly so, and may therefore be an identifier.

    A workbook may store 123 for a displayed 00123, and does not store a 16th digit.
    """

    text: str
    shown: bool


class Moment(msgspec.Struct, frozen=True):
    """A date, or an instant without an offset."""

    at: datetime
    has_time: bool


class Unreadable(msgspec.Struct, frozen=True):
    """An unreadable cell; the message says why (中文 / English)."""

    message: str


Cell = str | NumberCell | Moment | Unreadable


def is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()
