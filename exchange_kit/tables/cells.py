"""What stands in a cell of a table: text in CSV; in a workbook also numbers and instants, as they are kept there."""

from datetime import datetime

import msgspec


class Number(msgspec.Struct, frozen=True):
    """A number as a plain decimal, none of its digits made up; `shown`: as it is shown, too, so that it may be a name.

    A workbook keeps 123 behind a shown 00123, and does not keep the 16th digit.
    """

    text: str
    shown: bool


class Moment(msgspec.Struct, frozen=True):
    """A date, or an instant without an offset."""

    at: datetime
    has_time: bool


class Unreadable(msgspec.Struct, frozen=True):
    """Nothing that can be read; the message says why, Chinese first."""

    message: str


Cell = str | Number | Moment | Unreadable


def is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()
