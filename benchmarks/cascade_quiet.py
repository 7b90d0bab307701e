"""Mechanisms for a quiet crowd: each slot filled so that it works at every step and stops nobody.

A quiet crowd has little leverage, so no account is liquidated and what a mechanism costs is what it
does while nothing happens: watching, averaging, letting depth come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cascade_books import CrossCrowd, Impact, cross_case, cross_crowd
from seawall.case import Case

Tables = Mapping[str, Any]

# As written in a rulebook's and a market's [mechanisms].
VENUE: Mapping[str, Tables] = {
    "price_band": {"width": 0.9},
    "velocity": {"move": 0.9, "window_seconds": 300.0, "halt_seconds": 600.0},
    "staleness": {"limit_seconds": 3_600.0},
    "liquidation_rate_limit": {"window_seconds": 300.0, "accounts": 1_000},
    "withdrawal_gate": {"bad_debt": 1e12},
    "open_interest_cap": {"default": 1e15},
    "dynamic_margin": {"rule": "volatility_scaled", "strength": 0.1, "smoothing_seconds": 600.0},
    "oracle_source": {"rule": "twap", "window_seconds": 300.0},
    "oracle_cap": {"per_update": 0.5},
    "oracle_confidence": {"z": 0.1, "horizon_seconds": 60.0},
    "settlement": {"block_seconds": 12.0},
    "margin_call": {"grace_seconds": 3_600.0},
    "sizing": {"rule": "just_enough", "buffer": 0.1},
    "adl": {"rule": "pro_rata_contracts"},
    "fund": {"fee_share": 0.1, "volume_share": 0.1},
}
MARKET: Mapping[str, Tables] = {
    "impact": {
        "rule": "book_walk",
        "bids": [{"distance": 0.0, "size": 0.01}, {"distance": 0.01, "size": 0.1}],
    },
    "depth": {"thinning": 1.0, "refill_seconds": 600.0},
    "links": {
        "venues": {"venue": {"share": 0.3, "half_spread": 0.0005, "capital_per_second": 1e5}}
    },
}


def quiet_crowd(accounts: int) -> CrossCrowd:
    """The cross-margin crowd with an eighth of its leverage."""
    crowd = cross_crowd(accounts)
    # How depth leaves is what one of the slots says.
    return replace(crowd, size=crowd.size / 8.0, impact=Impact(thinning=0.0))


def quiet_case(crowd: CrossCrowd, slots: frozenset[str]) -> Case:
    """The quiet crowd's Case with these slots filled."""
    case = cross_case(
        crowd,
        {slot: table for slot, table in VENUE.items() if slot in slots},
        {slot: table for slot, table in MARKET.items() if slot in slots},
    )
    rulebook = case.rulebooks["venue"]
    layers = replace(rulebook.waterfall, layers=("fund", "adl", "socialised"))
    return replace(case, rulebooks={"venue": replace(rulebook, waterfall=layers)})
