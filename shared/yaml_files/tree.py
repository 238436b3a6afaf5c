"""A YAML document as plain data, with the line of every value and field name."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import yaml

_TEXT = "tag:yaml.org,2002:str"

Path = tuple[str | int, ...]
# `Scalar` keeps the text and its YAML type, as the text alone does not say whether it was in quotes.
Data: TypeAlias = "Scalar | dict[str, Data] | list[Data]"


class Scalar(NamedTuple):
    """A scalar as it is written, and whether YAML reads it as text, a whole number or another type."""

    text: str
    type: str


class FieldProblem(NamedTuple):
    """A problem at a path within what is checked."""

    path: Path
    text: str


class YamlFault(NamedTuple):
    """A problem at a line (from 1) and field of the file."""

    line: int
    field: str
    problem: str


class YamlFileError(ValueError):
    """A YAML file that cannot be used; str() has one fault a line."""

    def __init__(self, file: str, faults: Collection[YamlFault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(f"{file}:{line}: {field}: {problem}" for line, field, problem in self.faults))


class Tree:
    """A document's data, the lines by path, and faults that the data cannot show: bad or repeated field names."""

    def __init__(self, root: yaml.Node) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[YamlFault] = []
        self.data = self._read(root, ())

    def line(self, path: Path) -> int:
        """The line of a value or unknown field; of a missing one, that of the nearest mapping around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def _read(self, node: yaml.Node, path: Path) -> Data:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*path, index)) for index, item in enumerate(node.value)]
        return Scalar(str(node.value), node.tag.rpartition(":")[2])

    def _read_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) and key.tag == _TEXT else "?"
            where = (*path, name)
            line = key.start_mark.line + 1
            if name == "?":
                self.faults.append(YamlFault(line, field_name(where), "字段名须为文本 / a field's name must be text"))
            elif name in found:
                self.faults.append(YamlFault(line, field_name(where), "重复的字段 / repeated field"))
            else:
                found[name] = self._read(value, where)
        return found


def field_name(path: Path) -> str:
    """A path for people: `rules[1].rate`; "-" for the whole document."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "-"


def parse_tree(content: bytes, file: str) -> Tree:
    """Parse the single document of a YAML file. Raises YamlFileError."""
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
        if node is not None:
            return Tree(node)
        line, problem = 1, "文件为空 / the file is empty"
    except UnicodeDecodeError as error:
        line, problem = content[: error.start].count(b"\n") + 1, "不是 UTF-8 / not UTF-8"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, problem = 1 if mark is None else mark.line + 1, f"不是 YAML / not YAML: {error.problem}"
    except RecursionError:
        line, problem = 1, "嵌套过深 / nested too deeply"
    except yaml.reader.ReaderError as error:
        line = content.decode("utf-8")[: error.position].count("\n") + 1
        problem = f"不是 YAML / not YAML: {error.reason}"
    raise YamlFileError(file, [YamlFault(line, "-", problem)]) from None


def flatten(messages: object, path: Path = ()) -> Iterator[FieldProblem]:
    """Problems by path from nested error messages of marshmallow, which may be problems themselves."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from flatten(inner, path if name == "_schema" else (*path, name))
    elif isinstance(messages, FieldProblem):
        yield FieldProblem((*path, *messages.path), messages.text)
    elif isinstance(messages, list):
        for message in messages:
            yield from flatten(message, path)
    else:
        yield FieldProblem(path, str(messages))
