"""Kinds that count, DRE by leg, asset and venue, and accounts: on both pages, from the result."""

from __future__ import annotations

from typing import Any

import pytest
from fake_result import fake_result

from seawall.report import page, split_rows, terminal


def _row(name: str, part: float, account: str = "") -> dict[str, Any]:
    ends = {"low": part - 0.004, "high": part + 0.004}
    return {"name": name, "account": account, "venue": "", "part": part, **ends}


def _result() -> dict[str, Any]:
    share = {"low": 0.001, "high": 0.03}
    found = fake_result()
    found["parts_by"] = {
        "leg": {
            "scope": found["headline"],
            "horizon_seconds": 86_400.0,
            "paths": 4_000,
            "coalitions": 12,
            "orders": 2,
            "grouped": ["a <b>tiny</b> leg"],
            "none": {"probability": 0.0025, **share},
            "parts": [
                _row("SOL-PERP long", 0.0231, "main"),
                _row("ETH-PERP short", -0.0062, "main"),
            ],
            "total": {"probability": 0.0194, **share},
        }
    }
    found["by_account"] = {
        "horizon_seconds": 86_400.0,
        "count": 5_503,
        "ever": 321,
        "paths": 10_000,
        "mean": 0.0021,
        "deciles": [0.0] * 9 + [0.0025, 0.61],
        "equity_at_stake": 12e6,
        "top": [
            {
                "account": f"crowd <i>{n}</i>",
                "venue": "meridian",
                "owner": "x",
                "kind": "crowd",
                "equity": 1e6,
                "probability": 0.31,
                "low": 0.28,
                "high": 0.34,
                "equity_at_stake": 3.1e5,
            }
            for n in range(12)
        ],
    }
    found["dre"]["kinds"] = {
        "liquidation": {"counts": True, "sentence": "the venue closes it"},
        "adl": {"counts": False, "sentence": "a winning leg is closed"},
    }
    return found


@pytest.mark.parametrize("width", [80, 100])
def test_the_terminal_page_has_them_in_its_width(width: int) -> None:
    text = terminal.render(_result(), width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "Parts of DRE 24 h by leg, points" in text
    row = next(line for line in text.splitlines() if "ETH-PERP short" in line and "-0.62" in line)
    assert "-1.02 to -0.22" in row
    assert "with none of them" in text
    assert "on 4,000 of 10,000 paths" in " ".join(text.split())
    assert "does not count" in text
    assert "321 of 5,503 accounts" in " ".join(text.split())
    assert "and 2 more in the JSON" in text


def test_the_html_page_has_them_escaped() -> None:
    text = page.render(_result())
    assert "DRE 24 h by leg" in text
    assert "−0.62" in text
    assert "a &lt;b&gt;tiny&lt;/b&gt; leg" in text
    assert "crowd &lt;i&gt;11&lt;/i&gt;" in text
    assert "What counts" in text


def test_without_a_choice_and_a_split_nothing_is_said_in_the_terminal() -> None:
    found = fake_result()
    assert split_rows.splits(found) == []
    assert split_rows.accounts(found) is None
    text = terminal.render(found, 100)
    assert "by leg" not in text
    assert "What counts" not in text


def test_with_tilted_paths_the_split_says_that_it_is_of_plain_ones() -> None:
    found = _result() | {"rare": {"plain_paths": 1}}
    assert "Plain paths alone" in split_rows.splits(found)[0]["note"]
