"""How places of the policy's text are read: each reading with its mark, basis and alternative (policy files)."""

from collections.abc import Collection
from typing import NamedTuple

import yaml

from services.incentive.policy.terms import Reading, Texts
from services.incentive.policy.yaml_reader import PolicyFile

_MARKS = ("T", "L", "J")


class Place(NamedTuple):
    """Where a reading stands: its node and members, its path in the file and among the values, its clause or rule."""

    node: yaml.Node
    members: dict[str, yaml.Node]
    path: str
    value_path: str
    clause: str


def read_reading(
    reader: PolicyFile, place: Place, known: Collection[str], alternative_values: tuple[str, ...] = ()
) -> Reading:
    """How a place of the text is read. L needs the law as `basis`; L and J need an `alternative`, T has none."""
    node, members, path = place.node, place.members, place.path
    mark = reader.one_of(members.get("mark"), f"{path}.mark", _MARKS)
    reading = reader.one_of(members.get("reading"), f"{path}.reading", known)
    says = read_says(reader, members.get("says"), f"{path}.says")
    basis = reader.text(members["basis"], f"{path}.basis") if "basis" in members else None
    if mark == "L" and basis is None:
        reader.fault(node, f"{path}.basis", "标记 L 须写明法律依据 / mark L needs the law it rests on")
    alternative = None
    if "alternative" in members:
        alternative = read_says(reader, members["alternative"], f"{path}.alternative", alternative_values)
    if mark in ("L", "J") and alternative is None:
        reader.fault(node, f"{path}.alternative", "标记 L 或 J 须写明另一种读法 / marks L and J need the other reading")
    if mark == "T" and alternative is not None:
        reader.fault(node, f"{path}.alternative", "标记 T 没有另一种读法 / mark T has no other reading")
    texts = [("mark", mark), ("reading", reading), ("basis", basis), ("says.zh", says.zh), ("says.en", says.en)]
    if alternative is not None:
        texts += [("alternative.zh", alternative.zh), ("alternative.en", alternative.en)]
    for name, text in texts:
        if text is not None:
            reader.value(f"{place.value_path}.{name}", text)
    return Reading(
        path=place.value_path,
        clause=place.clause,
        article=reader.article,
        basis=basis,
        mark="T" if mark == "T" else "L" if mark == "L" else "J",
        reading=reading,
        says=says,
        alternative=alternative,
    )


def read_says(reader: PolicyFile, node: yaml.Node | None, path: str, further: tuple[str, ...] = ()) -> Texts:
    if node is None:
        return Texts("", "")
    return reader.texts(reader.members(node, path, (*further, "zh", "en")), path)
