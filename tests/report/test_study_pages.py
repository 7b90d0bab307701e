"""Pages of studies and replays: no line too wide, no cell cut, whatever the terminal's width."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from seawall.cli import (
    attack,
    book,
    concert,
    cross,
    depth,
    deviate,
    hedging_gap,
    procyclicality,
)
from seawall.report.columns import Column, Span, table, width_of
from seawall.report.replay_page import render_list
from seawall.scenario.events import list_events, load_event

WIDTHS = (40, 60, 80, 100, 200)


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": -1.2345e9, "high": 1.2345e9}


def paired(*names: str) -> dict[str, Any]:
    return {name: interval(-9.8765e8) for name in names}


PLAN = {"horizon_seconds": 86_400.0, "paths": 400, "volatility": 2.0, "tail_level": 0.975}
CONCERT = {
    **PLAN,
    "asset": "BTC",
    "behaviour": {"causeway": ["top_up", "run"], "meridian": ["top_up", "stops"]},
    "numbers": {
        f"{name}{tail}": paired("independent", "concerted", "difference")
        for name in concert.WORDS
        for tail in ("", "_tail")
    },
}
CROSS = {
    **PLAN,
    "accounts": 1_234,
    "equity": 4.5e8,
    "left_as_they_are": 3,
    "margin": dict.fromkeys(
        (
            "initial_saved",
            "initial_isolated",
            "maintenance_saved",
            "maintenance_isolated",
            "equity_saved",
        ),
        1.25e9,
    ),
    "numbers": {
        f"{name}{tail}": paired("cross", "isolated", "difference")
        for name in cross.WORDS
        for tail in ("", "_tail")
    },
}
DEVIATE = {
    **PLAN,
    "rules": [
        {
            "venue": "causeway",
            "slot": "top_up",
            "who": who,
            "equity": 1_225_475.0,
            "deviation": "from 2.25 x maintenance",
            "gain": {"value": 0.1234, "low": -0.0445, "high": 0.3491},
            "verdict": verdict,
            "closed_by_rule": 0.24,
            "closed_change": interval(-0.12),
        }
        for who, verdict in (("small", "under"), ("depositor", "gains"))
    ],
}
DEPTH = {
    **PLAN,
    "scope": "desk:harbour",
    "case": "harbour",
    "curve": [
        {
            "depth": 0.75,
            "dre": {"value": 0.5, "low": 0.45, "high": 0.55},
            "expected_loss": interval(1.234e9),
            "bad_debt": interval(1.234e9),
        }
    ],
    "knee": None,
}
ATTACK = {
    "pays": 1,
    "quote": "USDC",
    "capital": None,
    "open_interest_share": 0.1,
    "rows": [
        {
            "venue": "meridian",
            "asset": asset,
            "direction": "down",
            "scheme": "liquidate",
            "move": -0.18,
            "hold_seconds": 86_400.0,
            "cost": 6.76e6,
            "gain": 9.07e6,
            "net": 2.31e6,
            "pays": asset == "SOL",
            "depth": 1e6,
            "break_even_depth": 2e6,
            "closed_by": {"window_seconds": 336.0, "sources": 3.0, "cap_per_hour": 0.5}
            | {"size_cap": 1.23e8},
        }
        for asset in ("SOL", "wstETH")
    ],
}
GAP = {
    "notional": 1e8,
    "asset": "BTC",
    "strike": 84_000.0,
    "days": 30.0,
    "steps": 720,
    "depth": 9e9,
    "volatility": 0.5,
    "paths": 1_000,
    "premium": 5.71377e6,
    "parts": {"discretisation": {"mean": interval(-4.0899e5), "deviation": interval(3.58e6)}},
    "gap": {"mean": interval(-8.1183e5), "deviation": interval(3.7495e6)},
    "closed_forms": dict.fromkeys(
        (
            "discretisation_deviation",
            "cost_mean_without_band",
            "impact_mean_without_memory",
        ),
        -70_994.0,
    ),
}
ERROR = {"error": 0.123, "low": -0.5, "high": 1.2}
BOOK = {
    "books": 240,
    "seconds": 60.0,
    "mid": 84_000.0,
    "fit_seconds": 60.0,
    "test_seconds": 30.0,
    "windows": 12,
    "sizes": [1e5, 1e6, 1e7],
    "walked": {"buy": [1e-4, 2e-4, None], "both": [1e-4, 2e-4, None]},
    "errors": {
        law: {"buy": [ERROR, ERROR, None], "both": [ERROR, ERROR, None]} for law in book.WORDS
    },
}
CYCLE = {
    "asset": "BTC",
    "shock": -0.1,
    "horizon_seconds": 86_400.0,
    "paths": 400,
    **{
        way: {key: interval(-1.2345e8) for key in procyclicality.WORDS}
        for way in ("static", "dynamic", "difference")
    },
}
PAGES: dict[str, tuple[Callable[..., str], dict[str, Any]]] = {
    "attack": (attack.table, ATTACK),
    "book": (book.table, BOOK),
    "concert": (concert.table, CONCERT),
    "cross": (cross.table, CROSS),
    "depth": (depth.table, DEPTH),
    "deviate": (deviate.table, DEVIATE),
    "hedging-gap": (hedging_gap.table, GAP),
    "procyclicality": (procyclicality.table, CYCLE),
}


def numbers_of(page: str) -> list[str]:
    return sorted(re.findall(r"[-+]?[0-9](?:[0-9.,e+]*[0-9])?%?", page))


@pytest.mark.parametrize("name", PAGES)
def test_a_study_says_the_same_at_every_width(name: str) -> None:
    page, found = PAGES[name]
    whole = page(found, 400)
    for width in WIDTHS:
        shown = page(found, width)
        assert max(width_of(row) for row in shown.splitlines()) <= width
        assert "\u2026" not in shown
        assert numbers_of(shown) == numbers_of(whole)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_title_of_an_event_is_cut(width: int) -> None:
    events = [load_event(name) for name in list_events()]
    rows = [{"name": e.name, "venue_type": e.venue_type.name, "title": e.title} for e in events]
    page = render_list(rows, width)
    assert max(width_of(row) for row in page.splitlines()) <= width
    assert "\u2026" not in page
    for event in events:
        assert all(word in page for word in event.title.split(" "))


def test_a_cell_goes_on_in_further_lines_where_its_column_wraps() -> None:
    words = Column("", [Span("  one two three four"), Span("five")], "l", wraps=True)
    value = Column("value", [Span("1"), Span("2")], "r")
    lines = ["".join(span.text for span in row).rstrip() for row in table([words, value], 20, 0)]
    assert lines == [
        "               value",
        "  one two          1",
        "    three four",
        "five               2",
    ]


def test_a_move_at_the_end_of_the_search_is_said_to_be_one() -> None:
    words = "+897% and -90% are the largest moves searched"
    row = ATTACK["rows"][0]
    assert words not in attack.table(ATTACK, 200)
    assert words in attack.table({**ATTACK, "rows": [{**row, "move": 8.974182454814718}]}, 200)
