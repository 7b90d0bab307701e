"""Assets whose price falls below what they promise: a broken bridge, a stablecoin off its peg.

Both are factors on the asset's exogenous price, from the failure's own time tau = 0 on.

    bridge       factor = recovery
    stablecoin   gap(tau) = depth x tau / fall                                     tau < fall
                 gap(tau) = depth x (p + (1 - p) 2^-((tau - fall) / half_life))    after that
                 factor   = 1 - gap

with ``fall`` the time until the low, ``p`` the part of the gap that stays (1: it never comes back).

Source: shape of USDC on 10-13 March 2023 (a fall to about 0.875 over some hours, back within two
days); bridges of 2022 (Ronin, Nomad, Harmony) for the first. Wrong when: the gap moves with news
of the reserves, in jumps; or the stable is the quote currency itself: prices of all else would
rise, and that is refused; quote such a Case in another currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.foundation.elementary import exponential
from seawall.foundation.quantity import (
    FRACTION,
    POSITIVE_FRACTION,
    POSITIVE_SECONDS,
    SECONDS,
    Quantity,
)
from seawall.foundation.record import number
from seawall.scenario.failure.arrival import Arrival, Floats

DEPTH = Quantity("a fraction above 0 and below 1 (0.125 means down to 0.875)", 0, 1, True, True)
LN2 = 0.6931471805599453


@dataclass(frozen=True, kw_only=True)
class Bridge(Arrival):
    """``assets`` that came over one bridge are worth the fraction ``recovery`` from then on."""

    assets: tuple[str, ...]
    recovery: float = number(POSITIVE_FRACTION)


@dataclass(frozen=True, kw_only=True)
class StablecoinDepeg(Arrival):
    """``asset`` falls by ``depth`` over ``fall_seconds`` and comes back, but for ``permanent``."""

    asset: str
    depth: float = number(DEPTH)
    half_life_seconds: float = number(POSITIVE_SECONDS)
    fall_seconds: float = number(SECONDS, 0.0)
    permanent: float = number(FRACTION, 0.0)


def depeg_factor(rule: StablecoinDepeg, tau: Floats) -> Floats:
    """Factor on the price ``tau`` seconds (any shape) after the failure began; 1 before it."""
    since = np.maximum(tau - rule.fall_seconds, 0.0)
    fading = exponential(-LN2 * since / rule.half_life_seconds)
    late = rule.permanent + (1.0 - rule.permanent) * fading
    # Without a time to fall it is at the low at once.
    early = np.clip(tau / rule.fall_seconds, 0.0, 1.0) if rule.fall_seconds > 0 else 1.0
    gap = rule.depth * np.where(tau < rule.fall_seconds, early, late)
    return np.where(tau < 0.0, 1.0, 1.0 - gap)
