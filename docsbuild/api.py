"""The API reference: public classes and functions of every package, by floor, from docstrings.

Sources are read, not imported, so that the build starts no compiler and needs nothing but Python.
"""

from __future__ import annotations

import ast
import html
import tomllib
from pathlib import Path

from docsbuild.prose import as_html, first_line

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "seawall"


def floors() -> list[list[str]]:
    """Packages by floor, lowest first, as the import checker knows them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["id"] == "floors")
    return [[name.strip(" ()") for name in layer.split("|")] for layer in reversed(layers)]


def pages() -> dict[str, str]:
    """{file below api/: text}, the index first: a page for each package and each of its folders."""
    made = {}
    rows = []
    for number, floor in enumerate(floors()):
        for package in (p for p in floor if (SOURCE / p).is_dir()):
            below = sorted(p.parent for p in (SOURCE / package).rglob("__init__.py"))
            for folder in below:
                name = page_of(folder)
                made[name] = _folder(folder)
                said = first_line(ast.get_docstring(_tree(folder / "__init__.py")))
                dotted = name.removesuffix(".md").replace("-", ".")
                rows.append(f"| {number} | [`{dotted}`]({name}) | {html.escape(said)} |")
    head = [
        "# API",
        "",
        "Public classes and functions by floor; a file imports only from lower floors "
        "([architecture](../architecture.md)). Made from docstrings.",
        "",
        "| floor | package | what it is |",
        "|---|---|---|",
    ]
    return {"index.md": "\n".join([*head, *rows, ""]), **made}


def page_of(folder: Path) -> str:
    """The page of a folder of the sources."""
    return "-".join(folder.relative_to(SOURCE).parts) + ".md"


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _folder(folder: Path) -> str:
    dotted = ".".join(folder.relative_to(SOURCE).parts)
    said = as_html(ast.get_docstring(_tree(folder / "__init__.py")) or "")
    lines = [f"# seawall.{dotted}", "", said]
    for path in sorted(folder.glob("*.py")):
        name = path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".")
        if path.name.startswith("_") or path.stem.endswith("kernel") or "templates" in path.parts:
            continue
        tree = _tree(path)
        public = [node for node in tree.body if _is_public(node)]
        lines += [
            "",
            f"## `seawall.{name}`",
            "",
            f"<p>{html.escape(first_line(ast.get_docstring(tree)))}.</p>",
        ]
        for node in public:
            lines += _entry(node, name)
    return "\n".join([*lines, ""])


def _is_public(node: ast.stmt) -> bool:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return isinstance(node, kinds) and not node.name.startswith("_")


def _entry(node: ast.stmt, module: str) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [
            "",
            f"### {node.name} {{ #{module}.{node.name} }}",
            "",
            *_code(_signature(node)),
            *_said(node),
        ]
    assert isinstance(node, ast.ClassDef)
    fields = [f"    {ast.unparse(item)}" for item in node.body if isinstance(item, ast.AnnAssign)]
    head = f"class {node.name}" + (
        f"({', '.join(ast.unparse(b) for b in node.bases)})" if node.bases else ""
    )
    lines = [
        "",
        f"### {node.name} {{ #{module}.{node.name} }}",
        "",
        *_code("\n".join([head, *fields])),
        *_said(node),
    ]
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            said = first_line(ast.get_docstring(method))
            lines += [
                "",
                f"<p><code>.{html.escape(_signature(method)[4:])}</code> {html.escape(said)}</p>",
            ]
    return lines


def _code(text: str) -> list[str]:
    return ["```python", text, "```"]


def _said(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    text = ast.get_docstring(node)
    return ["", as_html(text)] if text else []


def _signature(node: ast.FunctionDef) -> str:
    given = ast.unparse(node.args)
    back = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"def {node.name}({given}){back}"
    if len(line) <= 88:
        return line
    parts = _split(given)
    return f"def {node.name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){back}"


def _split(given: str) -> list[str]:
    """Arguments one by one: commas inside brackets part nothing."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(given):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append(given[start:at].strip())
            start = at + 1
    return [*parts, given[start:].strip()]
