"""European options when variance itself moves (Heston 1993).

Idea: variance v reverts to theta at speed kappa with volatility sigma of its own and correlation
rho to the price; the characteristic function of the log-price is known, and the value is Black's at
the expected variance w plus one integral of the difference of the two characteristic functions:

    V = Black(F, K, w) + sqrt(FK)/pi integral_0^inf Re[exp(iux) (B - H)(u - i/2)] / (u^2 + 1/4) du

with x = ln(F/K) (Lewis 2000). The logarithm in H is taken in the form that has no jump of branch
(Albrecher, Mayer, Schoutens and Tistaert 2007), written with log1p, so that sigma may be 0. Panels
of Gauss points follow both the decay and the oscillation: absolute error below 1e-11 of sqrt(FK).
Source: Heston (1993), Review of Financial Studies 6. Wrong far in the wings for short expiries,
where real prices jump.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.valuation.black import black
from seawall.valuation.discounted import Carry

Floats = NDArray[np.float64]

_POINTS = 32  # of Gauss and Legendre per panel
_RADIANS = 20.0  # of oscillation that one panel holds
_NEGLIGIBLE = 1e-18
_CHUNK = 4096  # panels at once
# Standard deviations from which time value is taken as Black's, which is 0 there: the integral
# would need millions of panels to find next to nothing.
_OUT_OF_REACH = 200.0


@dataclass(frozen=True)
class Heston:
    """Variance now, speed of reversion, long-run variance, volatility of variance, correlation.

    All annual; variance 0.04 is a volatility of 20%. Raises InputError.
    """

    variance: float
    reversion: float
    long_variance: float
    volatility_of_variance: float
    correlation: float

    def __post_init__(self) -> None:
        numbers = (
            self.variance,
            self.reversion,
            self.long_variance,
            self.volatility_of_variance,
        )
        right = all(math.isfinite(x) and x >= 0.0 for x in numbers)
        if not right or not -1.0 <= self.correlation <= 1.0:
            raise InputError(
                f"Heston's model with {numbers} and correlation {self.correlation}",
                expected="numbers of 0 or more and a correlation from -1 to 1",
            )

    def expected_variance(self, years: float) -> float:
        """Mean of the variance summed over ``years``."""
        speed = self.reversion * years
        weight = -math.expm1(-speed) / speed if speed > 0.0 else 1.0
        return years * (self.long_variance + (self.variance - self.long_variance) * weight)


def heston_value(model: Heston, forward: float, strike: float, years: float, call: bool) -> float:
    """What one option is worth before discounting, quote per base unit; prices > 0."""
    t = max(years, 0.0)
    w = model.expected_variance(t)
    intrinsic = max(forward - strike if call else strike - forward, 0.0)
    if w <= 0.0:
        return intrinsic
    plain = float(black(forward, strike, 1.0, math.sqrt(w), call))
    x = math.log(forward / strike)
    if abs(x) > _OUT_OF_REACH * math.sqrt(w):
        return plain
    value = plain + math.sqrt(forward * strike) / math.pi * _integral(model, t, w, x)
    return min(max(value, intrinsic), forward if call else strike)


def heston_spot_value(
    model: Heston, carry: Carry, strike: float, years: float, call: bool
) -> float:
    """What one option on spot is worth now, quote per base unit."""
    value = heston_value(model, carry.forward(years), strike, years, call)
    return carry.discount(years) * value


def characteristic(model: Heston, u: NDArray[Any], years: float) -> NDArray[Any]:
    """E[exp(i u ln(S_T/F))] for complex u, same shape."""
    square = model.volatility_of_variance**2
    b = model.reversion - 1j * model.correlation * model.volatility_of_variance * u
    both = u * u + 1j * u
    d = np.sqrt(b * b + square * both)
    # (b - d)/sigma^2 without its cancellation; g = sigma^2 x slope / (b + d).
    slope = -both / (b + d)
    decay = np.exp(-d * years)
    g = square * slope / (b + d)
    inner = slope / (b + d) * (1.0 - decay) / (1.0 - g)
    log = _log1p(square * inner) / square if square > 0.0 else inner
    exponent = model.reversion * model.long_variance * (slope * years - 2.0 * log)
    exponent += model.variance * slope * (1.0 - decay) / (1.0 - g * decay)
    value: NDArray[Any] = np.exp(exponent)
    return value


def _log1p(z: NDArray[Any]) -> NDArray[Any]:
    """Principal ln(1 + z) that keeps the digits of a small z; NumPy's complex log1p does not."""
    a, b = z.real, z.imag
    log: NDArray[Any] = 0.5 * np.log1p(a * (2.0 + a) + b * b) + 1j * np.arctan2(b, 1.0 + a)
    return log


def _integral(model: Heston, years: float, w: float, x: float) -> float:
    """Integral over u of Re[exp(iux) (B - H)(u - i/2)] / (u^2 + 1/4)."""
    edges = _edges(model, years, w, x)
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    total = 0.0
    for first in range(0, edges.size - 1, _CHUNK):
        part = edges[first : first + _CHUNK + 1]
        half = 0.5 * np.diff(part)[:, None]
        u = 0.5 * (part[1:] + part[:-1])[:, None] + half * points
        flat = u * u + 0.25
        difference = np.exp(-0.5 * w * flat) - characteristic(model, u - 0.5j, years)
        total += float(np.sum(half * weights * (np.exp(1j * x * u) * difference).real / flat))
    return total


def _edges(model: Heston, years: float, w: float, x: float) -> Floats:
    """Panels from 0 to where both characteristic functions are negligible, doubling outwards."""
    scale = 1.0 / math.sqrt(w)
    end = scale
    while end < 1e9 and _size(model, years, w, end) > _NEGLIGIBLE:
        end *= 2.0
    edges = [0.0, min(0.25, scale / 4.0)]
    while edges[-1] < end:
        edges.append(1.5 * edges[-1])
    widest = _RADIANS / abs(x) if x != 0.0 else math.inf
    fine = [
        np.linspace(a, b, max(1, math.ceil((b - a) / widest)) + 1)[1:]
        for a, b in itertools.pairwise(edges)
    ]
    return np.concatenate([[0.0], *fine])


def _size(model: Heston, years: float, w: float, u: float) -> float:
    """Size of the integrand at u, without its oscillation; what is beyond is smaller still."""
    heston = abs(characteristic(model, np.array([u - 0.5j]), years)[0])
    return float(heston + math.exp(-0.5 * w * u * u)) / (u * u + 0.25) * u
