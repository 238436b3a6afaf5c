"""Sums in financial Chinese capitals (大写), as the rules on filling in payment vouchers write them. Pure."""

from typing import Final

from shared.values.money import FEN_PER_YUAN

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("仟", "佰", "拾", "")
_YI: Final = 10**8
_WAN: Final = 10**4


def amount_in_words(fen: int) -> str:
    """Write a sum exactly, as 人民币壹佰零伍元叁角贰分; 整 ends sums without fen. Raises ValueError below 0."""
    if fen < 0:
        raise ValueError("an amount in words is not negative")
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    jiao, last = divmod(rest, 10)
    if not rest:
        return f"人民币{_whole(yuan) or _DIGITS[0]}元整"
    written = f"{_whole(yuan)}元" if yuan else ""
    # Between yuan and jiao, a zero shows that nothing was left out before the first digit that follows.
    if yuan and (jiao == 0 or yuan % 10 == 0):
        written += _DIGITS[0]
    if jiao:
        written += f"{_DIGITS[jiao]}角"
    return f"人民币{written}{_DIGITS[last]}分" if last else f"人民币{written}整"


def _whole(number: int) -> str:
    """The digits of a whole number with their places; empty for 0."""
    for unit, name in ((_YI, "亿"), (_WAN, "万")):
        if number >= unit:
            high, low = divmod(number, unit)
            gap = _DIGITS[0] if 0 < low < unit // 10 else ""
            return f"{_whole(high)}{name}{gap}{_whole(low)}"
    return _below_ten_thousand(number)


def _below_ten_thousand(number: int) -> str:
    written, gap = "", ""
    for digit, place in zip(f"{number:04}", _PLACES, strict=True):
        if digit == "0":
            gap = _DIGITS[0] if written else ""
            continue
        written += f"{gap}{_DIGITS[int(digit)]}{place}"
        gap = ""
    return written
