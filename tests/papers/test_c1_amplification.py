"""C1: a cascade through evenly spread liquidation prices and linear depth ends at shock / (1 - n).

n = liquidatable notional per unit of log-price / depth is a branching ratio: each unit of fall
sells n units' worth of depth, which falls n further. Sum of the geometric series; independent
simulations of the same ladder gave 1.425, 2.453, 10.09 and 20.14 for n = .3, .6, .9, .95.
Run through the engine: prepare, one shock, rounds until nobody new is breached.
"""

from __future__ import annotations

import sys
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import (
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.market import Scenario
from seawall.venues import Tier

DEPTH = 1e9
SHOCK = 0.002
RUNGS_PER_SHOCK = 80


def final_move(n: float, shock: float = SHOCK) -> float:
    """Log-fall of the market price after a log-fall ``shock`` of the exogenous price."""
    spacing = shock / RUNGS_PER_SHOCK
    rungs = int(1.2 * shock / (1.0 - n) / spacing)
    # Nobody below the last rung: a longer ladder would not change the answer.
    where = np.exp(-spacing * (np.arange(rungs) + 0.5))
    notional = n * DEPTH * spacing
    traders = [
        # Long from 1 with a margin that is lost at ``price``; worth ``notional`` when it is sold.
        Trader("v", [Held("X-PERP", notional / price, 1.0, notional / price * (1.0 - price))])
        for price in where.tolist()
    ]
    # As good as no maintenance margin: it must be positive, and moves no rung by 1e-9.
    venue = perpetuals_venue(("fund",), fund=1e12, tiers=(Tier(0.0, 1e9, 1e-12),))
    case = tiny_case(
        traders,
        [perpetual("X-PERP", "X")],
        {"v": venue},
        {"X": coin(1.0, DEPTH)},
        scenario=Scenario(recovery_seconds=1e12, permanent_share=1.0, thinning=0.0),
    )
    price = [1.0] + [exp(-shock)] * 6
    _, tape, _ = run_case(case, paths_of(case, X=price))
    return -log(float(tape.final[0, case.book.assets.index("X")]))


@pytest.mark.parametrize(
    ("n", "amplification"), [(0.3, 1.43), (0.6, 2.5), (0.9, 10.0), (0.95, 20.0)]
)
def test_the_final_move_is_the_shock_over_one_minus_n(n: float, amplification: float) -> None:
    found = final_move(n) / SHOCK
    assert found == pytest.approx(1.0 / (1.0 - n), rel=0.02)
    assert found == pytest.approx(amplification, rel=0.02)


def test_without_a_crowd_nothing_is_amplified() -> None:
    assert final_move(1e-9) == pytest.approx(SHOCK, rel=1e-6)
