"""Crowds on which nothing happens, with any slots, and what alone makes somebody of them fall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from test_market_slots_on import IMPACT
from tiny_cases import (
    Floats,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.case import Case
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Tier

# Blocks of eight and single steps.
STEPS = 44
WRONG = {"sources": [{}], "failures_per_day": 1e7, "failure_seconds": 60.0, "failure": "wrong"}
# Slots of a venue and of the market that act in every step, or at the end.
VENUE: Mapping[str, dict[str, Any]] = {
    "price_band": {"width": 0.9},
    "velocity": {"move": 0.9, "window_seconds": 300.0, "halt_seconds": 600.0},
    "staleness": {"limit_seconds": 3_600.0},
    "liquidation_rate_limit": {"window_seconds": 300.0, "accounts": 10},
    "withdrawal_gate": {"bad_debt": 1e12},
    "open_interest_cap": {"default": 1e15},
    "dynamic_margin": {"rule": "volatility_scaled", "strength": 0.3, "smoothing_seconds": 600.0},
    "dynamic_margin by depth": {"rule": "depth_scaled", "strength": 0.2, "buffer": 0.25},
    "dynamic_margin by interest": {
        "rule": "open_interest_scaled",
        "bounds": {"A": {"lower": 100.0, "upper": 1e4}},
    },
    "oracle_source": {"rule": "twap", "window_seconds": 300.0},
    "oracle_source of many": {
        "rule": "median",
        "sources": [{"noise": 0.001}, {}, {"lag_seconds": 120.0}],
        "common_per_day": 200.0,
        "share": 0.9,
        "failure_seconds": 300.0,
        "failure": "wrong",
        "error": -0.05,
    },
    "oracle": {"rule": "pull", "publish_delay_seconds": 60.0, "max_age_seconds": 300.0},
    "oracle_cap": {"per_update": 0.02, "per_hour": 1.0},
    "oracle_auction": {"window_blocks": 4, "block_seconds": 60.0, "trigger": 0.001},
    "oracle_confidence": {"z": 1.0, "horizon_seconds": 60.0, "floor": 0.002},
    "settlement": {"block_seconds": 90.0, "spacing": "random", "feeds": "included"},
    "margin_call": {"grace_seconds": 3_600.0},
    "sizing": {"rule": "just_enough", "buffer": 0.1},
    "adl": {"rule": "pro_rata_contracts"},
    "fund": {"fee_share": 0.1, "volume_share": 0.1, "target": 1_000.0},
}
MARKET: Mapping[str, dict[str, Any]] = {
    **{f"impact by {name}": rule for name, rule in IMPACT.items()},
    "depth": {"thinning": 1.0, "refill_seconds": 600.0},
    "links": {"venues": {"perps": {"share": 0.3, "half_spread": 0.0, "capital_per_second": 1e5}}},
}
ALL = [*VENUE, *MARKET]


def slots_of(names: list[str], table: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The slots of a table among ``names``; what comes after the first word tells rules apart."""
    return {name.split()[0]: table[name] for name in names if name in table}


# Who holds what: some 100 notional a coin and hundred of cash.
HELD = {
    "long": [Held("A-PERP", 1.0, 100.0)],
    "another": [Held("A-PERP", 2.0, 99.0)],
    "short": [Held("A-PERP", -1.0, 100.0)],
    "both": [Held("A-PERP", 0.5, 100.0), Held("B-PERP", -0.5, 100.0)],
}


