"""The five questions of `jiangbu init`, at the terminal."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import yaml
from marshmallow import ValidationError

from deploy.api_keys import Person
from deploy.first_setup.answers import FIELDS, LEAST_PERSONS, Answers, NamedExchange
from shared.language import localized, say
from shared.yaml_files.tree import flatten, parse_tree

T = TypeVar("T")


def ask() -> Answers:
    """Ask the five questions, each again until its answer is valid."""
    address = _ask(
        say(
            "1. 访问地址（主机名或 IPv4）",
            "1. Host name or IPv4 address under which people and exchanges reach the set",
        ),
        parse_address,
    )
    exchanges = _ask(
        say(
            "2. 交易场所：ID=名称，以逗号分隔；或名录文件（.yaml）",
            "2. Exchanges: ID=NAME, separated by commas; or a whitelist file (.yaml)",
        ),
        parse_exchanges,
    )
    least_zh = "、".join(f"{role}（至少 {count} 人）" for role, count in LEAST_PERSONS.items())
    least_en = " or ".join(f"{role} (at least {count})" for role, count in LEAST_PERSONS.items())
    persons = _ask(
        say(
            f"3. 人员：ID=角色 或 ID=角色:姓名，以逗号分隔；角色为 {least_zh}",
            f"3. Persons: ID=ROLE or ID=ROLE:NAME, separated by commas; ROLE is {least_en}",
        ),
        parse_persons,
    )
    has_own = click.confirm(
        say("4. 由本系统自建机构签发证书？", "4. Issue certificates from an authority of the set's own?"), default=True
    )
    policy = _ask(
        say("5. 政策文件，直接回车则用项目自带的", "5. Policy file; press Enter for the project's own"),
        parse_policy,
        default="",
    )
    whitelist = exchanges if isinstance(exchanges, Path) else None
    named = () if isinstance(exchanges, Path) else exchanges
    return Answers(address, persons, named, whitelist, "own" if has_own else "given", policy)


def _ask(question: str, parse: Callable[[str], T], default: str | None = None) -> T:
    def checked(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise click.UsageError(localized(str(error))) from error

    answer: T = click.prompt(question, default=default, show_default=False, value_proc=checked)
    return answer


def parse_address(text: str) -> str:
    """Return a host name or address. ValueError."""
    return str(_checked("address", text.strip()))


def parse_exchanges(text: str) -> Path | tuple[NamedExchange, ...]:
    """Parse `kmdex=NAME, dcdex=NAME`, or the path of a YAML file. ValueError."""
    if "=" not in text and text.strip().endswith((".yaml", ".yml")):
        return _existing(text)
    items = [{"id": name, "name": value} for name, value in _pairs(text)]
    found: list[NamedExchange] = _checked("exchanges", items)
    return tuple(found)


def parse_persons(text: str) -> tuple[Person, ...]:
    """Parse `officer-2=bureau, auditor-1=auditor:NAME`. ValueError."""
    items = []
    for person, value in _pairs(text):
        role, colon, name = value.replace("：", ":").partition(":")
        items.append({"id": person, "role": role.strip()} | ({"name": name.strip()} if colon else {}))
    found: list[Person] = _checked("persons", items)
    return tuple(found)


def parse_policy(text: str) -> Path | None:
    """Return the path of an existing file; None for an empty answer. ValueError."""
    return _existing(text) if text.strip() else None


def _pairs(text: str) -> list[tuple[str, str]]:
    words = [word for word in text.replace("，", ",").split(",") if word.strip()]
    return [(name.strip(), value.strip()) for name, _, value in (word.partition("=") for word in words)]


def _existing(text: str) -> Path:
    path = Path(text.strip()).expanduser()
    if not path.is_file():
        raise ValueError(f"{path}: 文件不存在 / there is no such file")
    return path.absolute()


def _checked(name: str, value: object) -> T:  # type: ignore[type-var]  # the caller knows the field's type
    """Return what the schema of the file of answers makes of a value. ValueError with its first problem."""
    data = parse_tree(yaml.safe_dump(value, allow_unicode=True).encode(), name).data
    try:
        found: T = FIELDS[name].deserialize(data)
    except ValidationError as error:
        path, problem = next(iter(flatten(error.messages)))
        place = "".join(f"{part + 1}: " if isinstance(part, int) else f"{part}: " for part in path)
        raise ValueError(f"{place}{problem}") from error
    return found
