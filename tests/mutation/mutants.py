"""Mutants of a module: small changes of its functions, named by the changed text instead of line numbers."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WIDTH = 90  # characters of each side of a change in its name
_ORDER = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt)}
_OPPOSITE = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn}
_COMPARISONS: dict[type, tuple[type, ...]] = {
    **_ORDER,
    **{one: (other,) for one, other in _OPPOSITE.items()},
    **{other: (one,) for one, other in _OPPOSITE.items()},
}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


@dataclass(frozen=True)
class Mutant:
    """A change of one function: its name, which is stable as long as the changed text is, and the changed code."""

    name: str
    path: Path
    function: str
    code: CodeType


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Return all mutants of the functions and methods of a module, in the order of its text."""
    tree = ast.parse(path.read_text("utf-8"))
    seen: Counter[str] = Counter()
    for qualname, function in _functions(tree.body, ""):
        for slot in _slots(function):
            for new in _alternatives(slot.node):
                before = slot.text()
                slot.put(ast.fix_missing_locations(ast.copy_location(new, slot.node)))
                change = f"{path.as_posix()}::{qualname}  {_shortened(before)}  ->  {_shortened(slot.text())}"
                code = _find(compile(tree, str(path), "exec"), qualname)
                slot.put(slot.node)
                seen[change] += 1
                yield Mutant(change if seen[change] == 1 else f"{change} ({seen[change]})", path, qualname, code)


def _functions(body: list[ast.stmt], within: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield f"{within}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{within}{node.name}.")


def _find(code: CodeType, qualname: str) -> CodeType:
    waiting = [code]
    while waiting:
        found = waiting.pop()
        if found.co_qualname == qualname:
            return found
        waiting += [const for const in found.co_consts if isinstance(const, CodeType)]
    raise LookupError(qualname)


class _Slot(NamedTuple):
    """The place of a node: an index of a list or a field of a node; and the expression around it."""

    container: Any
    place: Any
    node: ast.AST
    around: ast.AST | None

    def put(self, node: ast.AST) -> None:
        if isinstance(self.container, list):
            self.container[self.place] = node
        else:
            setattr(self.container, self.place, node)

    def text(self) -> str:
        """Return the text there: a constant with the expression around it, only the first line of an `if`."""
        node = self.container[self.place] if isinstance(self.container, list) else getattr(self.container, self.place)
        if isinstance(node, ast.If):
            return f"if {ast.unparse(node.test)}"
        if isinstance(self.node, ast.Constant | ast.UnaryOp) and isinstance(self.around, ast.expr | ast.keyword):
            return ast.unparse(self.around)
        return ast.unparse(node)


def _slots(function: ast.FunctionDef) -> Iterator[_Slot]:
    """Yield every node of a function except its docstring, annotations and the messages that it raises."""
    first = 0 if ast.get_docstring(function) is None else 1
    waiting = [_Slot(function.body, n, node, None) for n, node in enumerate(function.body) if n >= first]
    while waiting:
        slot = waiting.pop(0)
        yield slot
        if not isinstance(slot.node, ast.Raise):
            waiting[:0] = _below(slot)


def _below(slot: _Slot) -> list[_Slot]:
    node = slot.node
    around = slot.around if isinstance(node, ast.UnaryOp) else node
    found: list[_Slot] = []
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(value, list):
            found += [_Slot(value, n, one, around) for n, one in enumerate(value) if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(_Slot(node, field, value, around))
    return found


def _alternatives(node: ast.AST) -> Iterator[ast.AST]:
    """Yield replacements for a node."""
    make = _MAKE.get(type(node))
    return iter(()) if make is None else make(node)


def _of_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _of_arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    other = _ARITHMETIC.get(type(node.op))
    if other is not None and not any(map(_is_text, (node.left, node.right))):
        yield ast.BinOp(node.left, other(), node.right)


def _of_and_or(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _of_sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _of_condition(node: ast.If | ast.IfExp) -> Iterator[ast.AST]:
    """Negate a condition; comparisons and `not` are changed by themselves."""
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        negated = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        yield type(node)(negated, node.body, node.orelse)


def _of_comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    if node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)


def _of_return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        other = ast.copy_location(ast.Name(_CALLS[node.func.id], ast.Load()), node.func)
        yield ast.Call(other, node.args, [] if node.func.id == "sorted" else node.keywords)


def _of_statement(node: ast.stmt) -> Iterator[ast.AST]:
    """Drop a statement that has an effect."""
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    is_entry = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    if is_call or is_entry or isinstance(node, ast.AugAssign | ast.Continue | ast.Break):
        yield ast.Pass()


_MAKE: dict[type, Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _of_comparison,
    ast.BinOp: _of_arithmetic,
    ast.BoolOp: _of_and_or,
    ast.UnaryOp: _of_sign,
    ast.Constant: _of_constant,
    ast.If: _of_condition,
    ast.IfExp: _of_condition,
    ast.comprehension: _of_comprehension,
    ast.Return: _of_return,
    ast.Call: _of_call,
    **dict.fromkeys((ast.Expr, ast.Assign, ast.AugAssign, ast.Continue, ast.Break), _of_statement),
}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH // 2]} … {line[-WIDTH // 2 :]}"
