"""Lines of a file that a reader looks at first: clocks, generators, state that outlives a step."""

from __future__ import annotations

import ast

_MODULES = {"random", "time", "datetime", "secrets", "os", "uuid", "threading"}


def hints(text: str) -> list[str]:
    """Sentences with line numbers; none where nothing of the kind is there."""
    found: list[tuple[int, str]] = []
    tree = ast.parse(text.removeprefix("\ufeff"))
    for node in ast.walk(tree):
        found += _of(node)
    for node in tree.body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
            value, ast.Dict | ast.List | ast.Set | ast.Call
        ):
            found.append((node.lineno, "keeps a value of the module, which outlives the run"))
    return [f"row {line}: {what}" for line, what in sorted(set(found))]


def _of(node: ast.AST) -> list[tuple[int, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = getattr(node, "module", None) or ""
        names = [module.split(".")[0], *(alias.name.split(".")[0] for alias in node.names)]
        return [(node.lineno, f"imports {name}") for name in names if name in _MODULES]
    if isinstance(node, ast.Attribute) and node.attr == "random":
        return [(node.lineno, "uses a generator of its own; NUMBERS gives random numbers")]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return [(node.lineno, f"changes {', '.join(node.names)} outside the step")]
    return []
