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

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential
from seawall.foundation.quantity import POSITIVE_SECONDS, Quantity
from seawall.foundation.random import Stream, normals
from seawall.foundation.record import number
from seawall.scenario.correlation import correlation_factor
from seawall.scenario.draw import Draw

Floats = NDArray[np.float64]

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


def moves(law: StochasticVolatility, draw: Draw) -> Floats:
    """Log-returns (p, s, k)."""
    spread = draw.spread
    out = draw.correlated_normals()
    shock = _shocks(law, draw, out)
    keep = math.exp(-draw.step_seconds / law.decay_seconds)
    push = math.sqrt(1.0 - keep * keep)
    deviation = _deviations(law, len(draw.assets))
    state = shock[:, 0] * deviation
    if law.start is not None:
        state = np.broadcast_to(_at_start(law, law.start, deviation), state.shape)
    for t in range(draw.steps):
        # Halves of log-variances: their exponential is the factor on volatility.
        factor = exponential(0.5 * state - 0.25 * deviation * deviation)
        wide = spread * factor[:, :1]
        if law.own_deviation:
            wide = wide * factor[:, 1:]
        out[:, t] *= wide
        out[:, t] -= 0.5 * wide * wide
        state = keep * state + push * deviation * shock[:, t + 1]
    return out


def _deviations(law: StochasticVolatility, assets: int) -> Floats:
    """Standard deviation of the common factor, then of each asset's own where there are any."""
    own = [law.own_deviation] * assets if law.own_deviation else []
    return np.array([law.deviation, *own])


def _at_start(law: StochasticVolatility, start: float, deviation: Floats) -> Floats:
    """Log-variances at which volatility is ``start`` times the long-run one; own factors at 1."""
    state = 0.5 * deviation * deviation
    state[0] += 2.0 * math.log(start)
    return state


def _shocks(law: StochasticVolatility, draw: Draw, normal: Floats) -> Floats:
    """Standard normals (p, s + 1, f): of the long-run law at the start, then of each step.

    normal (p, s, k) those of prices; the common factor's shock is correlated with their mean.
    """
    factors = _deviations(law, len(draw.assets)).size
    at = np.arange(draw.steps + 1, dtype=np.int64)
    out = normals(draw.seed, Stream.VOLATILITY, draw.paths, at, factors)
    if law.leverage:
        rest = math.sqrt(1.0 - law.leverage * law.leverage)
        out[:, 1:, 0] *= rest
        out[:, 1:, 0] += law.leverage * _common(draw, normal)
    return out


def _common(draw: Draw, normal: Floats) -> Floats:
    """Mean of the moving assets' normals over its standard deviation, (p, s)."""
    moving = draw.volatility > 0.0
    total = np.zeros(normal.shape[:2])
    for i in np.flatnonzero(moving):
        total += normal[:, :, i]
    factor = correlation_factor(draw.market, draw.assets)[moving].sum(axis=0)
    deviation = math.sqrt(float(factor @ factor))
    return total / deviation if deviation > 0.0 else total
