"""docs/index.md leads to every page, and no link inside the documentation is dead."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    return [link for link in found if "://" not in link]


def test_every_page_is_on_the_map() -> None:
    listed = {(DOCS / link).resolve() for link in links(DOCS / "index.md")}
    pages = {page.resolve() for page in DOCS.rglob("*.md")}
    unlisted = pages - listed - {(DOCS / "index.md").resolve()}
    assert {page.name for page in unlisted} <= {"000-template.md"}


def test_no_link_is_dead() -> None:
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    dead = {
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in links(page)
        if not (page.parent / link).exists()
    }
    assert dead == set()


def test_every_file_that_the_documentation_names_exists() -> None:
    named = set()
    for page in (DOCS / "architecture.md", DOCS / "mechanisms.md"):
        named |= set(re.findall(r"`([a-z_]+/[a-z_]+\.py)`", page.read_text("utf-8")))
    missing = {name for name in named if not (ROOT / "src" / "seawall" / name).exists()}
    assert len(named) > 25
    assert missing == set()
