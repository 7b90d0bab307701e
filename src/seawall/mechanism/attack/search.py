"""The best attack on each price of a Case: searched over the move, the time held and the size.

One table of moves and times per asset holds what moving, holding and getting out costs at a depth
of one; all costs are proportional to depth, so every question (twice the depth, a longer average,
a cap) is arithmetic on it. Sources: cost.py, seen.py, gain.py. Wrong when: the best plan lies
between two of the table (moves are 10 to 30% apart), which understates it in the second order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from seawall.cascade.setup import Setup
from seawall.impact.law import SQUARE_ROOT
from seawall.mechanism.attack.cost import Floats, ThinMarket, cost_of, flow_for, hold_at, way_in
from seawall.mechanism.attack.gain import (
    Prize,
    bonus_gain,
    lender_prize,
    loan_proceeds,
    order_book_prize,
    withdrawal,
)
from seawall.mechanism.attack.seen import Sight, seen, sight_of

WITHDRAW, BORROW, LIQUIDATE = "withdraw", "borrow", "liquidate"
# Log-moves searched: up to tenfold, down to a tenth.
MOVES = np.array(
    [0.005, 0.01, 0.02, 0.03, 0.05, 0.07, *np.arange(0.1, 0.65, 0.1), *np.arange(0.7, 2.35, 0.2)]
)
TIMES = 9
# Largest share of an instrument's open interest that one owner gets quietly: an assumption.
OPEN_INTEREST_SHARE = 0.1
LONGEST = 86_400.0
BISECTIONS = 60


@dataclass(frozen=True)
class Table:
    """factor (m, 1) of each move, hold (1, h) seconds; for a depth of one: paid, worth of the units
    at the true price, and cost of getting out again (m, h), infinite where it cannot be done.
    """

    factor: Floats
    hold: Floats
    paid: Floats
    worth: Floats
    cost: Floats


@dataclass(frozen=True)
class Target:
    """One price that may be attacked, for one end."""

    venue: int
    asset: int
    scheme: str
    market: ThinMarket
    sight: Sight
    prize: Prize
    table: Table
    capital: float = math.inf  # most that the attacker can lay out
    bonus: Floats | None = None  # (m,) gain by liquidations at each move seen in full


@dataclass(frozen=True)
class Best:
    """The best plan found, quote: net = gain - cost; ``size`` beside what was traded to move the
    price; ``capital`` laid out before anything comes back.
    """

    factor: float
    seen: float
    hold_seconds: float
    size: float
    capital: float
    gain: float
    cost: float
    net: float


def market_of(setup: Setup, k: int, fee: float) -> ThinMarket:
    """The market of asset ``k`` as the loop has it, with all depth there."""
    rule = setup.impact
    tau = -setup.step_seconds / math.log(rule.decay) if 0.0 < rule.decay < 1.0 else math.inf
    return ThinMarket(
        depth=float(rule.depth[k]),
        spot=float(setup.spot[k]),
        law=setup.market_rules.law,
        strength=float(rule.strength[k]),
        recovery_seconds=tau if rule.decay > 0.0 else setup.step_seconds / 700.0,
        permanent=rule.permanent_share,
        fee=fee,
    )


def price_table(market: ThinMarket, sign: float, hold: Floats) -> Table:
    """Moves in one direction, held for ``hold`` (h,) seconds; depth and price are 1."""
    factor = np.exp(sign * MOVES)
    shape = (factor.size, hold.size)
    paid, worth, cost = np.zeros(shape), np.zeros(shape), np.full(shape, math.inf)
    for m, f in enumerate(factor):
        b = flow_for(market, float(f))
        if b is None:
            continue
        begun = way_in(market, b)
        for h, seconds in enumerate(hold):
            moved = hold_at(market, b, float(seconds), begun)
            paid[m, h], worth[m, h] = moved.paid, moved.units * market.spot
            cost[m, h] = cost_of(market, moved)
    return Table(factor[:, None], hold[None, :], paid, worth, cost)


def targets(
    setup: Setup, share: float = OPEN_INTEREST_SHARE, capital: float = math.inf
) -> Iterator[Target]:
    """Every price whose market has a depth, at every venue where something hangs on it.

    ``share`` of an instrument's open interest that the attacker may hold.
    """
    tables: dict[tuple[object, ...], Table] = {}
    for v, k in zip(setup.table.feed_venue, setup.table.feed_asset, strict=True):
        if k == setup.quote or not np.isfinite(setup.impact.depth[k]):
            continue
        rulebook, sight = setup.rulebooks[v], sight_of(setup, int(v), int(k))
        lends = rulebook.liquidation.style == "keeper"
        place = (int(v), int(k))
        prize = lender_prize(setup, *place) if lends else order_book_prize(setup, *place, share)
        if prize is None:
            continue
        market = market_of(setup, int(k), 0.0 if lends else rulebook.taker_fee)
        up, down = (_cached(tables, market, sign, sight) for sign in (1.0, -1.0))
        if lends:
            yield Target(*place, BORROW, market, sight, prize, up, capital)
            bonus = np.array([bonus_gain(setup, *place, float(f)) for f in down.factor[:, 0]])
            if bonus.any():
                yield Target(*place, LIQUIDATE, market, sight, prize, down, capital, bonus)
        else:
            yield Target(*place, WITHDRAW, market, sight, prize, up, capital)
            yield Target(*place, WITHDRAW, market, sight, prize, down, capital)


def _cached(
    tables: dict[tuple[object, ...], Table], market: ThinMarket, sign: float, sight: Sight
) -> Table:
    """The price table, made once for all markets that differ in depth and price alone."""
    hold = _times(sight)
    scaled = market.law.code == SQUARE_ROOT
    strength = market.strength if scaled else 1.0
    same = (strength, market.recovery_seconds, market.permanent, market.fee, sign, *hold)
    if same not in tables:
        thin = replace(market, depth=1.0, spot=1.0, strength=strength)
        tables[same] = price_table(thin, sign, hold)
    return tables[same]


def _times(sight: Sight) -> Floats:
    """Times to hold that are searched: from one step to a day, and what the oracle asks for."""
    dt = sight.step_seconds
    grid = np.geomspace(dt, max(LONGEST, dt), TIMES)
    asked = [sight.delay_seconds + dt, sight.window_seconds]
    return np.unique([*grid, *(t for t in asked if t >= dt)])


def best(target: Target, sight: Sight, prize: Prize, depth: float) -> Best:
    """The plan of ``target`` with the largest net, with another sight, prize or depth (quote)."""
    table = target.table
    shown = seen(sight, table.factor, table.hold)
    cost, outlay = depth * table.cost, depth * np.abs(table.paid)
    if target.scheme == WITHDRAW:
        gain, size, margin = withdrawal(prize, shown)
        outlay = outlay + margin
    elif target.scheme == BORROW:
        sale = depth * (table.paid - np.where(np.isfinite(table.cost), table.cost, 0.0))
        brought, size = loan_proceeds(prize, shown, depth * table.worth, sale)
        # The way out is part of what it brings.
        gain = np.where(shown > 1.0, np.maximum(brought - sale, 0.0), 0.0)
        outlay = outlay + size
    else:
        assert target.bonus is not None
        gain = np.interp(shown, table.factor[::-1, 0], target.bonus[::-1], right=0.0)
        gain, size = np.minimum(gain, prize.size_cap), np.zeros_like(gain)
    net = np.where(outlay <= target.capital, gain - cost, -cost)
    m, h = np.unravel_index(int(np.argmax(net)), net.shape)
    return Best(
        factor=float(table.factor[m, 0]),
        seen=float(shown[m, h]),
        hold_seconds=float(table.hold[0, h]),
        size=float(size[m, h]),
        capital=float(outlay[m, h]),
        gain=float(gain[m, h]),
        cost=float(cost[m, h]),
        net=float(net[m, h]),
    )


def break_even_depth(target: Target) -> float | None:
    """The depth, quote, from which on no plan of the table pays; None where none pays at any."""

    def pays(depth: float) -> bool:
        return best(target, target.sight, target.prize, depth).net > 0.0

    low, high = 1e-9 * target.market.depth, 1e9 * target.market.depth
    if not pays(low):
        return None
    return _last(pays, low, high)


def _last(pays: Callable[[float], bool], low: float, high: float) -> float:
    """Where ``pays`` ends between low (it does) and high (it does not), on a log scale."""
    for _ in range(BISECTIONS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if pays(middle) else (low, middle)
    return high


def closers(target: Target) -> dict[str, float | None]:
    """What closes an attack that pays, one at a time; None where that alone does not.

    window_seconds   shortest average over time
    sources          fewest sources behind a median, each with a market of this depth of its own
    cap_per_hour     largest move per hour that may be shown
    size_cap         largest position, or collateral bought beside, quote
    """
    sight, prize, depth = target.sight, target.prize, target.market.depth

    def net(other: Sight | None = None, capped: Prize | None = None) -> float:
        return best(target, other or sight, capped or prize, depth).net

    edge = break_even_depth(target)
    majority = 1 if edge is None else math.ceil(edge / depth)
    longest = 30.0 * LONGEST

    def with_window(w: float) -> bool:
        return net(replace(sight, window_seconds=w)) > 0.0

    def with_cap(c: float) -> bool:
        return net(replace(sight, per_hour=c)) <= 0.0

    def with_size(size: float) -> bool:
        return net(capped=prize.capped(size)) <= 0.0

    step, scale = sight.step_seconds, max(depth, prize.available)
    return {
        "window_seconds": None if with_window(longest) else _last(with_window, step, longest),
        "sources": float(2 * majority - 1),
        "cap_per_hour": _last(with_cap, 1e-6, 1e6) if with_cap(1e-6) else None,
        "size_cap": _last(with_size, 1e-9 * scale, 1e9 * scale) if with_size(0.0) else None,
    }
