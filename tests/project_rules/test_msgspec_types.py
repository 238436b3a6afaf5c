"""Types are described to msgspec while modules are imported; part of `make check`.

msgspec 0.22 does it at the first use of a type. If another thread uses the type before that is done, the process ends
by a segmentation fault: `jiangbu ha status` did, which asks three machines at the same time.
"""

from __future__ import annotations

import ast

from tests.support.paths import PRODUCT, ROOT, modules

_CONVERTER = ROOT / "shared" / "values" / "convert.py"


def described_late(tree: ast.Module) -> list[int]:
    """Return the lines that decode or convert to a type which msgspec may not know yet."""
    found = []
    for function in ast.walk(tree):
        inside = isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for call in ast.walk(function) if inside else ():
            if isinstance(call, ast.Call):
                name = ast.unparse(call.func)
                typed = any(one.arg == "type" for one in call.keywords)
                if name == "msgspec.convert" or (name.startswith("msgspec.") and name.endswith(".decode") and typed):
                    found.append(call.lineno)
                if name.startswith("msgspec.") and name.endswith(".Decoder") and (call.args or typed):
                    found.append(call.lineno)
    return found


def test_types_are_described_to_msgspec_at_import() -> None:
    late = {}
    for path in modules(*PRODUCT):
        if path != _CONVERTER and (lines := described_late(ast.parse(path.read_text("utf-8")))):
            late[str(path.relative_to(ROOT))] = lines
    assert late == {}
