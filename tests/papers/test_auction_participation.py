"""Auctions damp a fall when keepers come cheap, and amplify it when they are dear.

Published: Bank of Canada (2026), as in EVIDENCE section 2, in kind only. The mechanism here: in a
falling-price auction keepers take collateral once the discount pays for their profit. Cheap keepers
take early and near the market price, so that less collateral is sold for the same debt; dear ones
wait for a deep discount, take more of it, and sell it all at once into a market that has fallen on.

The comparison is with a fixed bonus of 8% and a keeper who asks for nothing. 120 loans of a coin,
health factors from 1.02 to 1.6, a fall by 12% within ten minutes and noise of 0.15% a minute on 60
paths of common random numbers; the amplification is the trough's fall over the exogenous one.

Predicted before the first run: keepers who ask for 1% amplify less than the fixed bonus, keepers
who ask for 25% more, each by more than three standard errors of the mean difference; and the
amplification rises with the profit asked for.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Floats, Trader, coin, lending_venue, run_case, tiny_case

from seawall.market import Scenario
from seawall.venues import Collateral, Liquidation

LOANS, PATHS, STEPS = 120, 60, 45
FALLING = {"rule": "falling_price", "start": 1.02, "floor": 0.6, "seconds": 600.0}
PROFITS = (0.01, 0.1, 0.25)


def prices() -> Floats:
    """Paths (p, s + 1, 2): the coin falls by 12% from minute 5 to 15, with noise."""
    rng = np.random.default_rng(2026)
    minute = np.arange(STEPS + 1)
    trend = np.log(0.88) * np.clip((minute - 5) / 10.0, 0.0, 1.0)
    noise = np.cumsum(rng.normal(0.0, 0.0015, (PATHS, STEPS + 1)), axis=1)
    out = np.ones((PATHS, STEPS + 1, 2))
    out[:, :, 1] = 100.0 * np.exp(trend + noise - noise[:, :1])
    return out


@cache
def amplification(profit: float | None) -> tuple[float, ...]:
    """Fall of the market to its trough over the exogenous one, by path; None: a fixed bonus."""
    health = np.linspace(1.02, 1.6, LOANS)
    traders = [
        Trader("lender", (), {"ETH": 100.0, "USD": -float(100.0 * 100.0 * 0.8 / h)}) for h in health
    ]
    mechanisms: dict[str, Any] = {}
    if profit is not None:
        kinds = [{"count": 3, "profit": profit}]
        mechanisms = {"auction": FALLING, "keepers": {"kinds": kinds}}
    rules = lending_venue(
        {"ETH": Collateral(0.75, 0.8, 0.08)}, liquidation=Liquidation("keeper", gas=1.0)
    )
    case = tiny_case(
        traders,
        [],
        {"lender": replace(rules, mechanisms=mechanisms)},
        {"ETH": coin(100.0, 4e6)},
        scenario=Scenario(recovery_seconds=1_800.0),
    )
    exogenous = prices()
    _, tape, _ = run_case(case, exogenous)
    fall = np.log(tape.trough[:, 1] / 100.0)
    return tuple(fall / np.log(exogenous[:, :, 1].min(axis=1) / 100.0))


def above(one: float | None, other: float | None) -> tuple[float, float]:
    """Mean of the paired difference in amplification and its standard error."""
    gap = np.array(amplification(one)) - np.array(amplification(other))
    return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(gap.size))


@pytest.mark.slow
def test_cheap_keepers_damp_and_dear_ones_amplify() -> None:
    assert np.mean(amplification(None)) > 1.05, "the crowd adds nothing: the test tests nothing"
    cheap, error = above(PROFITS[0], None)
    assert cheap < -3.0 * error, f"{cheap:+.4f} +- {error:.4f}"
    dear, error = above(PROFITS[-1], None)
    assert dear > 3.0 * error, f"{dear:+.4f} +- {error:.4f}"


@pytest.mark.slow
def test_amplification_rises_with_the_profit_that_keepers_ask_for() -> None:
    for low, high in ((PROFITS[0], PROFITS[1]), (PROFITS[1], PROFITS[2])):
        more, error = above(high, low)
        assert more > 3.0 * error, f"{low:g} to {high:g}: {more:+.4f} +- {error:.4f}"
