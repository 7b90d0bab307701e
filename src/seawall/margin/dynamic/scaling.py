"""Dynamic margin: a factor >= 1 on the maintenance of everything margined on one feed.

    target = 1 + strength x max(r - 1, 0)          volatility_scaled, depth_scaled
    target = 1 + (cap - 1) x clip((OI - lower) / (upper - lower), 0, 1)     open_interest_scaled
    level += (1 - exp(-dt / smoothing_seconds)) x (min(target, cap) - level)
    factor = max(level, 1 + buffer)

r is, by rule, the moving average of |return| over its expectation (volatility), or the depth
lost, depth at the start over depth now. OI is the notional of all longs of traders on the
feed. Without smoothing (0 seconds) the level is the target at once. Only derivatives are scaled:
loans have no margin that venues move with the market in this way, and are refused.

``buffer`` is a buffer against procyclicality: margin carries it in calm times and uses it up before
it rises further, so the factor starts at 1 + buffer. EMIR's form is 0.25.

Sources: EMIR delegated regulation 153/2013, article 28(1)(a) (a buffer of at least 25% of margin,
which may be exhausted while margin rises); dYdX v4 liquidity tiers (margin fraction rising linearly
from a lower to an upper cap of open interest, to 100% at the upper: cap = 1 / base fraction; dYdX
itself scales the initial fraction only). The first two signals are Seawall's own.
Wrong when: a venue moves margin by committee and at notice, or looks at a window of weeks; the
average of |returns| has a memory of an hour. Initial margin is scaled by the same factor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, POSITIVE_AMOUNT, SECONDS, Quantity
from seawall.foundation.record import number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRENGTH = Quantity("a multiple from 0 to 100 (1 means in proportion)", 0.0, 100.0)
CAP = Quantity("a factor from 1 to 1000 (3 means at most three times the margin)", 1.0, 1_000.0)
BUFFER = Quantity("a fraction from 0 to 10 (0.25 means 25%)", 0.0, 10.0)
VOLATILITY, DEPTH, OPEN_INTEREST = range(3)


@dataclass(frozen=True)
class VolatilityScaled:
    """Margin follows realised volatility over its normal size."""

    strength: float = number(STRENGTH, 1.0)
    cap: float = number(CAP, 3.0)
    smoothing_seconds: float = number(SECONDS, 0.0)
    buffer: float = number(BUFFER, 0.0)


@dataclass(frozen=True)
class DepthScaled:
    """Margin follows the depth lost: twice the margin at half the depth, with strength 1."""

    strength: float = number(STRENGTH, 1.0)
    cap: float = number(CAP, 3.0)
    smoothing_seconds: float = number(SECONDS, 0.0)
    buffer: float = number(BUFFER, 0.0)


@dataclass(frozen=True)
class InterestBounds:
    """Open interest, quote, at which margin begins to rise and at which it is ``cap`` times."""

    lower: float = number(AMOUNT)
    upper: float = number(POSITIVE_AMOUNT)

    def __post_init__(self) -> None:
        if self.upper <= self.lower:
            raise InputError(
                f"open interest bounds {self.lower:g} to {self.upper:g}",
                expected="an upper bound above the lower one",
            )


@dataclass(frozen=True)
class OpenInterestScaled:
    """Margin rises with open interest between two bounds, by underlying asset."""

    bounds: Mapping[str, InterestBounds]
    cap: float = number(CAP, 3.0)
    smoothing_seconds: float = number(SECONDS, 0.0)
    buffer: float = number(BUFFER, 0.0)


DynamicMargin = VolatilityScaled | DepthScaled | OpenInterestScaled


class ScaleRule(NamedTuple):
    """Columns of m scaled feeds, (m,): feed, asset, signal, strength, cap, weight of one step in
    the level, floor = 1 + buffer, lower bound and span of open interest (infinite: no bounds).
    """

    feed: Ints
    asset: Ints
    signal: Ints
    strength: Floats
    cap: Floats
    weight: Floats
    floor: Floats
    lower: Floats
    span: Floats


class ScaleMemory(NamedTuple):
    """level (p, m); factor (p, f), 1 for feeds that are not scaled, and first (p, f), its value at
    the start; longs (p, m) units x multiplier of linear contracts, contracts (p, m) of inverse
    ones, quote: open interest = longs x price + contracts; turn (p, f) |change| in the last step.
    """

    level: Floats
    factor: Floats
    first: Floats
    longs: Floats
    contracts: Floats
    turn: Floats


def compile_scaling(
    rules: Sequence[DynamicMargin],
    feed: Ints,
    asset: Ints,
    names: Sequence[str],
    step_seconds: float,
) -> ScaleRule:
    """Columns of ``rules``, one per scaled feed (m,), whose assets are called ``names`` (m,)."""
    signal, lower, span = [], [], []
    for rule, name in zip(rules, names, strict=True):
        bounds = rule.bounds.get(name) if isinstance(rule, OpenInterestScaled) else None
        lower.append(0.0 if bounds is None else bounds.lower)
        span.append(math.inf if bounds is None else bounds.upper - bounds.lower)
        kinds = (VolatilityScaled, DepthScaled, OpenInterestScaled)
        signal.append(kinds.index(type(rule)))
    weight = [
        1.0 if r.smoothing_seconds == 0 else 1.0 - math.exp(-step_seconds / r.smoothing_seconds)
        for r in rules
    ]
    return ScaleRule(
        feed=feed,
        asset=asset,
        signal=np.array(signal, dtype=np.int64),
        strength=np.array([getattr(rule, "strength", 0.0) for rule in rules]),
        cap=np.array([rule.cap for rule in rules]),
        weight=np.array(weight, dtype=np.float64),
        floor=np.array([1.0 + rule.buffer for rule in rules]),
        lower=np.array(lower, dtype=np.float64),
        span=np.array(span, dtype=np.float64),
    )


def target(
    rule: ScaleRule, restlessness: Floats, depth_loss: Floats, open_interest: Floats
) -> Floats:
    """What the level moves to (..., m); signals (..., m) of the scaled feeds, OI in quote."""
    ratio = np.where(rule.signal == VOLATILITY, restlessness, depth_loss)
    followed = 1.0 + rule.strength * np.maximum(ratio - 1.0, 0.0)
    share = np.minimum(np.maximum((open_interest - rule.lower) / rule.span, 0.0), 1.0)
    crowded = 1.0 + (rule.cap - 1.0) * share
    return np.minimum(np.where(rule.signal == OPEN_INTEREST, crowded, followed), rule.cap)


def start_scale(rule: ScaleRule, price: Floats, longs: Floats, contracts: Floats) -> ScaleMemory:
    """Calm markets of normal depth, and the open interest of the start, at feed prices (p, f)."""
    calm = np.ones_like(longs)
    level = target(rule, calm, calm, longs * price[:, rule.feed] + contracts)
    factor = np.ones_like(price)
    factor[:, rule.feed] = np.maximum(level, rule.floor)
    return ScaleMemory(level, factor, factor.copy(), longs, contracts, np.zeros_like(price))


def scale_step(
    rule: ScaleRule, memory: ScaleMemory, restlessness: Floats, depth_loss: Floats, price: Floats
) -> None:
    """One step; restlessness, depth_loss (p, k), feed prices (p, f). Overwrites ``memory``."""
    interest = memory.longs * price[:, rule.feed] + memory.contracts
    wanted = target(rule, restlessness[:, rule.asset], depth_loss[:, rule.asset], interest)
    memory.level[:] += rule.weight * (wanted - memory.level)
    factor = np.maximum(memory.level, rule.floor)
    memory.turn[:, rule.feed] = np.abs(factor - memory.factor[:, rule.feed])
    memory.factor[:, rule.feed] = factor
