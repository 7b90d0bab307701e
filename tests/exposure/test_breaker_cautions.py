"""Warnings of breakers that act from the start, or in any calm market."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import prepare
from seawall.exposure.cautions import cautions
from seawall.exposure.model_interval import ModelPrior
from seawall.venues import Feed


def said(mechanisms: dict[str, Any], feed: Feed) -> str:
    """All warnings of ten coins long and short at 100, steps of a minute."""
    traders = [
        Trader("perps", [Held("BTC-PERP", 10.0 * side, 100.0)], {"USD": 500.0}, f"d{side}")
        for side in (-1, 1)
    ]
    rules = replace(perpetuals_venue(feed=feed), mechanisms=mechanisms)
    case = tiny_case(
        traders, [perpetual("BTC-PERP", "BTC")], {"perps": rules}, {"BTC": coin(100.0)}
    )
    return " ".join(cautions(case, prepare(case), ModelPrior(0.0, 0.0), 3_600.0))


@pytest.mark.parametrize(("cap", "told"), [(1_000.0, True), (1_000.1, False)])
def test_open_interest_at_its_cap_is_told(cap: float, told: bool) -> None:
    found = said({"open_interest_cap": {"default": cap}}, Feed())
    assert ("at its cap from the start: BTC-PERP" in found) == told


# A heartbeat of ten minutes and a delay of one: at most 9 + 1 minutes old.
BEATS = Feed(deviation=0.01, heartbeat_seconds=600.0, delay_seconds=60.0)


@pytest.mark.parametrize(
    ("limit", "feed", "told"),
    [
        (600.0, BEATS, False),
        (599.0, BEATS, True),
        (1e6, Feed(deviation=0.01), True),
        (60.0, Feed(), False),
    ],
)
def test_a_limit_that_a_calm_market_exceeds_is_told(limit: float, feed: Feed, told: bool) -> None:
    found = said({"staleness": {"limit_seconds": limit}}, feed)
    assert ("BTC; accounts that hold them" in found) == told
