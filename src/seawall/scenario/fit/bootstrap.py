"""A block bootstrap fitted: the fitted history itself, and how long its blocks should be.

The mean block is the Politis-White length of |return| (`block_length`). The history goes beside the
scenario as a table; volatility is left as it was in history.
"""

from __future__ import annotations

from seawall.scenario.fit.block_length import block_length
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.moments import moments
from seawall.scenario.fit.prices import Returns

HISTORY = "fitted.csv"


def fit_bootstrap(returns: Returns) -> Fitted:
    """Second moments for the record, block length in seconds."""
    found = moments(returns)
    bars = block_length(returns)
    seconds = Estimate(bars.value * returns.seconds, bars.error * returns.seconds)
    return Fitted(
        "bootstrap",
        found.volatility,
        found.correlation,
        parameters={"history": HISTORY, "block_seconds": seconds, "volatility": "stated"},
        notes=(f"blocks of {bars.value:,.0f} bars on average (Politis-White on |return|)",),
    )
