"""The source of the site: every page in the navigation, every link alive, nothing from outside."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from docsbuild import api, site

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    site.write(made)
    return made


def _listed(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    assert isinstance(entry, dict)
    return [page for inner in entry.values() for item in inner for page in _listed(item)]


def _pages(folder: Path) -> list[Path]:
    return sorted((folder / "docs").rglob("*.md"))


def test_the_navigation_leads_to_every_page_once(folder: Path) -> None:
    settings = tomllib.loads((folder / "zensical.toml").read_text("utf-8"))
    listed = [page for entry in settings["project"]["nav"] for page in _listed(entry)]
    written = {p.relative_to(folder / "docs").as_posix() for p in _pages(folder)}
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == written


def test_no_link_of_the_site_is_dead(folder: Path) -> None:
    dead = []
    for page in _pages(folder):
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for link in LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
            path = link.partition("#")[0]
            if "://" not in link and path and not (page.parent / path).exists():
                dead.append(f"{page.name}: {link}")
    assert dead == []


def test_nothing_is_loaded_from_outside(folder: Path) -> None:
    for page in [*_pages(folder), *folder.rglob("*.css")]:
        text = page.read_text("utf-8")
        assert not re.search(r"""(?:src|href)=["']?https?:|url\(|@import""", text), page.name
    settings = tomllib.loads((folder / "zensical.toml").read_text("utf-8"))["project"]
    assert settings["theme"]["font"] is False


def test_the_reference_has_every_public_function_and_class() -> None:
    pages = api.pages()
    found = 0
    for path in sorted((ROOT / "src" / "seawall").rglob("*.py")):
        name = path.relative_to(ROOT / "src" / "seawall")
        if len(name.parts) < 2 or name.stem.endswith("kernel") or "templates" in name.parts:
            continue
        if name.name.startswith("_"):
            continue
        module = name.with_suffix("").as_posix().replace("/", ".")
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                assert f"{{ #{module}.{node.name} }}" in pages[api.page_of(path.parent)]
                found += 1
    assert found > 1000


def test_every_command_stands_in_the_readme_once() -> None:
    import typer

    from seawall.cli.app import app

    table = (ROOT / "README.md").read_text("utf-8").split("## Commands")[1]
    named = []
    for row in re.findall(r"^\| (`seawall .*?) \|", table, re.MULTILINE):
        first, *rest = re.findall(r"`([^`]+)`", row)
        words = first.split()
        named += [" ".join(words[1:]), *(f"{words[1]} {word}" for word in rest)]

    def commands(group: Any, above: str = "") -> list[str]:
        out = []
        for name, command in group.commands.items():
            inner = hasattr(command, "commands")
            out += commands(command, f"{name} ") if inner else [above + name]
        return out

    there = commands(typer.main.get_command(app))
    assert sorted(named) == sorted(set(named))
    assert set(there) == set(named), "the README lists other commands than there are"
