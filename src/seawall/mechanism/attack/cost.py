"""What it costs to move a market's price, to hold it there, and to get out again.

Idea: outstanding flow b, in depths, moves the price by the factor D(b) of the market's impact law
(impact/law.py). An attacker who trades in small orders from b0 to b1 pays and gets

    quote = depth x int w(b) m(b) db,     units = depth / P0 x int w(b) / D(b) db,

m = 1 but for fees and spreads; w = 1, but D(b) below zero in a pool, whose flow is counted in the
units that are paid in. Of b the share 1 - p decays with the time constant tau, so holding
the price for w seconds takes new flow

    h = (1 - p) b (1 - exp(-p w / tau)) / p        (b w / tau where nothing is permanent)

traded at the held price. The units U so bought are sold at once, from b down to where they end, or
slowly, when only what is permanent is left of the impact; the better is taken.

With D = exp, no fee, p = 0 and r = w / tau the cost has the closed forms

    sold at once  depth x [r b - log(1 + r b exp(-b))]       (about depth x b^2 (r + r^2 / 2))
    sold slowly   depth x [b - 1 + exp(-b) + r b (1 - exp(-b))]     (about depth x b^2 (1/2 + r))

and a constant-product pool (depth = half of its quote reserve Y) takes Y (sqrt(f) - 1) to move by
the factor f > 1, X (1 / sqrt(f) - 1) of its units by f < 1. Without time to hold, in and out at
once costs fees only.

Source: Kyle (1985) and Huberman and Stanzl (2004), "Price manipulation and quasi-arbitrage", for
what no fee and no time cost; the forms above are Seawall's own. Wrong when: others trade against
the moved price (arbitrage with other venues makes it dearer, followers make it cheaper), or depth
leaves while the price moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seawall.impact import law
from seawall.impact.law import ImpactLaw
from seawall.impact.target_flow import WIDEST, flow_that_moves

Floats = NDArray[np.float64]

POOLS = (law.AMM, law.CONCENTRATED_AMM)
NEWTON = 80  # steps at most
POINTS = 101  # of Simpson's rule
SMALL = 1e-7  # an order so small that it pays the price of the moment


@dataclass(frozen=True)
class ThinMarket:
    """One asset's market: ``depth`` quote (what the law divides flow by), ``spot`` quote, its law
    and the law's ``strength``, seconds in which impact decays, share of it that stays; ``fee`` of a
    trade beside the law's own, a fraction of its notional.
    """

    depth: float
    spot: float
    law: ImpactLaw
    strength: float
    recovery_seconds: float
    permanent: float
    fee: float = 0.0

    def factor(self, b: float) -> float:
        """D(b)."""
        return float(law.displacement(self.law, self.strength, b))

    def marginal(self, b: Floats, way: float) -> Floats:
        """m(b): what a small order pays over the price, buying (``way`` > 0) or selling."""
        step = math.copysign(SMALL, way)
        at = law.displacement(self.law, self.strength, b)
        price = law.average(self.law, self.strength, b, b + step) / at
        return np.asarray(price * (1.0 + math.copysign(self.fee, way)))

    def counted(self, b: Floats) -> Floats:
        """w(b): what one unit of flow counts, over its quote."""
        if self.law.code not in POOLS:
            return np.ones_like(b)
        return np.where(b < 0.0, law.displacement(self.law, self.strength, b), 1.0)

    def deeper(self, multiple: float) -> ThinMarket:
        """The same market with another depth."""
        return replace(self, depth=self.depth * multiple)


@dataclass(frozen=True)
class Moved:
    """A price held away from its market.

    paid, units   quote paid for units bought (both below 0 where units were sold)
    b, permanent  outstanding flow now, and how much of it will stay
    """

    paid: float
    units: float
    b: float
    permanent: float


def flow_for(market: ThinMarket, factor: float) -> float | None:
    """Outstanding flow, in depths, that moves the price by ``factor`` > 0; None beyond any flow."""
    return flow_that_moves(market.law, market.strength, factor)


def quote_between(market: ThinMarket, b0: float, b1: float) -> float:
    """Quote that a buyer pays from b0 up to b1 (below 0: what a seller gets on the way down)."""
    return market.depth * _integral(
        lambda b: market.marginal(b, b1 - b0) * market.counted(b), b0, b1
    )


def units_between(market: ThinMarket, b0: float, b1: float) -> float:
    """Units that a buyer gets from b0 up to b1 (below 0: sold on the way down)."""

    def inverse(b: Floats) -> Floats:
        return market.counted(b) / law.displacement(market.law, market.strength, b)

    return market.depth / market.spot * _integral(inverse, b0, b1)


def _integral(f: Callable[[Floats], Floats], b0: float, b1: float) -> float:
    """Simpson's rule."""
    if b0 == b1:
        return 0.0
    b = np.linspace(b0, b1, POINTS)
    weight = np.ones(POINTS)
    weight[1:-1:2], weight[2:-1:2] = 4.0, 2.0
    return float(np.sum(weight * f(b))) * (b1 - b0) / (3.0 * (POINTS - 1))


