"""What no imported file says and every imported Case needs: depth, jumps, how depth comes and goes.

Round numbers, the same for every import, so that whoever doubts them changes one file (or the
written market.toml). docs/real-input.md repeats them.
"""

from __future__ import annotations

import math

from seawall.foundation.units import daily_sigma
from seawall.market import Scenario

# Share of a day's volume at which linear depth is matched to the square-root law.
MATCHED_SHARE = 0.01

SCENARIO = Scenario(
    model="jump_diffusion",
    label="exogenous",
    branching_ratio=0.3,
    branching_error=0.1,
    jumps_per_year=6.0,
    jump_mean=-0.04,
    jump_volatility=0.04,
    depth_error=0.5,
    thinning=1.0,
    recovery_seconds=3600.0,
    permanent_share=0.3,
    impact="linear",
)


def assumed_depth(daily_volume: float, volatility: float) -> float:
    """Quote notional per unit of log-price for a market with this daily volume and annual
    volatility (fraction, > 0).

    Square-root law with prefactor 1: selling Q of a day's volume V moves the price by
    sigma_day sqrt(Q/V); depth is Q over that move at Q = 1% of V, which is 0.1 V / sigma_day.
    Source of the law: Donier and Bonart (2015), arXiv:1412.4503. Larger sales meet less impact in
    the law than in this line, smaller ones more; good to a factor of a few.
    """
    move = daily_sigma(volatility) * math.sqrt(MATCHED_SHARE)
    return MATCHED_SHARE * daily_volume / move