def crowd(
    names: list[str],
    *,
    cash: float = 60.0,
    both: float = 60.0,
    rate: float = 0.0,
    who: str = "long another short both",
    margin: float = 0.01,
    **own: Any,
) -> Case:
    """A crowd with slots, and with so much cash; who has ``both`` coins says so himself. ``own``:
    further slots of the venue.
    """
    venue = perpetuals_venue(
        ("fund", "adl", "socialised"),
        fund=900.0,
        taker_fee=0.001,
        tiers=(Tier(0.0, 0.5 / margin, margin),),
        mechanisms={**slots_of(names, VENUE), **own},
    )
    traders = [
        Trader(
            "perps", HELD[one], {"USD": both if one == "both" else cash * abs(HELD[one][0].size)}
        )
        for one in who.split()
    ]
    market = slots_of(names, MARKET)
    case = tiny_case(
        traders,
        [perpetual("A-PERP", "A"), perpetual("B-PERP", "B")],
        {"perps": venue},
        {name: coin(100.0, 1e6, 0.9, daily_volume=1e6) for name in "AB"},
        scenario=Scenario(thinning=0.0 if "depth" in market else 1.0),
        states={"A-PERP": InstrumentState(funding_rate=rate)},
    )
    return replace(case, market=replace(case.market, mechanisms=market))


def walks(case: Case, paths: int = 3, size: float = 0.002, seed: int = 1) -> Floats:
    """Random walks of both coins from 100."""
    rng, drawn = np.random.default_rng(seed), {}
    for name in "AB":
        moves = rng.normal(size=(paths, STEPS + 1)) * size
        moves[:, 0] = 0.0
        drawn[name] = (100.0 * np.exp(np.cumsum(moves, axis=1))).tolist()
    return paths_of(case, **drawn)


# What alone makes somebody fall: slots, leverage and prices; without it nobody does.
REASONS: Mapping[str, tuple[dict[str, Any], list[float]]] = {
    "funding of a long": ({"rate": 12_000.0, "both": 1e5, "who": "long both"}, [100.0]),
    "funding of a short": ({"rate": -12_000.0, "both": 1e5, "who": "short both"}, [100.0]),
    "funding of one with two coins": ({"rate": 12_000.0, "both": 30.0, "who": "both"}, [100.0]),
    "margin that follows volatility": (
        {
            "cash": 4.5,
            "both": 4.5,
            "dynamic_margin": {"rule": "volatility_scaled", "strength": 1.0, "cap": 50.0},
        },
        [100.0, 101.0, 100.0, 99.0],
    ),
    "volatility that was felt before": (
        {
            "cash": 90.0,
            "both": 90.0,
            "margin": 0.5,
            "dynamic_margin": {"rule": "volatility_scaled", "strength": 1.0, "cap": 50.0},
        },
        [*[100.0, 101.0] * 4, *[101.0] * STEPS],
    ),
    "margin that follows depth": (
        {
            "cash": 4.5,
            "both": 4.5,
            "dynamic_margin": {"rule": "depth_scaled", "strength": 1.0, "cap": 50.0},
        },
        [100.0, 101.0, 100.0, 99.0],
    ),
    "margin that follows interest": (
        {
            "cash": 30.0,
            "both": 30.0,
            "dynamic_margin": {
                "rule": "open_interest_scaled",
                "bounds": {"A": {"lower": 351.0, "upper": 352.0}},
                "cap": 50.0,
            },
        },
        [100.0, 101.0],
    ),
    "an interval": (
        {"cash": 10.0, "both": 10.0, "oracle_confidence": {"z": 2.0, "horizon_seconds": 3_600.0}},
        [100.0, 100.5, 100.0, 99.5],
    ),
    "an interval at its least": (
        {
            "cash": 10.0,
            "both": 10.0,
            "oracle_confidence": {"z": 1.0, "horizon_seconds": 0.0, "floor": 0.095},
        },
        [100.0],
    ),
    "a wrong source": (
        {"cash": 30.0, "both": 30.0, "oracle_source": {"rule": "median", **WRONG, "error": -0.5}},
        [100.0],
    ),
    "a source wrong upwards": (
        {"cash": 30.0, "both": 30.0, "oracle_source": {"rule": "median", **WRONG, "error": 0.5}},
        [100.0],
    ),
    "a noisy source": (
        {
            "cash": 30.0,
            "both": 30.0,
            "oracle_source": {"rule": "median", "sources": [{"noise": 0.25}]},
        },
        [100.0],
    ),
    "a ceiling": ({"cash": 30.0, "both": 30.0, "oracle_cap": {"ceiling": 60.0}}, [100.0]),
}
