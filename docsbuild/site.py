"""The site's source and settings in one folder, from docs/, README and what is generated."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from docsbuild import api, mechanisms

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# Files outside docs/ that are pages of the site too.
BESIDE = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md"}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")

# Sections of the navigation: title and pages; what is not named here stands under "More".
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Start", ("index.md", "readme.md", "tutorial.md")),
    (
        "How to",
        ("how-to/protocol.md", "how-to/desk.md", "how-to/research.md", "how-to/commands.md"),
    ),
    (
        "Read the answer",
        (
            "page.md", "json.md", "units.md", "assumptions.md", "tail.md", "margin.md", "greeks.md",
            "pnl.md", "surface.md", "backtests.md", "events.md",
        ),
    ),
    (
        "Decide",
        (
            "explain.md", "reverse.md", "remedies.md", "collateral.md", "cash.md", "caps.md",
            "limits.md", "reports.md", "audit.md",
        ),
    ),
    (
        "Describe the world",
        (
            "case.md", "scenarios.md", "liquidity.md", "behaviour.md", "failures.md",
            "own-mechanism.md", "real-input.md",
        ),
    ),
    (
        "How it works",
        ("mechanisms.md", "architecture.md", "engine.md", "benchmarks.md", "contributing.md"),
    ),
)  # fmt: skip


def write(folder: Path) -> Path:
    """Fill ``folder`` and return its zensical.toml."""
    source = folder / "docs"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for page in sorted(DOCS.rglob("*.md")):
        name = page.relative_to(DOCS)
        if name.name.startswith("000-"):
            continue
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(moved(page, source / name, source), encoding="utf-8")
    for name, into in BESIDE.items():
        (source / into).write_text(moved(ROOT / name, source / into, source), encoding="utf-8")
    shutil.copytree(DOCS / "figures", source / "figures")
    (source / "assets").mkdir()
    shutil.copy(Path(__file__).with_name("site.css"), source / "assets" / "site.css")
    found = mechanisms.pages()
    made = {f"mechanisms/{page.file}": mechanisms.write(page) for page in found}
    made["mechanisms/index.md"] = mechanisms.index(found)
    made |= {f"api/{name}": text for name, text in api.pages().items()}
    for name, text in made.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    settings = folder / "zensical.toml"
    settings.write_text(_settings(source, found), encoding="utf-8")
    return settings


def moved(page: Path, to: Path, source: Path) -> str:
    """The text of ``page`` with links as they are on the site; code outside it is only named."""

    def link(match: re.Match[str]) -> str:
        text, target = match.groups()
        if "://" in target or target.startswith("#"):
            return match.group(0)
        path, _, part = target.partition("#")
        there = (page.parent / path).resolve()
        if there == DOCS / "decisions":
            there = DOCS / "index.md"
        on_site = _on_site(there)
        if on_site is None:
            return text if text.startswith("`") else f"`{there.relative_to(ROOT)}`"
        back = "../" * len(to.relative_to(source).parent.parts)
        return f"[{text}]({back}{on_site}{'#' + part if part else ''})"

    return LINK.sub(link, page.read_text("utf-8"))


def _on_site(there: Path) -> str | None:
    if there.is_relative_to(DOCS) and there.is_file():
        return there.relative_to(DOCS).as_posix()
    if there.parent == ROOT:
        return BESIDE.get(there.name)
    return None


def _settings(source: Path, found: list[mechanisms.Page]) -> str:
    listed = {page for _, pages in SECTIONS for page in pages}
    written = [p.relative_to(source).as_posix() for p in sorted(source.rglob("*.md"))]
    more = [p for p in written if p not in listed and "/" not in p]
    decisions = [p for p in written if p.startswith("decisions/")]
    groups = {page.group: "" for page in found}
    nav = [_section(title, [p for p in pages if p in written]) for title, pages in SECTIONS]
    inner = [_entry("mechanisms/index.md")]
    for group in groups:
        inner.append(_section(group, [f"mechanisms/{p.file}" for p in found if p.group == group]))
    nav.append(f'{{ "Mechanisms" = [{", ".join(inner)}] }}')
    if more:
        nav.append(_section("More", more))
    nav.append(_section("API", ["api/index.md", *_api(written)]))
    nav.append(_section("Decisions", decisions))
    head = Path(__file__).with_name("site.toml").read_text("utf-8")
    return head.replace("nav = []", "nav = [\n  " + ",\n  ".join(nav) + ",\n]")


def _api(written: list[str]) -> list[str]:
    """Pages of the packages, the highest floor first, folders of a package after it."""
    order = [name for floor in reversed(api.floors()) for name in floor]
    mine = [page for page in written if page.startswith("api/") and page != "api/index.md"]
    names = {page: page[4:-3].split("-") for page in mine}
    return sorted(mine, key=lambda page: (order.index(names[page][0]), names[page]))


def _entry(page: str) -> str:
    return f'"{page}"'


def _section(title: str, pages: list[str]) -> str:
    return f'{{ "{title}" = [{", ".join(_entry(page) for page in pages)}] }}'
