"""What hedging an option in discrete time, at a cost and with impact costs: the closed forms.

For one option of strike K and T years, sigma its volatility and that of the price, no interest,
rehedged every dt to Black's delta; Gamma is the option's, S^2 Gamma its cash gamma:

    E (S^2 Gamma)^2 at t = K^2 / (2 pi sigma^2 sqrt(T^2 - t^2)) exp(-m^2 / (sigma^2 (T + t)))
    m = ln(S0 / K) - sigma^2 T / 2,       I = integral of that over 0..T
    discretisation:  mean 0, variance sigma^4 dt I / 2
    cost c per notional:  mean c sqrt(2 / (pi dt)) sigma T S0^2 Gamma0  (cash gamma is a martingale)
    linear impact, depth d, gone before the next trade:  mean sigma^2 I / (2 d) per unit squared
    no-trade band of half-width h (quote), constant cash gamma G: cost rate c sigma^2 G^2 / (2 h)

Sources: Boyle and Emanuel (1980), "Discretely adjusted option hedges", and Kamal and Derman (1999),
"When you cannot hedge continuously" (for the at-the-money option the standard deviation is about
sqrt(pi / 4) vega sigma / sqrt(N)); Leland (1985), "Option pricing and replication with transactions
costs"; the last two are Seawall's own short sums (an order of x quote pays x^2 / 2d; local time of
a reflected Brownian motion). Wrong when dt is not small against T, and when volatility moves.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.valuation.black import greeks

# Points of the Gauss-Legendre rule for I; the integrand is smooth.
POINTS = 64


def squared_gamma(spot: float, strike: float, years: float, volatility: float) -> float:
    """I: integral over the option's life of the mean squared cash gamma, quote^2 x years.

    With t = T sin(theta) the singularity at expiry is gone.
    """
    m = math.log(spot / strike) - 0.5 * volatility**2 * years
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    theta = 0.25 * math.pi * (nodes + 1.0)
    inside = np.exp(-m * m / (volatility**2 * years * (1.0 + np.sin(theta))))
    total = 0.25 * math.pi * float(np.sum(weights * inside))
    return strike**2 / (2.0 * math.pi * volatility**2) * total


def discretisation_deviation(
    spot: float, strike: float, years: float, volatility: float, steps: int
) -> float:
    """Standard deviation of the hedging error of one option, quote."""
    integral = squared_gamma(spot, strike, years, volatility)
    return math.sqrt(0.5 * volatility**4 * years / steps * integral)


def cost_mean(
    spot: float, strike: float, years: float, volatility: float, steps: int, cost: float
) -> float:
    """Mean proportional cost of hedging one option at every step without a band, quote."""
    gamma = float(greeks(spot, strike, years, volatility, True).gamma)
    cash = spot * spot * gamma
    return cost * math.sqrt(2.0 * steps / (math.pi * years)) * volatility * years * cash


def impact_mean(
    spot: float, strike: float, years: float, volatility: float, depth: float, units: float
) -> float:
    """Mean cost of linear impact that is gone before the next trade, for ``units`` options, quote.

    ``depth`` quote per unit of log-price.
    """
    integral = squared_gamma(spot, strike, years, volatility)
    return units**2 * volatility**2 * integral / (2.0 * depth)
