"""The answers that `jiangbu init` works from, read from a YAML file through a declared schema.

address: jiangbu.example.org          # the host under which people and exchanges reach the set
exchanges:                            # or `whitelist: FILE`
  - {id: kmdex, name: 虚构甲数据交易所}
persons:                              # three of the bureau, because some rewards pass through three
  - {id: officer-1, name: 虚构一号, role: bureau}
  - {id: officer-2, name: 虚构二号, role: bureau}
  - {id: officer-3, name: 虚构三号, role: bureau}
  - {id: auditor-1, name: 虚构四号, role: auditor}
certificates: own                     # own: an authority of the set's own; given: certificates of another authority
policy: policy.yaml                   # the project's own when not set
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

import yaml
from marshmallow import Schema

from deploy.api_keys import ROLES, Person
from deploy.ha.nodes_file import HostName
from shared.events.topics import EXCHANGE_PATTERN
from shared.operator_errors import OperatorError
from shared.yaml_files.fields import ListOf, Mapped, ScalarField, SchemaField, TextValue, load_file, load_tree, text_at
from shared.yaml_files.tree import FieldProblem, parse_tree

Certificates = Literal["own", "given"]
LEAST_PERSONS: Final = {"bureau": 3, "auditor": 1}


class AnswersError(OperatorError):
    """The answers cannot be used; the message has one fault a line, with file, line and field."""


class NamedExchange(NamedTuple):
    """An exchange by its id and name, open in time and without an operator: the whitelist can say more later."""

    id: str
    name: str


class Answers(NamedTuple):
    """The answers to the five questions. Exactly one of `exchanges` and `whitelist` is given."""

    address: str
    persons: tuple[Person, ...]
    exchanges: tuple[NamedExchange, ...] = ()
    whitelist: Path | None = None
    certificates: Certificates = "own"
    policy: Path | None = None


class _ExchangeId(ScalarField):
    pattern = EXCHANGE_PATTERN
    must_be = f"须符合 {pattern} / must match {pattern}"


class _PersonId(ScalarField):
    pattern = r"[a-z][a-z0-9-]{0,30}"
    must_be = f"须符合 {pattern} / must match {pattern}"


class _Role(ScalarField):
    pattern = "bureau|auditor"
    must_be = "须为 bureau 或 auditor / must be bureau or auditor"


class _Certificates(ScalarField):
    pattern = "own|given"
    must_be = "须为 own 或 given / must be own or given"


class _File(ScalarField):
    """The path of a file; a relative one is below the folder in which the command runs."""

    parse = staticmethod(Path)


class _Persons(ListOf):
    """Persons, enough of each role."""

    def problems(self, items: list[object]) -> Iterator[FieldProblem]:
        yield from super().problems(items)
        names = Counter(text_at(item, "name") or text_at(item, "id") for item in items)
        for name, count in names.items():
            if count > 1:
                yield FieldProblem((), f"姓名须可区分（决定按姓名记录） / names in decisions must differ: {name}")
            if name in ROLES:
                yield FieldProblem((), f"该名称已用于另一密钥 / is the name of another key: {name}")
        found = Counter(text_at(item, "role") for item in items)
        for role, least in LEAST_PERSONS.items():
            if found[role] < least:
                yield FieldProblem((), f"角色 {role} 至少须有 {least} 人 / the role {role} needs at least {least}")


FIELDS: Final[Mapping[str, SchemaField]] = {
    "address": HostName(),
    "persons": _Persons(
        Mapped(Person, {"id": _PersonId(), "name": TextValue(required=False), "role": _Role()}),
        unique="id",
        noun=("人员", "person"),
    ),
    "exchanges": ListOf(
        Mapped(NamedExchange, {"id": _ExchangeId(), "name": TextValue()}),
        unique="id",
        noun=("交易场所", "exchange"),
        required=False,
    ),
    "whitelist": _File(required=False),
    "certificates": _Certificates(required=False),
    "policy": _File(required=False),
}


def _check(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    if ("exchanges" in data) == ("whitelist" in data):
        yield FieldProblem(("exchanges",), "须有且只有其一 / exactly one is needed: exchanges, whitelist")


_SCHEMA: Final[Schema] = Mapped(Answers, FIELDS, check=_check).schema_for(None)


def load_answers(path: Path) -> Answers:
    """Load a file of answers. AnswersError with every fault, each with its line and field."""
    return load_file(path, read_answers, AnswersError)


def read_answers(content: bytes, file: str) -> Answers:
    """Parse answers; `file` is its name in messages. Raises YamlFileError."""
    answers: Answers = load_tree(_SCHEMA, parse_tree(content, file), file)
    return answers


def answers_yaml(answers: Answers) -> str:
    """Return the file of answers, as `read_answers` reads it."""
    data: dict[str, object] = {"address": answers.address}
    if answers.whitelist is None:
        data["exchanges"] = [one._asdict() for one in answers.exchanges]
    else:
        data["whitelist"] = str(answers.whitelist)
    data["persons"] = [{name: text for name, text in one._asdict().items() if text} for one in answers.persons]
    data["certificates"] = answers.certificates
    if answers.policy is not None:
        data["policy"] = str(answers.policy)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
