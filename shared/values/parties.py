"""Parties: who provides and who buys, named by a scheme and an id."""

import re
from functools import lru_cache
from typing import Final, Literal, get_args

import msgspec
from stdnum.cn import uscc

IdScheme = Literal["uscc", "overseas", "natural_person"]
ID_SCHEMES: Final[tuple[str, ...]] = get_args(IdScheme)

NUMBER_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
_NUMBER: Final = re.compile(NUMBER_PATTERN)
# Pseudonyms only: what looks like a resident identity number must not reach the register (lower-case x is written too).
_IDENTITY_NUMBER: Final = re.compile(r"[0-9]{17}[0-9Xx]")

# GB 32100-2015: authority and kind of entity, six digits of region, nine of the organisation, the check character;
# the letters I, O, S, V, Z are not used. python-stdnum takes digits alone for the first two, so its `validate` refuses
# good codes that begin with N, Y or A.
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_MODULUS: Final = 31
# The weights are the powers of 3 modulo 31, and 34 is 3 modulo 31: so the weighted sum is the number that the reversed
# code spells in base 34, which `int` works out in C.
_USCC_BASE: Final = 34
_USCC_DIGITS: Final = str.maketrans(_USCC_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTU")
_USCC_CHECK: Final = {(31 - value) % 31: character for value, character in enumerate(_USCC_ALPHABET)}


class Party(msgspec.Struct, frozen=True, gc=False):
    """A provider or buyer. `==` compares the name too (same content); the same *entity* is the same `subject`."""

    id_scheme: IdScheme
    id: str
    name: str

    @property
    def subject(self) -> str:
        """`<scheme>:<id>`, equal for the same entity."""
        return f"{self.id_scheme}:{self.id}"


@lru_cache(maxsize=1 << 16)
def is_uscc(code: str) -> bool:
    """Whether `code` is a unified social credit code (统一社会信用代码): upper case, with the right check character."""
    if _USCC.fullmatch(code) is None:
        return False
    return _USCC_CHECK[int(code[16::-1].translate(_USCC_DIGITS), _USCC_BASE) % _USCC_MODULUS] == code[17]


def complete_uscc(first_17: str) -> str:
    """A valid code from its first 17 characters, for samples and tests. ValueError when they cannot begin one."""
    code = first_17 + uscc.calc_check_digit(first_17)
    if not is_uscc(code):
        raise ValueError("not the first 17 characters of a unified social credit code")
    return code


def is_number(text: str) -> bool:
    """Whether `text` is a number as the contract has it (of a document, or of a party that has no USCC)."""
    return _NUMBER.fullmatch(text) is not None


def id_fault(id_scheme: str, party_id: str) -> str | None:
    """What is wrong with an id of that scheme, Chinese first; None if nothing is."""
    if id_scheme == "uscc":
        if not is_uscc(party_id):
            return "不是有效的统一社会信用代码（大写，校验码须正确） / not a valid unified social credit code"
        return None
    if not is_number(party_id):
        return f"须符合 {NUMBER_PATTERN} / must match {NUMBER_PATTERN}"
    if id_scheme == "natural_person" and _IDENTITY_NUMBER.fullmatch(party_id) is not None:
        return "不得使用居民身份证号，请用交易所自编代号 / must be a pseudonym, not an identity number"
    return None


def parse_subject(text: str) -> tuple[IdScheme, str]:
    """Scheme and id of `<scheme>:<id>`. ValueError when the scheme is unknown or the id is none of that scheme."""
    scheme, separator, party_id = text.partition(":")
    for known in get_args(IdScheme):
        if separator and scheme == known and id_fault(scheme, party_id) is None:
            return known, party_id
    raise ValueError("not a subject: <uscc|overseas|natural_person>:<id>")
