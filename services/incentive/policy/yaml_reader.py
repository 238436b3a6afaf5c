"""Reading a policy file's YAML by a strict form, with every fault found, each with its line and member.

What finds a fault notes it and goes on with some value in its place. Such a value never leaves: the loader raises
when there is any fault.
"""

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import yaml

from services.incentive.policy.terms import PolicyValue, Texts
from shared.values.money import parse_yuan

_TEXT = "tag:yaml.org,2002:str"
_WHOLE = "tag:yaml.org,2002:int"
_DATE = "tag:yaml.org,2002:timestamp"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REVISION = re.compile(r"[1-9][0-9]{0,8}")
_RATE = re.compile(r"0\.[0-9]{1,8}|1")
_YUAN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")


class PolicyFault(NamedTuple):
    """What is wrong at a line (from 1) and member of the file."""

    line: int
    member: str
    problem: str


class PolicyError(ValueError):
    """A policy file that cannot be used; str() has one fault a line."""

    def __init__(self, file: str, faults: Collection[PolicyFault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(f"{file}:{line}: {member}: {problem}" for line, member, problem in self.faults))


class PolicyFile:
    """The faults and the values found so far in one file; `article` is the one of the place being read."""

    def __init__(self) -> None:
        self.faults: list[PolicyFault] = []
        self.values: list[PolicyValue] = []
        self.article = "-"

    def fault(self, node: yaml.Node, member: str, problem: str) -> None:
        """Note a fault at a node."""
        self.faults.append(PolicyFault(node.start_mark.line + 1, member, problem))

    def value(self, path: str, text: str) -> None:
        """Note a value of the file under the article being read."""
        self.values.append(PolicyValue(path, self.article, text))

    def members(
        self, node: yaml.Node, path: str, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, yaml.Node]:
        """Members of a mapping by name; faults for repeated, unknown and missing ones, and for what is no mapping."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, path or "-", "须为映射 / must be a mapping")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) and key.tag == _TEXT else None
            member = _join(path, name or "?")
            if name is None:
                self.fault(key, member, "成员名须为文本 / a member's name must be text")
            elif name in found:
                self.fault(key, member, "重复的成员 / repeated member")
            elif name not in required and name not in optional:
                self.fault(key, member, "未知的成员 / unknown member")
            else:
                found[name] = value
        for name in required:
            if name not in found:
                self.fault(node, _join(path, name), "缺少该成员 / missing member")
        return found

    def items(self, node: yaml.Node | None, path: str) -> list[yaml.Node]:
        """Items of a list that is not empty."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fault(node, path, "须为非空列表 / must be a list with at least one item")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None, path: str) -> str:
        """Text that is not empty."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or node.tag != _TEXT:
            self.fault(node, path, "须为文本（数字须加引号） / must be text (numbers in quotes)")
            return ""
        text = str(node.value)
        if not text.strip():
            self.fault(node, path, "不得为空 / must not be empty")
        return text

    def texts(self, members: dict[str, yaml.Node], path: str) -> Texts:
        """The members `zh` and `en`."""
        return Texts(self.text(members.get("zh"), _join(path, "zh")), self.text(members.get("en"), _join(path, "en")))

    def one_of(self, node: yaml.Node | None, path: str, choices: Collection[str]) -> str:
        """Text that is one of those that the code computes."""
        text = self.text(node, path)
        if node is not None and text and text not in choices:
            known = ", ".join(choices)
            self.fault(node, path, f"本版本只能计算 {known} / this version computes {known} only")
        return text

    def whole(self, node: yaml.Node | None, path: str) -> int:
        """A whole number from 1."""
        if node is None:
            return 1
        if not isinstance(node, yaml.ScalarNode) or node.tag != _WHOLE or not _REVISION.fullmatch(node.value):
            self.fault(node, path, "须为正整数 / must be a whole number from 1")
            return 1
        return int(node.value)

    def day(self, node: yaml.Node | None, path: str) -> date:
        """A day, YYYY-MM-DD, in quotes or not."""
        if node is None:
            return date.min
        if isinstance(node, yaml.ScalarNode) and node.tag in (_DATE, _TEXT) and _DAY.fullmatch(node.value):
            try:
                return date.fromisoformat(node.value)
            except ValueError:
                pass  # a day that no calendar has is told like any other text
        self.fault(node, path, "须为日期 YYYY-MM-DD / must be a day YYYY-MM-DD")
        return date.min

    def month_day(self, node: yaml.Node | None, path: str) -> tuple[int, int]:
        """A day of every year, "MM-DD"."""
        text = self.text(node, path)
        if node is None or not text:
            return (1, 1)
        try:
            day = date.fromisoformat(f"2001-{text}")
        except ValueError:
            self.fault(node, path, '须为每年都有的日期 "MM-DD" / must be a day of every year, "MM-DD"')
            return (1, 1)
        return (day.month, day.day)

    def yuan(self, node: yaml.Node | None, path: str) -> int:
        """Fen of an amount over zero, written in yuan as text."""
        text = self.text(node, path)
        if node is None or not text:
            return 1
        fen = parse_yuan(text) if _YUAN.fullmatch(text) else 0
        if fen == 0:
            self.fault(
                node, path, "须为大于 0、至多两位小数的金额文本 / must be an amount over 0 with at most two decimals"
            )
        return fen

    def rate(self, node: yaml.Node | None, path: str) -> Decimal:
        """A rate over 0 and at most 1, written as text."""
        text = self.text(node, path)
        if node is None or not text:
            return Decimal(1)
        rate = Decimal(text) if _RATE.fullmatch(text) else Decimal(0)
        if rate == 0:
            self.fault(node, path, '须为大于 0 且不大于 1 的小数文本，如 "0.05" / must be a decimal over 0 up to 1')
        return rate


def compose(content: bytes, file: str) -> yaml.Node:
    """The node tree of the one document of a YAML file. Raises PolicyError when there is none."""
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(file, [PolicyFault(line, "-", "不是 UTF-8 / not UTF-8")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise PolicyError(file, [PolicyFault(line, "-", f"不是 YAML / not YAML: {error.problem}")]) from error
    except RecursionError as error:
        raise PolicyError(file, [PolicyFault(1, "-", "嵌套过深 / nested too deeply")]) from error
    except yaml.reader.ReaderError as error:
        line = content.decode("utf-8")[: error.position].count("\n") + 1
        raise PolicyError(file, [PolicyFault(line, "-", f"不是 YAML / not YAML: {error.reason}")]) from error
    if node is None:
        raise PolicyError(file, [PolicyFault(1, "-", "文件为空 / the file is empty")])
    return node


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
