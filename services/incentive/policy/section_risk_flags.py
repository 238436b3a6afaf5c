"""The section `signs` of a policy file: what a person should look at (G10), and from which numbers on."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import yaml

from services.incentive.policy.section_readings import read_says
from services.incentive.policy.terms import RiskFlagTerms
from services.incentive.policy.yaml_reader import PolicyFile
from shared.events.fact_topics import AFTER_FIRST, LARGE_PURCHASE_FEN, REPEATED_FROM, SMALL_FIRST_FEN
from shared.values.money import format_yuan

Number = int | Decimal
_READERS: Final[Mapping[str, Callable[[PolicyFile, yaml.Node | None, str], Number]]] = {
    "yuan": PolicyFile.yuan,
    "rate": PolicyFile.rate,
    "whole": PolicyFile.whole,
}
# Each sign that the code looks for: its numbers, and how each is written.
_NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "late_burst": {"over_by": "rate", "december": "rate"},
    "round_trip": {"sold": "yuan", "back": "rate"},
    "same_amount": {"trades": "whole", "buyers": "whole", "share": "rate"},
    "small_first": {"first_below": "yuan", "later": "yuan", "days": "whole"},
    "own_exchange": {"share": "rate"},
    "split_purchases": {"near": "rate", "purchases": "whole", "days": "whole"},
    "related_parties": {"share": "rate"},
}
RISK_FLAGS: Final = tuple(_NUMBERS)
# What trade-ingest does not measure cannot be asked for (shared/events/fact_topics.py).
_AT_LEAST: Final[Mapping[tuple[str, str], int]] = {
    ("same_amount", "trades"): REPEATED_FROM,
    ("small_first", "later"): LARGE_PURCHASE_FEN,
}
_AT_MOST: Final[Mapping[tuple[str, str], int]] = {
    ("small_first", "first_below"): SMALL_FIRST_FEN,
    ("small_first", "days"): AFTER_FIRST.days,
}


def read_risk_flags(reader: PolicyFile, node: yaml.Node | None) -> tuple[RiskFlagTerms, ...]:
    """The section in the file's order; nothing where the file has none."""
    if node is None:
        return ()
    found: dict[str, RiskFlagTerms] = {}
    for index, item in enumerate(reader.items(node, "signs")):
        terms = _read_sign(reader, item, f"signs[{index}]")
        if terms.flag in found:
            reader.fault(item, f"signs[{index}].sign", "重复的迹象 / repeated sign")
        found[terms.flag] = terms
    reader.article = "-"
    return tuple(found.values())


def _read_sign(reader: PolicyFile, node: yaml.Node, path: str) -> RiskFlagTerms:
    members = reader.members(node, path, ("sign", "clause", "article", "name", "says", "numbers"))
    sign = reader.one_of(members.get("sign"), f"{path}.sign", _NUMBERS)
    reader.one_of(members.get("clause"), f"{path}.clause", ("G10",))
    reader.article = reader.text(members.get("article"), f"{path}.article") or "-"
    name = read_says(reader, members.get("name"), f"{path}.name")
    says = read_says(reader, members.get("says"), f"{path}.says")
    for member, texts in (("name", name), ("says", says)):
        reader.value(f"signs.{sign}.{member}.zh", texts.zh)
        reader.value(f"signs.{sign}.{member}.en", texts.en)
    forms = _NUMBERS.get(sign, {})
    written = reader.members(members["numbers"], f"{path}.numbers", forms) if "numbers" in members else {}
    numbers: dict[str, Number] = {}
    for member, form in forms.items():
        where = f"{path}.numbers.{member}"
        number = _READERS[form](reader, written.get(member), where)
        if member in written:
            _check(reader, written[member], where, (sign, member), number)
        numbers[member] = number
        reader.value(f"signs.{sign}.{member}", format_yuan(int(number)) if form == "yuan" else str(number))
    return RiskFlagTerms(sign, reader.article, name, says, numbers)


def _check(reader: PolicyFile, node: yaml.Node, path: str, place: tuple[str, str], number: Number) -> None:
    """A number beyond what is measured would never find anything, and say nothing of it."""
    least, most = _AT_LEAST.get(place), _AT_MOST.get(place)
    if (least is not None and number < least) or (most is not None and number > most):
        reader.fault(node, path, "超出度量的范围 / is beyond what is measured (facts.sign.v1)")
