"""European options when the price diffuses and jumps (Merton 1976).

Idea: jumps arrive at a constant rate and multiply the price by a lognormal factor; given their
number n the price is lognormal, so the value is Black's, averaged over the Poisson law of n:

    V = sum_n P(n; lambda T) Black(F exp(-lambda m T) (1 + m)^n, K, sqrt(sigma^2 T + n delta^2))

with m the mean jump (E of factor - 1) and delta the standard deviation of the factor's logarithm.
Source: Merton (1976), Journal of Financial Economics 3. Wrong when jumps come in clusters: here
the next is as likely after one as before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seawall.foundation.errors import InputError
from seawall.valuation.black import black
from seawall.valuation.discounted import Carry

# Standard deviations of the number of jumps that are summed on each side, and terms at least.
_DEVIATIONS = 12.0
_LEAST_TERMS = 60


@dataclass(frozen=True)
class JumpDiffusion:
    """Diffusive volatility (annual), jumps per year, their log's standard deviation, mean jump.

    ``mean_jump`` is E[factor] - 1, above -1; 0 keeps jumps fair. Raises InputError.
    """

    volatility: float
    intensity: float
    jump_volatility: float
    mean_jump: float

    def __post_init__(self) -> None:
        numbers = (self.volatility, self.intensity, self.jump_volatility)
        if not all(math.isfinite(x) and x >= 0.0 for x in numbers) or not (
            math.isfinite(self.mean_jump) and self.mean_jump > -1.0
        ):
            raise InputError(
                f"jump diffusion with volatility {self.volatility}, intensity {self.intensity}, "
                f"jump volatility {self.jump_volatility}, mean jump {self.mean_jump}",
                expected="numbers of 0 or more, and a mean jump above -1",
            )


def jump_diffusion(
    total_volatility: float, intensity: float, jump_share: float, mean_jump: float
) -> JumpDiffusion:
    """The model in which jumps make up ``jump_share`` (0 to 1) of the variance per year.

    ``total_volatility`` v is annual: delta^2 = v^2 share / intensity, sigma^2 = v^2 (1 - share).
    Raises InputError when a share above 0 is to come from no jumps.
    """
    if not 0.0 <= jump_share <= 1.0 or (jump_share > 0.0 and not intensity > 0.0):
        raise InputError(
            f"{jump_share} of the variance from {intensity} jumps per year",
            expected="a share between 0 and 1, and jumps if it is above 0",
        )
    per_jump = jump_share / intensity if jump_share > 0.0 else 0.0
    return JumpDiffusion(
        volatility=total_volatility * math.sqrt(1.0 - jump_share),
        intensity=intensity,
        jump_volatility=total_volatility * math.sqrt(per_jump),
        mean_jump=mean_jump,
    )


def merton_value(
    model: JumpDiffusion, forward: float, strike: float, years: float, call: bool
) -> float:
    """What one option is worth before discounting, quote per base unit; prices > 0."""
    t = max(years, 0.0)
    expected = model.intensity * t
    n = _numbers(expected, expected * (1.0 + model.mean_jump))
    variance = model.volatility**2 * t + n * model.jump_volatility**2
    grown = forward * np.exp(n * math.log1p(model.mean_jump) - expected * model.mean_jump)
    values = black(grown, strike, 1.0, np.sqrt(variance), call)
    return float(np.dot(_poisson(n, expected), values))


def merton_spot_value(
    model: JumpDiffusion, carry: Carry, strike: float, years: float, call: bool
) -> float:
    """What one option on spot is worth now, quote per base unit."""
    value = merton_value(model, carry.forward(years), strike, years, call)
    return carry.discount(years) * value


def _numbers(expected: float, tilted: float) -> np.ndarray:
    """Numbers of jumps that matter, for their law and for the law seen from the price itself."""
    low, high = min(expected, tilted), max(expected, tilted)
    first = max(0.0, math.floor(low - _DEVIATIONS * math.sqrt(low) - _LEAST_TERMS))
    last = math.ceil(high + _DEVIATIONS * math.sqrt(high) + _LEAST_TERMS)
    return np.arange(first, last + 1.0)


def _poisson(n: np.ndarray, expected: float) -> np.ndarray:
    """Probability of n jumps when ``expected`` are."""
    from scipy.special import gammaln, xlogy

    probability: np.ndarray = np.exp(xlogy(n, expected) - expected - gammaln(n + 1.0))
    return probability
