"""Prices at which an account meets its maintenance margin, found over the margin rule itself.

From the present price outwards in both directions: the first price at which the account may be
liquidated, all other prices still. A fixed ladder of prices, finer near the present one and with
rungs at the strikes of options near expiry and at tier bounds where margin jumps, finds the first
interval in which the account fails; `seawall.margin.liquidation_price.crossing` finds the price in
it. Tiers and worst scenarios are those of the price tried, so nothing has to be iterated. Both
directions are searched in the same turns: margin in many markets at once costs little more than in
one. Wrong where an account
fails and recovers between two rungs: 1% apart within 10%, 2% within 20%, 4% within 60%, then a
factor of 1.4 (3.2 above 10 times); an option whose value turns faster than that has rungs at its
strike and 1% to either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.shifts import Evaluate, Shifts
from seawall.margin.liquidation_price.crossing import Buffer, Known, Search, narrowed, together

# Factors on the present price between which is searched.
LOWEST, HIGHEST = 1e-4, 1e8
MOST_STRIKES = 60
# Total volatility below which an option's value turns at its strike faster than the rungs see.
SHARP = 0.05
# Rungs looked at first: most accounts fail near, and then the rest is not computed.
FIRST_RUNGS = 16


@dataclass(frozen=True)
class LiquidationPrices:
    """Prices of one asset, quote, at which an account is first liquidatable; None where never.

    below, above  the nearest in each direction     present  the price now
    An account that may be liquidated now has the present price in both.
    """

    asset: str
    present: float
    below: float | None
    above: float | None

    @property
    def nearest(self) -> float | None:
        """The nearer of the two by the logarithm of the move."""
        found = [p for p in (self.below, self.above) if p is not None]
        return min(found, key=lambda p: abs(math.log(p / self.present))) if found else None

    @property
    def distance(self) -> float | None:
        """Relative move from the present price to the nearest, -0.12 = 12% below."""
        nearest = self.nearest
        return None if nearest is None else nearest / self.present - 1.0


def liquidation_prices(
    evaluate: Evaluate, account: MarginAccount, asset: str, turns: Floats | None = None
) -> LiquidationPrices:
    """Nearest liquidation prices of an account in one asset, both ways, all else unchanged.

    evaluate  the account's margin in shifted markets, from `seawall.margin.rules.net_margin`
    turns     further factors to look at, from `seawall.margin.rules.turning_points`
    """
    present = account.spot[asset].price

    def buffer(factor: Floats) -> Floats:
        return evaluate(Shifts((asset,), factor, np.ones_like(factor))).buffer

    now = float(buffer(np.ones(1))[0])
    if now < 0.0:
        return LiquidationPrices(asset, present, present, present)
    strikes = _strikes(account, asset)
    if turns is not None:
        strikes = np.concatenate([strikes, turns])
    ways = [outwards(ladder(upward, strikes), now) for upward in (False, True)]
    below, above = together(buffer, ways)
    return LiquidationPrices(
        asset,
        present,
        None if below is None else below * present,
        None if above is None else above * present,
    )


def assets_at_risk(account: MarginAccount) -> tuple[str, ...]:
    """Assets whose price is searched: underlyings, then coins held beside.

    Not the settlement asset's own, unless it is one of them: equity and margin that are paid in it
    fall together, and the account fails at the same prices. Wrong where coins or debts in other
    assets stand against it (a stablecoin off its peg): that is a move of a what-if.
    """
    names = dict.fromkeys([*account.perps.underlying, *account.options.underlying])
    names.update(dict.fromkeys(account.balances.assets))
    return tuple(name for name in names if name in account.spot)


def ladder(upward: bool, strikes: Floats) -> Floats:
    """Factors (r,) from 1 outwards: the fixed rungs and those at ``strikes`` (strike / forward)."""
    fixed = np.array(_fixed_rungs(upward))
    if not strikes.size:
        return fixed
    if upward:
        return np.unique(np.append(fixed, strikes[(strikes > 1.0) & (strikes < HIGHEST)]))
    return np.unique(np.append(fixed, strikes[(strikes < 1.0) & (strikes > LOWEST)]))[::-1]


@cache
def _fixed_rungs(upward: bool) -> tuple[float, ...]:
    """Factors that every search looks at, 1 first."""
    near = np.concatenate(
        [np.arange(0.01, 0.095, 0.01), np.arange(0.1, 0.195, 0.02), np.arange(0.2, 0.601, 0.04)]
    )
    if upward:
        far, farthest = np.geomspace(1.6, 10.0, 9), np.geomspace(10.0, HIGHEST, 15)
        return tuple(np.concatenate([[1.0], 1.0 + near, far[1:], farthest[1:]]).tolist())
    return tuple(np.concatenate([[1.0], 1.0 - near, np.geomspace(0.4, LOWEST, 24)[1:]]).tolist())


def first_failure(buffer: Buffer, rungs: Floats, first: float) -> float | None:
    """The first factor along ``rungs`` (r,) at which ``buffer`` falls below 0; None when nowhere.

    first  the buffer at ``rungs[0]``, not below 0
    """
    return together(buffer, [outwards(rungs, first)])[0]


def outwards(rungs: Floats, first: float) -> Search:
    """The search of :func:`first_failure`; each turn looks at as many rungs as all before it."""
    before = [Known(float(rungs[0]), first)]
    start = 1
    while start < rungs.size:
        part = rungs[start : start + max(FIRST_RUNGS, start - 1)]
        found = yield part
        below = np.flatnonzero(found < 0.0)
        # What a narrowing looks at: two rungs before the first failure and the one after it.
        last = part.size if not below.size else min(int(below[0]) + 2, part.size)
        first = max(0, last - 4)
        seen = zip(part[first:last].tolist(), found[first:last].tolist(), strict=True)
        points = before[-2:] + [Known(factor, value) for factor, value in seen]
        if below.size:
            return (yield from narrowed(points))
        before, start = points, start + part.size
    return None


def _strikes(account: MarginAccount, asset: str) -> Floats:
    """Strike / forward where value turns sharply: options on ``asset`` near expiry, at most 60."""
    options = account.options
    mine = np.array([u == asset for u in options.underlying], dtype=bool)
    mine &= options.volatility * np.sqrt(options.seconds / SECONDS_PER_YEAR) < SHARP
    if not mine.any():
        return np.zeros(0)
    found: Floats = np.unique(options.strike[mine] / options.forward[mine])
    if found.size > MOST_STRIKES:
        found = found[np.linspace(0, found.size - 1, MOST_STRIKES).round().astype(int)]
    return np.concatenate([found * 0.99, found, found * 1.01])
