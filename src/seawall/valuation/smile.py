"""How implied volatility moves when spot does: smile rules, shocked volatilities, smile delta.

Idea: a smile sigma(k, T), k = ln(K / F), is known today. When spot and with it the forward is
multiplied by x, h = ln x, the volatility of a fixed strike becomes

    sigma' = sigma(k - h) (sigma(k) / sigma(k - h))^R

R is the skew-stickiness ratio: 1 leaves the volatility of every strike where it was (sticky
strike), 0 lets the smile travel with the forward (sticky delta, sticky moneyness). To first order
the at-the-money volatility moves by R x skew x h, skew = d sigma / dk at the money, which is the
definition of Bergomi (2009, Smile Dynamics IV; 2016, Stochastic Volatility Modeling, chapter 9).
A power and not a sum, so that no shock makes a volatility negative.
An option's own quoted volatility is scaled by the smile's ratio: without a shock nothing moves.
Wrong when volatility moves without spot (that is a shock of its own), when R differs by expiry or
by strike (it is one number here, and defined only at the money), and for jumps larger than what
the smile spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]

# Step in log-moneyness of the central difference that measures a smile's slope.
_STEP = 1e-4


class SmileRule(StrEnum):
    """What stays put when spot moves."""

    STICKY_STRIKE = "sticky_strike"
    STICKY_DELTA = "sticky_delta"
    SKEW_STICKINESS = "skew_stickiness"


class SmileShape(Protocol):
    """Anything that knows implied volatility by log-moneyness ln(K / F) and years to expiry."""

    def volatility(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """Annual implied volatility, the inputs' broadcast shape."""
        ...


@dataclass(frozen=True)
class Smile:
    """A smile rule with its number.

    rule              see SmileRule
    skew_stickiness   Bergomi's ratio R; given with SKEW_STICKINESS and only then

    Raises InputError when the rule and the number do not belong together.
    """

    rule: SmileRule
    skew_stickiness: float | None = None

    def __post_init__(self) -> None:
        given = self.skew_stickiness
        if self.rule is SmileRule.SKEW_STICKINESS:
            if given is None or not np.isfinite(given):
                raise InputError(
                    f"the skew-stickiness ratio is {given}",
                    expected="a finite number, such as 1 (sticky strike) or 0 (sticky delta)",
                )
        elif given is not None:
            raise InputError(
                f"the rule {self.rule.value} was given a skew-stickiness ratio of {given:g}",
                expected=f"the rule {SmileRule.SKEW_STICKINESS.value} with it, or no ratio",
            )

    @property
    def ratio(self) -> float:
        """The ratio R that the rule stands for."""
        if self.rule is SmileRule.STICKY_STRIKE:
            return 1.0
        if self.rule is SmileRule.STICKY_DELTA or self.skew_stickiness is None:
            return 0.0
        return self.skew_stickiness


STICKY_STRIKE = Smile(SmileRule.STICKY_STRIKE)
STICKY_DELTA = Smile(SmileRule.STICKY_DELTA)


@dataclass(frozen=True)
class Skew:
    """A smile shape where no surface is at hand: one slope, flat beyond its reach.

    level   at-the-money volatility, annual fraction, > 0
    slope   change of volatility per unit of log-moneyness at the money (< 0: puts are dearer)
    reach   log-moneyness beyond which volatility stays level, > 0

    volatility = level exp(slope / level x clip(k, -reach, reach)), the same at every expiry.
    """

    level: float
    slope: float
    reach: float = 0.5

    def __post_init__(self) -> None:
        for name, value in (("level", self.level), ("reach", self.reach)):
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"the skew's {name} is {value}", expected="a number above 0")
        if not np.isfinite(self.slope):
            raise InputError(f"the skew's slope is {self.slope}", expected="a finite number")

    def volatility(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """Annual implied volatility, the inputs' broadcast shape."""
        k, _ = np.broadcast_arrays(
            np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64)
        )
        bent = np.clip(k, -self.reach, self.reach)
        result: Floats = self.level * np.exp(self.slope / self.level * bent)
        return result


def shocked_volatility(
    smile: Smile,
    shape: SmileShape,
    strike: ArrayLike,
    forward: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    spot_factor: ArrayLike,
) -> Floats:
    """Implied volatility of each option after spot and forward are multiplied by ``spot_factor``.

    smile, shape   the rule, and the smile of this underlying today
    strike, forward, years, volatility   (n,) of today; volatility is the option's own quote or mark
    spot_factor    (n,), a scalar, or (m, 1) for a grid: the result has the broadcast shape

    Raises InputError when a forward, strike or factor is not above 0. Years count as today's.
    """
    k, t, vol = _moneyness(strike, forward, years, volatility)
    factor = np.asarray(spot_factor, dtype=np.float64)
    if not np.all(factor > 0.0):
        raise InputError(
            f"a spot factor is {float(np.min(factor)):g}", expected="factors above 0 (1 = no shock)"
        )
    if smile.ratio == 1.0:
        return np.broadcast_arrays(vol, factor, k)[0].copy()
    before = shape.volatility(k, t)
    after = shape.volatility(k - np.log(factor), t)
    result: Floats = vol * (after / before) ** (1.0 - smile.ratio)
    return result


def smile_slope(
    smile: Smile,
    shape: SmileShape,
    strike: ArrayLike,
    forward: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
) -> Floats:
    """Change of implied volatility at fixed strike per unit of ln spot, (n,).

    (R - 1) d sigma / dk, the derivative of `shocked_volatility` at a factor of 1. Zero under sticky
    strike; under sticky delta positive where puts are dearer. Arguments and errors as there.
    """
    k, t, vol = _moneyness(strike, forward, years, volatility)
    if smile.ratio == 1.0:
        return np.zeros(np.broadcast_shapes(k.shape, vol.shape))
    up, down = shape.volatility(k + _STEP, t), shape.volatility(k - _STEP, t)
    relative = (np.log(up) - np.log(down)) / (2.0 * _STEP)
    result: Floats = (smile.ratio - 1.0) * relative * vol
    return result


def _moneyness(
    strike: ArrayLike, forward: ArrayLike, years: ArrayLike, volatility: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Log-moneyness, years and volatility as arrays; InputError where the logarithm has none."""
    K = np.asarray(strike, dtype=np.float64)
    F = np.asarray(forward, dtype=np.float64)
    for name, values in (("strike", K), ("forward", F)):
        if not np.all(values > 0.0):
            raise InputError(f"a {name} is {float(np.min(values)):g}", expected="prices above 0")
    k: Floats = np.log(K / F)
    return k, np.asarray(years, dtype=np.float64), np.asarray(volatility, dtype=np.float64)
