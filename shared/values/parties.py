"""Parties of a document (provider, buyer), identified by scheme and id."""

import re
from functools import lru_cache
from typing import Final, Literal, get_args

import msgspec
from stdnum.cn import uscc

IdScheme = Literal["uscc", "overseas", "natural_person"]
ID_SCHEMES: Final[tuple[str, ...]] = get_args(IdScheme)

NUMBER_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
_NUMBER: Final = re.compile(NUMBER_PATTERN)
# An id shaped like a resident identity number must not reach the register; lower-case x occurs too.
_IDENTITY_NUMBER: Final = re.compile(r"[0-9]{17}[0-9Xx]")

# GB 32100-2015: authority and kind of entity, six digits of region, nine of the organisation, a check character; the
# letters I, O, S, V, Z are not used. python-stdnum accepts only digits in the first two places, so its `validate`
# rejects valid codes that begin with N, Y or A.
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_MODULUS: Final = 31
# The weights are the powers of 3 modulo 31, and 34 = 3 (mod 31): the weighted sum equals the reversed code read in base
# 34, which `int` computes in C.
_USCC_BASE: Final = 34
_USCC_DIGITS: Final = str.maketrans(_USCC_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTU")
_USCC_CHECK: Final = {(31 - value) % 31: character for value, character in enumerate(_USCC_ALPHABET)}


class Party(msgspec.Struct, frozen=True, gc=False):
    """A provider or buyer. `==` compares the name too (same content); the same *entity* has the same `subject`."""

    id_scheme: IdScheme
    id: str
    name: str

    @property
    def subject(self) -> str:
        """`<scheme>:<id>`, equal for the same entity."""
        return f"{self.id_scheme}:{self.id}"


@lru_cache(maxsize=1 << 16)
def is_uscc(code: str) -> bool:
    """Return True for a valid unified social credit code (统一社会信用代码): upper case, right check character."""
    if _USCC.fullmatch(code) is None:
        return False
    return _USCC_CHECK[int(code[16::-1].translate(_USCC_DIGITS), _USCC_BASE) % _USCC_MODULUS] == code[17]


def complete_uscc(first_17: str) -> str:
    """Append the check character to 17 characters, for samples and tests. ValueError if they cannot begin a code."""
    code = first_17 + uscc.calc_check_digit(first_17)
    if not is_uscc(code):
        raise ValueError("not the first 17 characters of a unified social credit code")
    return code


def is_number(text: str) -> bool:
    """Return True if `text` matches NUMBER_PATTERN (numbers of documents, ids of parties without a USCC)."""
    return _NUMBER.fullmatch(text) is not None


def id_fault(id_scheme: str, party_id: str) -> str | None:
    """Return what is wrong with an id of that scheme (中文 / English); None if it is valid."""
    if id_scheme == "uscc":
        if not is_uscc(party_id):
            return "不是有效的统一社会信用代码（大写，校验码须正确） / not a valid unified social credit code"
        return None
    if not is_number(party_id):
        return f"须符合 {NUMBER_PATTERN} / must match {NUMBER_PATTERN}"
    if id_scheme == "natural_person" and _IDENTITY_NUMBER.fullmatch(party_id) is not None:
        return "不得使用居民身份证号，请用交易场所自编代号 / must be a pseudonym, not an identity number"
    return None


def parse_subject(text: str) -> tuple[IdScheme, str]:
    """Split `<scheme>:<id>`. ValueError for an unknown scheme or an invalid id."""
    scheme, separator, party_id = text.partition(":")
    for known in get_args(IdScheme):
        if separator and scheme == known and id_fault(scheme, party_id) is None:
            return known, party_id
    raise ValueError("not a subject: <uscc|overseas|natural_person>:<id>")
