"""Loading a policy file: validation by its schema, with every fault and its line, and the values by path."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from marshmallow import Schema

from services.incentive.policy.fields import MappedBy
from services.incentive.policy.schema import POLICY
from services.incentive.policy.terms import OtherReading, Policy, PolicyValue, Reading, Texts
from shared.yaml_files.fields import ListOf, Mapped, ScalarField, load_tree, text_at
from shared.yaml_files.tree import Data, Scalar, parse_tree

_SCHEMA: Final = POLICY.schema_for(None)
_ALL_ARTICLES: Final = "(一)-(十七)"
_NUMBER: Final = r"G\d+"  # of a general clause


def load_policy(path: Path) -> Policy:
    """Load a policy file. Raises YamlFileError with every fault, each with its line and field, and OSError."""
    return read_policy(path.read_bytes(), path.name)


@lru_cache(maxsize=8)
def read_policy(content: bytes, file: str) -> Policy:
    """Parse a policy file's bytes; `file` is its name in messages. Raises YamlFileError.

    Parsing takes a tenth of a second, and questions about the past ask for the same few files again and again.
    """
    tree = parse_tree(content, file)
    policy: Policy = load_tree(_SCHEMA, tree, file)
    found = list(_walk(_SCHEMA, tree.data, "", "-"))
    return msgspec.structs.replace(
        policy,
        readings=tuple(with_ids([one for one in found if isinstance(one, Reading)])),
        values=tuple(one for one in found if isinstance(one, PolicyValue)),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _walk(schema: Schema, data: Data, path: str, article: str, key: str = "") -> Iterator[PolicyValue | Reading]:
    """The values and readings of a mapping without faults, in its order, each with its path and article.

    `key` is the field that names the mapping within its list.
    """
    if not isinstance(data, dict):
        return
    article = text_at(data, "article") or (_ALL_ARTICLES if path == "declared" else article)
    if "mark" in data:
        yield _reading(data, path, article)
    skipped = {key, "clause"}
    skipped |= {"article"} if path.startswith(("general.", "signs.", "statements")) else set()
    for name, raw in data.items():
        field, where = schema.load_fields[name], f"{path}.{name}" if path else name
        if isinstance(field, ListOf) and isinstance(raw, list):
            yield from _walk_list(field, raw, where, article)
        elif isinstance(field, Mapped | MappedBy):
            yield from _walk(field.schema_for(raw), raw, path if name == "numbers" else where, article)
        elif isinstance(field, ScalarField) and isinstance(raw, Scalar) and name not in skipped:
            yield PolicyValue(where, article, field.canonical(raw.text))


def _walk_list(field: ListOf, items: list[Data], path: str, article: str) -> Iterator[PolicyValue | Reading]:
    inner, names = field.inner, [field.name_of(item) for item in items]
    if not isinstance(inner, Mapped | MappedBy):
        texts = [item.text for item in items if isinstance(item, Scalar)]
        yield PolicyValue(path, article, ", ".join(texts))
        return
    for index, item in enumerate(items):
        where = f"{path}.{names[index]}" if field.unique else f"{path}[{index}]"
        yield from _walk(inner.schema_for(item), item, where, article, field.unique or "")
    if field.unique == "rule":
        yield PolicyValue(path, "-", ", ".join(names))


def _reading(data: dict[str, Data], path: str, article: str) -> Reading:
    owner = path.partition(".readings.")[0].rpartition(".")[2]
    mark = text_at(data, "mark")
    return Reading(
        id="",  # with_ids
        path=path,
        clause=text_at(data, "clause") or owner,
        article=article,
        basis=text_at(data, "basis") or None,
        mark="T" if mark == "T" else "L" if mark == "L" else "J",
        reading=text_at(data, "reading"),
        says=_texts(data["says"]),
        alternative=_texts(data["alternative"]) if "alternative" in data else None,
        needs=_texts(data["needs"]) if "needs" in data else None,
        others=tuple(
            OtherReading(text_at(one, "reading"), _texts(one))
            for one in data.get("others", ())
            if isinstance(one, dict)
        ),
    )


def with_ids(readings: Sequence[Reading]) -> Iterator[Reading]:
    """Name each reading "<clause or rule>/<reading>"; of several with one name, the section's name comes between.

    A general clause without a number goes by its section's name.
    """
    owners = [one.clause if re.fullmatch(_NUMBER, one.clause) else _section(one) for one in readings]
    taken = Counter((owner, one.reading) for owner, one in zip(owners, readings, strict=True))
    for owner, one in zip(owners, readings, strict=True):
        parts = [owner, one.reading] if taken[owner, one.reading] == 1 else [owner, _section(one), one.reading]
        yield msgspec.structs.replace(one, id="/".join(parts))


def _section(reading: Reading) -> str:
    """The rule or the section of the file that has the reading."""
    return reading.path.partition(".readings.")[0].rpartition(".")[2]


def _texts(data: Data) -> Texts:
    return Texts(text_at(data, "zh"), text_at(data, "en"))
