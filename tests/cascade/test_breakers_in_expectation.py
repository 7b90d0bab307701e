"""Breakers help in one kind of market and hurt in another: means on common random numbers.

None of this is a law: pathwise each goes either way. The crowd is thirty longs with buffers from 1%
to 12%; the index falls by about 10% in one step and then comes half back within ten steps, or falls
by twice as much again. (After a fall of as much again the band still helps: what it saves in impact
is more than what waiting costs.) Differences are breaker less none, path by path, with 95%
intervals of the mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    Floats,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.state import State
from seawall.cascade.tape import Tape
from seawall.market import Scenario
from seawall.venues import Feed, Liquidation

PATHS, STEPS = 20, 20
BREAKERS: dict[str, dict[str, Any]] = {
    "velocity": {"move": 0.05, "window_seconds": 60.0, "halt_seconds": 900.0},
    "price_band": {"width": 0.01, "reference": "index"},
    "liquidation_rate_limit": {"window_seconds": 60.0, "accounts": 1},
    # Everybody also holds a crumb of ETH, whose price is sent when it is half away: never.
    "staleness": {"limit_seconds": 30.0},
}
MARKETS = {"BTC": coin(100.0, 1.5e5), "ETH": coin(10.0)}
PERPS = [perpetual("BTC-PERP", "BTC"), perpetual("ETH-PERP", "ETH")]


def prices(rebound: float) -> Floats:
    """Exogenous paths (p, s + 1): a fall of 8 to 12%, a walk, and a drift of ``rebound`` in all."""
    rng = np.random.default_rng(11)
    moves = rng.normal(0.0, 0.002, (PATHS, STEPS))
    moves[:, 0] = rng.uniform(-0.12, -0.08, PATHS)
    moves[:, 1:11] += rebound / 10.0
    return 100.0 * np.exp(np.hstack([np.zeros((PATHS, 1)), np.cumsum(moves, axis=1)]))


def crowd(mechanisms: dict[str, Any], exogenous: Floats, **venue: Any) -> tuple[Tape, State]:
    """The thirty accounts under a rulebook with these slots."""
    traders = [
        Trader(
            "perps",
            [Held("BTC-PERP", 10.0, 100.0), Held("ETH-PERP", 0.001, 10.0)],
            {"USD": 10.0 + 110.0 * n / 29.0},
            f"d{n}",
        )
        for n in range(30)
    ]
    rules = perpetuals_venue(feeds={"ETH": Feed(deviation=0.5)}, **venue)
    case = tiny_case(
        traders,
        PERPS,
        {"perps": replace(rules, mechanisms=mechanisms)},
        MARKETS,
        scenario=Scenario(recovery_seconds=600.0, permanent_share=0.0),
    )
    _, tape, state = run_case(case, paths_of(case, BTC=exogenous.tolist()))
    return tape, state


def lost(mechanisms: dict[str, Any], exogenous: Floats) -> Floats:
    """Equity lost (p,) by the thirty accounts and by who covered them, quote."""
    tape, _ = crowd(mechanisms, exogenous, layers=("fund",), fund=1e6)
    fall = (tape.desk_equity[:, 0] - tape.desk_equity[:, -1]).sum(axis=1)
    return np.asarray(fall + np.bincount(tape.path, tape.fund, minlength=PATHS))


def interval(difference: Floats) -> tuple[float, float]:
    half = 1.96 * difference.std(ddof=1) / np.sqrt(difference.size)
    return float(difference.mean() - half), float(difference.mean() + half)


@pytest.mark.parametrize("slot", BREAKERS)
def test_helps_where_prices_come_back_and_hurts_where_they_fall_on(slot: str) -> None:
    for rebound, sign in ((0.06, -1.0), (-0.20, 1.0)):
        exogenous = prices(rebound)
        change = lost({slot: BREAKERS[slot]}, exogenous) - lost({}, exogenous)
        low, high = interval(sign * change)
        assert low > 0.0, f"{slot}, rebound {rebound:+.0%}: {low:.0f} to {high:.0f}"


def vault_loss(mechanisms: dict[str, Any], exogenous: Floats) -> Floats:
    """What the backstop vault has lost (p,) at the end, quote, at market prices."""
    rule = Liquidation("orderbook", backstop_ratio=0.9)
    how = {"layers": ("backstop",), "backstop": 1e5, "liquidation": rule}
    _, state = crowd(mechanisms, exogenous, **how)
    cash, held = state.accounts.assets["backstop"][:, 0, 0], state.accounts.vault_contracts
    return np.asarray(1e5 - cash - held[:, 0] * state.market[:, 1] - held[:, 1] * 10.0)


def test_a_cap_on_open_interest_saves_the_vault_a_crash_and_costs_it_a_rebound() -> None:
    cap = {"open_interest_cap": {"default": 1e4}}
    for rebound, sign in ((0.15, 1.0), (-0.20, -1.0)):
        exogenous = prices(rebound)
        change = vault_loss(cap, exogenous) - vault_loss({}, exogenous)
        low, high = interval(sign * change)
        assert low > 0.0, f"rebound {rebound:+.0%}: {low:.0f} to {high:.0f}"
