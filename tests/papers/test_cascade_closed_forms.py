"""C2 and C7 through the engine: exits that just pay or do not, and first passage of closings.

C2, idea of Caccioli, Bouchaud and Farmer, arXiv:1204.0922: under the square-root law a full exit
that moves the price by I costs 2I/3, so an account closed at a margin fraction below that leaves
bad debt (critical leverage 3 / (2I): 30, 15, 5 at I = 5, 10, 30%); under the linear law it is I/2.
C7, Broadie, Glasserman and Kou (1997): accounts closed at a fixed fall, without impact, are closed
as often as Brownian motion watched every dt falls by that and 0.5826 sigma sqrt(dt) more.
What is expected is written here before the run: bad debt on one side of the figure and none on the
other, a tenth of a per cent away from it; chances within 3 standard errors, and within 2% where the
stated sample can tell: its standard error is below a third of that. Stated samples: 3,000 paths by
the plain loop, and 960,000 by the compiled engine, which makes that 0.66% at the furthest barrier.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, run_case, tiny_case

from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.cascade.fast.simulation import simulate_fast
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind, Tape
from seawall.foundation.units import SECONDS_PER_DAY, daily_sigma, volatility_over
from seawall.market import Scenario
from seawall.venues import Liquidation, Tier

CRITICAL = [(0.05, 30.0), (0.10, 15.0), (0.30, 5.0)]
BARELY = 1e-7


def bad_debt(margin: float, impact: float, law: str) -> float:
    """Bad debt over notional of a long of 1,000 at 1 that is closed just below ``margin``.

    The whole exit of 1,000 moves the price by ``impact``.
    """
    sigma = daily_sigma(0.6)
    # Square root: Y sigma sqrt(Q / V) = I. Linear: b = Q / depth with D(-b) = 1 - I, about.
    volume = 1_000.0 * (sigma / impact) ** 2
    depth = 1_000.0 / -log(1.0 - impact)
    trader = Trader("v", [Held("X-PERP", 1_000.0, 1.0, 1_000.0 * margin * (1.0 - BARELY))])
    case = tiny_case(
        [trader],
        [perpetual("X-PERP", "X")],
        {"v": perpetuals_venue(("fund",), fund=1e6, tiers=(Tier(0.0, 1e9, margin),))},
        {"X": coin(1.0, depth, daily_volume=volume)},
        scenario=Scenario(impact=law),
    )
    setup, tape, _ = run_case(case, np.ones((1, 2, 2)))
    assert tape.kind[0] == EventKind.LIQUIDATION and setup.is_desk.sum() == 0
    assert 1.0 - float(tape.trough[0, 1]) == pytest.approx(impact, rel=1e-3)
    return float(tape.fund.sum()) / 1_000.0


@pytest.mark.parametrize(("impact", "leverage"), CRITICAL)
def test_square_root_exits_pay_up_to_the_critical_leverage(impact: float, leverage: float) -> None:
    assert leverage == pytest.approx(3.0 / (2.0 * impact))
    assert bad_debt(1.001 / leverage, impact, "square_root") == 0.0
    owed = bad_debt(0.999 / leverage, impact, "square_root")
    assert owed == pytest.approx(0.001 / leverage, rel=1e-3)


@pytest.mark.parametrize("impact", [0.01, 0.05])
def test_linear_exits_pay_up_to_twice_the_inverse_impact(impact: float) -> None:
    # Sold evenly in log-price, the mean price is (1 - e^-b) / b with e^-b = 1 - I: I/2 + I^2/12.
    b = -log(1.0 - impact)
    cost = 1.0 - impact / b
    assert cost == pytest.approx(impact / 2.0 + impact**2 / 12.0, rel=1e-3)
    assert bad_debt(1.001 * cost, impact, "linear") == 0.0
    assert bad_debt(0.999 * cost, impact, "linear") == pytest.approx(0.001 * cost, rel=1e-2)
    # Just above I/2 is not enough at 5%, by I^2/12: the rule is one to first order.
    assert bad_debt(impact / 2.0, impact, "linear") == pytest.approx(impact**2 / 12.0, rel=0.05)


VOLATILITY, STEP = 0.8, 300.0
BARRIERS = (0.02, 0.04, 0.06, 0.09)
# Paths at once: a bound of memory.
PIECE = 40_000


def hit_chance(distance: float, sigma: float, drift: float) -> float:
    """Chance that Brownian motion of this drift and sigma a horizon falls by ``distance``."""
    down = float(ndtr((-distance - drift) / sigma))
    return down + exp(-2.0 * drift * distance / sigma**2) * float(ndtr((-distance + drift) / sigma))


@cache
def watched() -> Setup:
    """An account for each barrier that is closed there, and nobody's orders leave a trace."""
    # Equity is gone, and so below a maintenance of next to nothing, at 1 - barrier.
    traders = [Trader("v", [Held("X-PERP", 1.0, 1.0, fall)]) for fall in BARRIERS]
    case = tiny_case(
        traders,
        [perpetual("X-PERP", "X")],
        {
            "v": perpetuals_venue(
                ("fund",),
                fund=1e6,
                tiers=(Tier(0.0, 1e9, 1e-12),),
                liquidation=Liquidation("orderbook"),
            )
        },
        {"X": coin(1.0, volatility=VOLATILITY)},
        step_seconds=STEP,
    )
    return prepare(case)


def closed(paths: int, engine: Callable[..., Tape]) -> list[float]:
    """Share of paths on which the account of each barrier is closed within 24 h."""
    steps, found = round(SECONDS_PER_DAY / STEP), np.zeros(len(BARRIERS))
    for first in range(0, paths, PIECE):
        number = np.arange(first, min(first + PIECE, paths))
        runs = Runs(number, np.zeros(number.size, dtype=np.int64))
        tape = engine(watched(), (BASE,), runs, steps=steps, seed=2026)
        sold = tape.kind == EventKind.LIQUIDATION
        found += [np.unique(tape.path[sold & (tape.unit == u)]).size for u in range(found.size)]
    return [float(count) / paths for count in found]


@pytest.mark.parametrize(
    ("engine", "paths"),
    [(simulate, 3_000), pytest.param(simulate_fast, 960_000, marks=pytest.mark.slow)],
)
def test_accounts_are_closed_as_often_as_the_shifted_formula_says(
    engine: Callable[..., Tape], paths: int
) -> None:
    sigma = daily_sigma(VOLATILITY)
    shift = 0.5826 * volatility_over(VOLATILITY, STEP)
    for barrier, seen in zip(BARRIERS, closed(paths, engine), strict=True):
        distance = -log(1.0 - barrier)
        expected = hit_chance(distance + shift, sigma, -0.5 * sigma**2)
        error = sqrt(expected * (1.0 - expected) / paths)
        print(barrier, seen, expected, (seen - expected) / error, seen / expected - 1.0)
        assert abs(seen - expected) < 3.0 * error
        if paths > 10_000:
            assert error < 0.02 / 3.0 * expected, "the sample can tell 2%"
            assert seen == pytest.approx(expected, rel=0.02)
            # So it can tell that the formula for a path that is always watched is too high.
            assert seen < hit_chance(distance, sigma, -0.5 * sigma**2) - 3.0 * error
