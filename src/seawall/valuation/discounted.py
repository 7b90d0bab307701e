"""European options on a spot price with a rate and a dividend yield: value and Greeks.

Idea: such an option is exp(-r T) times Black's option on the forward F = S exp((r - q) T); its
Greeks follow by the chain rule. Rates are continuous, per year. Source: Merton (1973), Bell Journal
of Economics 4; printed values in Haug (1998). Wrong for discrete dividends, and for rates that move
with the spot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError
from seawall.valuation.black import greeks

Floats = NDArray[np.float64]

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class Carry:
    """Spot (> 0, quote), rate and dividend yield per year, continuous. Raises InputError."""

    spot: float
    rate: float
    dividend_yield: float

    def __post_init__(self) -> None:
        numbers = (self.spot, self.rate, self.dividend_yield)
        if not all(math.isfinite(x) for x in numbers) or self.spot <= 0.0:
            raise InputError(
                f"spot {self.spot}, rate {self.rate}, dividend yield {self.dividend_yield}",
                expected="finite numbers and a spot above 0",
            )

    def forward(self, years: float) -> float:
        """Price for delivery after ``years``."""
        return self.spot * math.exp((self.rate - self.dividend_yield) * max(years, 0.0))

    def discount(self, years: float) -> float:
        """Value now of 1 paid after ``years``."""
        return math.exp(-self.rate * max(years, 0.0))


@dataclass(frozen=True)
class SpotGreeks:
    """Value of an option on spot and its derivatives; every field has the inputs' shape.

    value  quote per base unit           delta  per unit of spot
    gamma  delta per unit of spot        vega   per 1.00 of annual volatility
    theta  per year of time passing      theta_per_day  theta / 365
    rho    per 1.00 of the rate          dividend_rho   per 1.00 of the dividend yield
    elasticity  relative change of value per relative change of spot; NaN where the value is 0
    """

    value: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    theta_per_day: Floats
    rho: Floats
    dividend_rho: Floats
    elasticity: Floats


def spot_greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    call: ArrayLike,
) -> SpotGreeks:
    """Value and Greeks of European options on spot; inputs broadcast.

    spot and strike in quote, years to expiry (below 0 counts as 0), annual volatility, continuous
    rate and yield per year, call True or False. With B, B' and so on of Black's option on F:
    delta = exp(-q T) B', gamma = exp((r - 2 q) T) B'', rho = T (S delta - value),
    theta = r value - (r - q) S delta + exp(-r T) theta_B.
    """
    s = np.asarray(spot, dtype=np.float64)
    r = np.asarray(rate, dtype=np.float64)
    q = np.asarray(dividend_yield, dtype=np.float64)
    t = np.maximum(np.asarray(years, dtype=np.float64), 0.0)
    growth, discount = np.exp((r - q) * t), np.exp(-r * t)
    unit = greeks(s * growth, strike, t, volatility, call)
    value = discount * unit.value
    delta = discount * growth * unit.delta
    in_spot = s * delta
    theta = r * value - (r - q) * in_spot + discount * unit.theta
    worth = np.where(value > 0.0, value, math.nan)
    return SpotGreeks(
        value=value,
        delta=delta,
        gamma=discount * growth * growth * unit.gamma,
        vega=discount * unit.vega,
        theta=theta,
        theta_per_day=theta / DAYS_PER_YEAR,
        rho=t * (in_spot - value),
        dividend_rho=-t * in_spot,
        elasticity=in_spot / worth,
    )
