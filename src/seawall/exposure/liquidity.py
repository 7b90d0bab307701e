"""Liquidity-adjusted value at risk: what it costs to get out, on top of the price risk.

    add-on = V (mean_spread + factor x spread_sd) / 2

Half of the (relative) bid-ask spread is paid on an exit; a bad day's spread is the mean plus a
factor of its standard deviation.

Source: Bangia, Diebold, Schuermann and Stroughair (1999), "Modeling liquidity risk, with
implications for traditional market risk measurement and management". Wrong when: the position is
large against the book (its own impact then costs more than the spread), and when wide spreads and
bad returns do not come together (adding both tails overstates then).
"""

from __future__ import annotations

import math

from seawall.foundation.errors import InputError


def liquidity_adjusted_var(
    value: float,
    volatility: float,
    quantile: float,
    mean_spread: float,
    spread_sd: float = 0.0,
    spread_factor: float = 0.0,
) -> tuple[float, float, float]:
    """Price value at risk, the liquidity add-on and their sum; loss > 0, quote.

    value          notional of the position, quote, >= 0
    volatility     standard deviation of the return over the horizon, fraction
    quantile       normal quantile of the confidence level (1.65 for 95%)
    mean_spread    mean relative bid-ask spread, fraction (full, not half)
    spread_sd      its standard deviation; ``spread_factor`` how many of them a bad day adds

    Raises InputError for a negative or infinite argument.
    """
    given = {
        "value": value,
        "volatility": volatility,
        "quantile": quantile,
        "mean_spread": mean_spread,
        "spread_sd": spread_sd,
        "spread_factor": spread_factor,
    }
    for name, number in given.items():
        if not (math.isfinite(number) and number >= 0.0):
            raise InputError(f"{name} is {number}", expected="a finite number >= 0")
    price = value * quantile * volatility
    add_on = 0.5 * value * (mean_spread + spread_factor * spread_sd)
    return price, add_on, price + add_on
