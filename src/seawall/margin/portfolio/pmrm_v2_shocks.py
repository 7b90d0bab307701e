"""How version 2 of Derive's portfolio margin revalues options in each scenario.

A scenario moves spot by a multiple and volatility up, down or not at all; or it leaves the forward
and tilts the smile (linear: both wings by moneyness, abs: both wings the same way). A skew
scenario counts each expiry as a loss, whichever sign it has, since the tilt may go either way.
Source: Derive v2-core, PMRMLib_2.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.quantity import Quantity
from seawall.foundation.record import number, word
from seawall.margin.portfolio.pmrm_parts import (
    FACTOR,
    MULTIPLE,
    Held,
    Valued,
    VolatilityShock,
    valued,
    volatility_multiples,
)

SIGNED_FACTOR = Quantity("a factor from -100 to 100", -100.0, 100.0)
SKEWED = ("linear", "abs")


@dataclass(frozen=True)
class Scenario:
    """One scenario: a multiple of spot, what happens to volatility, and how much of it counts.

    volatility  up, down or same: the level; linear, abs: the smile, forwards unmoved
    dampening   what the profit or loss is multiplied by
    """

    spot_shock: float = number(MULTIPLE)
    volatility: str = word(("up", "same", "down", *SKEWED))
    dampening: float = number(FACTOR, 1.0)


@dataclass(frozen=True)
class SkewShock:
    """Tilt of the smile, with years T and log-moneyness k = ln(strike / forward).

    cap = linear_cap + linear_per_root_year sqrt(T), likewise abs_; k* = max(smallest_width,
    sqrt(T) width_scale (volatility + volatility_per_root_year sqrt(T))); volatility is multiplied
    by 1 + k cap / k*, at most 1 +- cap, never below 0.
    """

    linear_cap: float = number(FACTOR)
    linear_per_root_year: float = number(SIGNED_FACTOR)
    abs_cap: float = number(FACTOR)
    abs_per_root_year: float = number(SIGNED_FACTOR)
    smallest_width: float = number(FACTOR)
    width_scale: float = number(FACTOR)
    volatility: float = number(FACTOR)
    volatility_per_root_year: float = number(SIGNED_FACTOR)


@dataclass(frozen=True)
class StaticDiscount:
    """What shocked expiry values are multiplied by, with years T and rate r (not below 0).

    above 0: long_base exp(-T (r long_rate_multiple + long_rate_add))
    below 0: min(1 / df, short_base exp(T (r short_rate_multiple + short_rate_add))), df = exp(-r T)
    """

    long_base: float = number(FACTOR)
    long_rate_multiple: float = number(FACTOR)
    long_rate_add: float = number(FACTOR)
    short_base: float = number(FACTOR)
    short_rate_multiple: float = number(FACTOR)
    short_rate_add: float = number(FACTOR)


def option_values(
    scenarios: Sequence[Scenario],
    volatility: VolatilityShock,
    skew: SkewShock,
    basis: tuple[float, float],
    own: Held,
) -> Valued:
    """Worth of each expiry today, at forwards times ``basis`` and in each scenario."""
    shifted = _shifted_volatility(scenarios, volatility, skew, own)
    level = np.array([list(shifted).index(s.volatility) for s in scenarios])
    skewed = np.array([s.volatility in SKEWED for s in scenarios])
    spot = np.where(skewed, 1.0, np.array([s.spot_shock for s in scenarios]))
    return valued(own, basis, spot, list(shifted.values()), level, list(shifted).index("same"))


def option_changes(
    scenarios: Sequence[Scenario], discount: StaticDiscount, own: Held, found: Valued
) -> Floats:
    """Change of each expiry's value in each scenario (m, s, e), discounted and dampened."""
    skewed = np.array([s.volatility in SKEWED for s in scenarios])
    values, mark = found.shocked, found.mark[:, None, :]
    positive, negative = static_discounts(discount, own)
    dampening = np.array([s.dampening for s in scenarios])
    changes = np.where(values >= 0.0, values * positive, values * negative) - mark
    changes *= dampening[:, None]
    result: Floats = np.where(skewed[:, None], -np.abs(changes), changes)
    return result


def static_discounts(rule: StaticDiscount, own: Held) -> tuple[Floats, Floats]:
    """Multiples of positive and of negative shocked expiry values, (e,) each."""
    long_rate = own.rate * rule.long_rate_multiple + rule.long_rate_add
    short_rate = own.rate * rule.short_rate_multiple + rule.short_rate_add
    positive = rule.long_base * np.exp(-own.years * long_rate)
    # A rate so high that this overflows is capped like any other.
    with np.errstate(over="ignore"):
        grown = rule.short_base * np.exp(own.years * short_rate)
    return positive, np.minimum(1.0 / own.discount, grown)


def skew_multiples(rule: SkewShock, own: Held, kind: str) -> Floats:
    """What a skew scenario multiplies each option's volatility by, (o, m), 0 or above.

    Above the forward at most 1 + cap, below it at least 1 - cap; where the width is 0 the cap
    itself. A cap below 0 turns the tilt round and then bounds it from the other side, as the
    venue's arithmetic does.
    """
    root, of = np.sqrt(own.years), own.group.of
    linear = kind == "linear"
    base = rule.linear_cap if linear else rule.abs_cap
    slope = rule.linear_per_root_year if linear else rule.abs_per_root_year
    cap = (base + slope * root)[of][:, None]
    level = rule.volatility + root * rule.volatility_per_root_year
    width = np.maximum(rule.smallest_width, root * rule.width_scale * level)[of][:, None]
    # ln(strike / forward), the forward being today's times the market's factor.
    today = np.log(own.options.strike / own.options.forward)
    moneyness = today[:, None] - np.log(own.forward)
    moneyness = moneyness if linear else np.abs(moneyness)
    no_width = width <= 0.0
    tilt = moneyness * (cap / np.where(no_width, 1.0, width))
    if no_width.any():
        tilt = np.where(no_width, np.sign(moneyness) * cap, tilt)
    bounded = np.where(moneyness >= 0.0, np.minimum(cap, tilt), np.maximum(-cap, tilt))
    multiples: Floats = np.maximum(1.0 + bounded, 0.0)
    return multiples


def _shifted_volatility(
    scenarios: Sequence[Scenario], rule: VolatilityShock, skew: SkewShock, own: Held
) -> dict[str, Floats]:
    """Volatility of each option in each market (o, m) under each kind of shock."""
    today, of = own.volatilities, own.group.of
    up, down = (multiple[of][:, None] for multiple in volatility_multiples(rule, own.seconds))
    shifted = {
        "up": np.maximum(rule.smallest_up, today * up),
        "down": today * down,
        "same": today,
    }
    kinds = {s.volatility for s in scenarios}
    for kind in SKEWED:
        if kind in kinds:
            shifted[kind] = today * skew_multiples(skew, own, kind)
    return shifted
