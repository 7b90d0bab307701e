"""Stochastic volatility: the size of moves wanders, returns to its mean and rises with falls.

Idea: the log of variance is an Ornstein-Uhlenbeck process, common to all assets, with a further
one of each asset's own where asked for. Exact from step to step, with a = exp(-dt / tau):

    x_(t+1) = a x_t + D sqrt(1 - a^2) e_t,      v_t = exp(x_t - D^2 / 2)
    log-return_i = -s_i^2 v_t dt / 2 + s_i sqrt(v_t dt) (L z_t)_i

D is the long-run standard deviation of x, so E[v] = 1: the volatility of market.toml is the
root-mean-square one. The shock e_t has correlation ``leverage`` with m_t, the mean of the moving
assets' normals divided by its standard deviation (negative: volatility rises when prices fall).
v_t is known before the step, so E[S_t] = S_0 exactly. An asset's own factor multiplies v_t by
exp(y_i - d^2 / 2) with the same tau, and has no leverage.

What (1 - n) scales under the label "exogenous": the volatility, at every step. A scale on
volatility does the same.

Source: Taylor (1986), "Modelling Financial Time Series"; Scott (1987) for the log-variance form.
Wrong when volatility jumps, when its memory is long (one exponential time scale is too short for
weeks and too slow for minutes) and when tails beyond those of a mixture of normals matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.quantity import POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number

DEVIATION = Quantity("a standard deviation of log-variance from 0 to 3", 0.0, 3.0)
LEVERAGE = Quantity("a correlation from -1 to 1", -1.0, 1.0)
START = Quantity("a ratio of volatilities above 0, to 20 (1: the long-run one)", 0.0, 20.0, True)


@dataclass(frozen=True)
class StochasticVolatility:
    """Log-variance that returns to its mean.

    deviation       D: long-run standard deviation of the common log-variance
    decay_seconds   tau: time constant with which it returns
    leverage        correlation of its shocks with the common price move of the same step
    own_deviation   d: the same as D of each asset's own factor
    start           volatility at the start over the long-run one; absent: drawn from the long-run
                    law, a path of its own each
    """

    deviation: float = number(DEVIATION)
    decay_seconds: float = number(POSITIVE_SECONDS)
    leverage: float = number(LEVERAGE, 0.0)
    own_deviation: float = number(DEVIATION, 0.0)
    start: float | None = number(START, None)
