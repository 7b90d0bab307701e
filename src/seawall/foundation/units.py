"""Units at the edges: files hold annual rates and plain fractions, the inside seconds."""

from __future__ import annotations

import math

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 365.0 * SECONDS_PER_DAY


def per_second(annual_rate: float) -> float:
    """Simple annual rate (fraction) as a rate per second."""
    return annual_rate / SECONDS_PER_YEAR


def volatility_over(annual_volatility: float, seconds: float) -> float:
    """Standard deviation of the log-return over ``seconds`` for an annual volatility (fraction)."""
    return annual_volatility * math.sqrt(seconds / SECONDS_PER_YEAR)


def daily_sigma(annual_volatility: float) -> float:
    """One day's standard deviation: annual volatility / sqrt(365) (crypto trades every day)."""
    return volatility_over(annual_volatility, SECONDS_PER_DAY)