def held_flow(market: ThinMarket, b: float, seconds: float) -> float:
    """New flow, in depths, that holds the price at D(b) for so long."""
    stays, r = market.permanent, seconds / market.recovery_seconds
    if stays == 0.0:
        return b * r
    return (1.0 - stays) * b * -math.expm1(-stays * r) / stays


def move_and_hold(market: ThinMarket, factor: float, seconds: float) -> Moved | None:
    """Move the price by ``factor`` and hold it there; None where no flow moves it so far."""
    b = flow_for(market, factor)
    return None if b is None else hold_at(market, b, seconds, way_in(market, b))


def way_in(market: ThinMarket, b: float) -> tuple[float, float]:
    """Quote paid and units bought until outstanding flow is ``b``."""
    return quote_between(market, 0.0, b), units_between(market, 0.0, b)


def hold_at(market: ThinMarket, b: float, seconds: float, begun: tuple[float, float]) -> Moved:
    """Flow ``b`` held for so long, after the way in (quote, units)."""
    more = held_flow(market, b, seconds)
    at = float(market.marginal(np.array(b), b))
    more_quote = market.depth * more * float(market.counted(np.array(b)))
    paid = begun[0] + more_quote * at
    units = begun[1] + more_quote / (market.spot * market.factor(b))
    return Moved(paid, units, b, market.permanent * (b + more))


def sold_at_once(market: ThinMarket, moved: Moved) -> float:
    """Quote received for all units (below 0: paid to buy them back) at the price of now.

    Minus infinity where the market cannot take them.
    """
    end = _end(market, moved.b, moved.units)
    return -math.inf if end is None else -quote_between(market, moved.b, end)


def sold_slowly(market: ThinMarket, moved: Moved) -> float:
    """The same when temporary impact, of the way in and of each sale, is over."""
    stays = market.permanent
    if stays == 0.0:
        price = float(market.marginal(np.array(0.0), -moved.units))
        return moved.units * market.spot * price
    # Of a sale only the share that stays is left in the price: a market 1 / stays as deep.
    slow = market.deeper(1.0 / stays)
    end = _end(slow, moved.permanent, moved.units)
    return -math.inf if end is None else -quote_between(slow, moved.permanent, end)


def _end(market: ThinMarket, b: float, units: float) -> float | None:
    """Where outstanding flow ends that starts at b when ``units`` are sold (below 0: bought).

    Newton's steps: units fall in b at the rate depth / P0 x w(b) / D(b), which has one sign. The
    first guess is that of D = exp. None where it ends beyond any flow.
    """
    rest = math.exp(-b) + units * market.spot / market.depth
    end = -math.log(rest) if rest > math.exp(-WIDEST) else b
    for _ in range(NEWTON):
        slope = market.depth / market.spot * float(market.counted(np.array(end)))
        step = (units_between(market, b, end) + units) / slope * market.factor(end)
        # A law's price may change tenfold within a depth: no step longer than that.
        end -= min(max(step, -1.0), 1.0)
        if abs(end) > WIDEST:
            return None
        if abs(step) < 1e-12:
            break
    return end


def cost_of(market: ThinMarket, moved: Moved) -> float:
    """What moving, holding and getting out costs at best, quote."""
    return moved.paid - max(sold_at_once(market, moved), sold_slowly(market, moved))
