"""Every heading and column title that a page prints can be asked about with `seawall define`."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_since_pages import MANY, with_since

import seawall.report
from seawall.case.definitions import lookup_words
from seawall.report import page, terminal

REPORT = Path(seawall.report.__file__).parent
# Pages of a desk's day. Those of studies of data (surfaces, fits, incidents, past events) have
# words of their own fields, told on their pages of the documentation.
MODULES = [
    *(
        "sections",
        "limits_section",
        "pays_section",
        "terminal_blocks",
        "tail_section",
        "since_section",
        "split_section",
        "drawn_section",
    ),
    *("counterparty_section", "remedy_section", "venues_section", "alerts_section"),
    *("explain_page", "remedy_page", "margin_page", "whatif_page", "cash_page", "caps_page"),
    *("collateral_page", "reverse_page", "alerts_page", "reports_page", "shocks_page"),
]
# Titles that say what is listed and nothing about a number.
PLAIN = {"", "from", "to", "over", "no.", "position", "units", "all together", "which accounts"}
# A shock, a horizon, a count, a currency: its own definition.
NUMBER = re.compile(r"[-+−]?[\d.,]+ ?(?:%|h|d|x|min)?|(?:[kMBT] )?USDC")
# What headings of the sample say about names of its own.
NAMES = {"meridian", "causeway", "BTC", "ETH", "SOL", "HYPE"}


def titles(module: str) -> Iterator[str]:
    """Column titles of a module of pages, as they are written there."""
    for node in ast.walk(ast.parse((REPORT / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Column":
            title = node.args[0]
            if isinstance(title, ast.Constant):
                yield str(title.value)


def known(word: str) -> bool:
    """Whether `seawall define` answers, or the word needs no answer."""
    word = word.strip()
    plain = word.casefold() in PLAIN or word in NAMES or NUMBER.fullmatch(word)
    return bool(plain) or lookup_words(word) is not None


@pytest.mark.parametrize("module", MODULES)
def test_every_column_title_is_defined(module: str) -> None:
    missing = sorted({title for title in titles(module) if not known(title)})
    assert not missing, f"give these words an entry in case/definitions.toml: {missing}"


def test_titles_are_found_where_they_are_written() -> None:
    found = {title for module in MODULES for title in titles(module)}
    assert {"worst 2.5%", "less without it"} <= found


def test_every_heading_of_the_terminal_page_is_defined() -> None:
    text = terminal.render_whole(with_since(MANY), width=100)
    found = {
        heading
        for line in text.splitlines()
        if "──" in line
        for heading in re.split(r"\s*─{2,}\s*", line)
        if heading.strip()
    }
    assert len(found) >= 10
    missing = sorted(heading for heading in found if not known(heading))
    assert not missing


def test_every_section_that_the_short_page_leaves_out_is_defined() -> None:
    text = terminal.render(with_since(MANY), width=100)
    names = " ".join(text.split("Left out: ")[1].split()).partition(": --full")[0].split(", ")
    assert len(names) >= 3
    assert not [name for name in names if not known(name)]


def test_every_column_of_the_html_page_is_defined() -> None:
    text = page.render(with_since(MANY))
    cells = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text, re.S)
    found = {html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in cells}
    assert len(found) >= 30
    missing = sorted(word for word in found if not known(word))
    assert not missing


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("must land by", "deadline_seconds"),
        ("vault", "backstop"),
        ("cash", "cash"),
        ("worst 2.5%", "worst_losses"),
        ("lead time", "deadline_seconds"),
        ("amplification", "amplification"),
        ("First to break in 24 h, sums to 2.25%", "first_to_break"),
        ("Liquidation map of HYPE, M USDC", "liquidation_map"),
        ("Protocol at risk within 24 h, 95%", "system"),
        ("P&L of desk:harbour, M USDC: all prices across", "pnl_grid"),
        ("Price of SOL after 24 h, 100 paths", "fan"),
        ("Price of wstETH after 7 d, 2,000 paths", "fan"),
        ("price", "parts"),
        ("Left out: tail, price fan: --full or --html FILE", "left_out"),
        ("within *", "limits"),
        ("near *", "limits"),
        ("σ", "distance"),
        ("2.2σ", "distance"),
        ("daily sigmas", "distance"),
        ("3.1 daily sigmas", "distance"),
        ("0 paths", "impaired_paths"),
        ("crowd leverage light / base / heavy: 1.25% / 1.92% / 3.10%", "crowd_leverage"),
    ],
)
def test_words_that_a_newcomer_asked_for(words: str, name: str) -> None:
    entry = lookup_words(words)
    assert entry is not None and entry.name == name


def test_left_out_is_told_of_the_page_and_of_a_replay() -> None:
    entry = lookup_words("Left out")
    assert entry is not None
    assert "--full" in entry.text and "replay" in entry.text


def test_every_state_of_a_limit_is_told() -> None:
    entry = lookup_words("within *")
    assert entry is not None
    for state in ("breached", "no value", "not resolved", "within *", "near", "within"):
        assert state in entry.text
    assert "model interval" in entry.text


def test_a_word_that_is_nowhere_is_not_guessed() -> None:
    assert lookup_words("zebra of 24 h") is None
