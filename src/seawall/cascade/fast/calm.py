"""Paths on which surely nobody is reached are proven so, and none of their steps is taken.

Where nobody is woken no order is given, so the market is the exogenous path, and nobody asks what
oracles, breakers, margin and clocks remember. What is left on the tape are the extremes and the end
of the market prices, and the income of funds. `calm_kernel.py` proves it from the extremes of the
path; docs/decisions/041-calm-paths.md derives the bounds. All other paths are run as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.dynamic import begin_dynamic
from seawall.cascade.fast import calm_kernel as kernel
from seawall.cascade.fast import layout_kernel as layout
from seawall.cascade.fast.reach_kernel import NARROW, TINY
from seawall.cascade.fund import untouched_inflows
from seawall.cascade.setup import Setup
from seawall.cascade.state import PathWorlds
from seawall.cascade.table import chosen
from seawall.cascade.tape import INTS, MONEY, EventKind, Tape, merged
from seawall.foundation.errors import InputError
from seawall.impact import law
from seawall.margin.dynamic.scaling import DEPTH, OPEN_INTEREST, VOLATILITY
from seawall.waterfall.pool_flag import PoolFlag

# So many paths are tried first; where fewer than a quarter of them are calm no others are.
FIRST, WORTH = 16, 4
# What is shown is a mean or a copy of past prices, rounded: once, and once more in each step.
SLACK, EACH_STEP = 1e-9, 1e-15
General = Callable[[Ints], Tape]


@dataclass(frozen=True)
class Calm:
    """What all paths of a Setup share: columns as `calm_kernel.py` names them.

    asset (f,) of feeds; coins (n, k), feeds (n, f), worlds (w, n, f); outer (w, 2, k) market prices
    beyond which some feed is surely out of bounds; turned: factors on margin or intervals move;
    inflow: margin accounts (n,) and quote of the last events, see `untouched_inflows`.
    """

    setup: Setup
    steps: int
    asset: Ints
    coins: Floats
    feeds: Floats
    worlds: Floats
    outer: Floats
    turned: bool
    slack: float
    inflow: tuple[Ints, Floats]


def compile_calm(setup: Setup, fixed: layout.Fixed, steps: int) -> Calm | None:
    """What is needed to prove paths of so many steps calm; None where none can be.

    Not where a desk's equity is kept at every step, something expires, a pool can flag its sides,
    the makers of a linked venue stand still while the market moves, an account is looked at from
    the start, or a market without orders is not at the exogenous price (no law is so).
    """
    links = setup.market_rules.links
    stands = links is not None and bool(links.stands.any())
    flags = any(chosen(venue, "adl", PoolFlag) for venue in setup.mechanisms)
    if steps < 1 or setup.desk_units.size or fixed.expiry.any() or stands or flags:
        return None
    untouched = law.displacement(setup.market_rules.law, setup.impact.strength, 0.0)
    if not np.all(untouched == 1.0):
        return None
    slack = SLACK + EACH_STEP * steps
    worlds = _worlds(setup, fixed.wakes, steps)
    origin = setup.spot[setup.table.feed_asset]
    within = (worlds[:, kernel.LOW] < origin) & (origin < worlds[:, kernel.HIGH])
    if not within.all():
        return None
    return Calm(
        setup=setup,
        steps=steps,
        asset=fixed.feeds.asset,
        coins=_coins(setup),
        feeds=_feeds(setup, fixed, steps * fixed.step_seconds * (1.0 + slack)),
        worlds=worlds,
        outer=_outer(setup, worlds),
        turned=fixed.scaled or fixed.wide,
        slack=slack,
        inflow=untouched_inflows(setup, steps),
    )


def _worlds(setup: Setup, wakes: layout.Wakes, steps: int) -> Floats:
    """Prices (f,) between which nobody wakes in any of the steps, and open interest, by world.

    As `set_bounds` of reach_kernel.py does from a step on, here from the start to the end.
    """
    table, count = setup.table, setup.start_size.shape[0]
    origin = setup.spot[table.feed_asset]
    out = np.zeros((count, 4, origin.size))
    least = [_nearest(wakes, c, steps) for c in range(origin.size + 1)]
    displacement = np.minimum(np.array(least[:-1]), least[-1])
    reach = origin * (displacement * wakes.weight * NARROW - TINY)
    out[:, kernel.LOW], out[:, kernel.HIGH] = origin - reach, origin + reach
    for f in range(origin.size):
        fall, rise = wakes.fall_first[f : f + 2], wakes.rise_first[f : f + 2]
        if fall[0] < fall[1]:
            low = out[:, kernel.LOW, f]
            out[:, kernel.LOW, f] = np.maximum(low, wakes.fall_price[:, fall[0]])
        if rise[0] < rise[1]:
            high = out[:, kernel.HIGH, f]
            out[:, kernel.HIGH, f] = np.minimum(high, wakes.rise_price[:, rise[0]])
    rule = setup.scaling
    if rule is not None:
        memory = begin_dynamic(rule, table, setup.start_size, np.tile(origin, (count, 1)))
        out[:, kernel.LONGS, rule.feed] = memory.longs
        out[:, kernel.CONTRACTS, rule.feed] = memory.contracts
    return out


def _nearest(wakes: layout.Wakes, c: int, steps: int) -> float:
    """The least threshold of clock ``c``, less what funding and interest take in all steps."""
    first = int(wakes.far_first[c])
    if first == wakes.far_first[c + 1] or not wakes.threshold[first] < np.inf:
        return np.inf
    least = float(wakes.threshold[first])
    return least - float(wakes.drift[c]) * steps * (1.0 + least)


def _outer(setup: Setup, worlds: Floats) -> Floats:
    """The narrowest of these prices (w, 2, k) of any feed of each asset."""
    count, assets = worlds.shape[0], setup.spot.size
    out = np.empty((count, 2, assets))
    out[:, 0], out[:, 1] = -np.inf, np.inf
    for f, k in enumerate(setup.table.feed_asset):
        out[:, 0, k] = np.maximum(out[:, 0, k], worlds[:, kernel.LOW, f])
        out[:, 1, k] = np.minimum(out[:, 1, k], worlds[:, kernel.HIGH, f])
    return out


def _coins(setup: Setup) -> Floats:
    out = np.empty((2, setup.spot.size))
    out[kernel.SPOT], out[kernel.EXPECTED] = setup.spot, setup.impact.expected_move
    return out


def _feeds(setup: Setup, fixed: layout.Fixed, seconds: float) -> Floats:
    """What each feed can show, by how much its intervals and factors on margin can grow."""
    out = np.zeros((kernel.FEED_ROWS, setup.table.feed_asset.size))
    out[kernel.ORIGIN] = setup.spot[setup.table.feed_asset]
    out[kernel.FUNDING] = fixed.wakes.funding * seconds
    for one in (kernel.DOWN, kernel.UP, kernel.CAP, kernel.BUFFER, kernel.CROWDED):
        out[one] = 1.0
    out[kernel.CEILING], out[kernel.SPAN] = np.inf, np.inf
    if setup.oracles is not None:
        rule = setup.oracles.rule
        out[kernel.DOWN : kernel.UP + 1, rule.median.feed] = _sources(setup)
        out[kernel.CEILING, rule.capped.feed] = rule.capped.ceiling
        wide = rule.confidence
        columns = (wide.z, wide.floor, wide.factor, wide.ceiling)
        out[kernel.Z : kernel.WIDEST + 1, wide.feed] = columns
        # Of the same moves a quicker average is at most so much larger, a slower one no larger.
        quicker = np.maximum(wide.weight / setup.impact.volatility_weight, 1.0)
        out[kernel.QUICKER, wide.feed] = quicker
    if setup.scaling is not None:
        _scale(setup, out)
    return out


def _sources(setup: Setup) -> Floats:
    """Least and greatest factor (2, n) on a price by which sources of medians show it."""
    assert setup.oracles is not None
    rule = setup.oracles.rule.median
    noise = rule.noise.max(axis=1, initial=0.0)
    fails = (rule.own > 0.0) | ((rule.common > 0.0) & (rule.share > 0.0))
    error = np.where(rule.wrong & fails, rule.error, 0.0)
    least = (1.0 - noise) * np.minimum(1.0 + error, 1.0)
    greatest = (1.0 + noise) * np.maximum(1.0 + error, 1.0)
    return np.stack([least[rule.group], greatest[rule.group]])


def _scale(setup: Setup, out: Floats) -> None:
    """Columns of the factors on margin."""
    rule, depth, impact = setup.scaling, setup.market_rules.depth, setup.impact
    assert rule is not None
    crowded = rule.signal == OPEN_INTEREST
    # Depth is lost in proportion to what volatility is above its expectation.
    thinning, most = 0.0 if impact.square_root else impact.thinning, np.inf
    if depth is not None:
        thinning, most = depth.thinning, 1.0 / depth.floor - 1.0
    slope = np.select([rule.signal == VOLATILITY, rule.signal == DEPTH], [1.0, thinning], 0.0)
    out[kernel.SLOPE, rule.feed] = slope
    out[kernel.MOST, rule.feed] = np.where(rule.signal == DEPTH, most, np.inf)
    out[kernel.STRENGTH, rule.feed] = np.where(crowded, 0.0, rule.strength)
    out[kernel.CAP, rule.feed] = np.where(crowded, 1.0, rule.cap)
    out[kernel.BUFFER, rule.feed] = rule.floor
    out[kernel.CROWDED, rule.feed] = np.where(crowded, rule.cap, 1.0)
    out[kernel.LOWER, rule.feed] = rule.lower
    out[kernel.SPAN, rule.feed] = rule.span


def run_calm(shared: Calm, exogenous: Floats, worlds: PathWorlds | None, general: General) -> Tape:
    """The tape of exogenous paths (p, s + 1, k); ``general`` runs those not proven calm."""
    paths, _, assets = exogenous.shape
    start = np.zeros(paths, dtype=np.int64) if worlds is None else worlds.start
    exogenous, everyone = np.ascontiguousarray(exogenous), np.arange(paths)
    calm, hull = np.zeros(paths, dtype=bool), np.empty((paths, 4, assets))

    def prove(some: Ints) -> None:
        kernel.prove_calm(
            exogenous,
            some,
            np.ascontiguousarray(start, dtype=np.int64),
            shared.coins,
            shared.feeds,
            shared.asset,
            shared.worlds,
            shared.outer,
            hull,
            float(shared.setup.impact.volatility_weight),
            shared.turned,
            shared.slack,
            calm,
        )

    first = everyone[:FIRST]
    prove(first)
    if WORTH * np.count_nonzero(calm) < first.size:
        return general(everyone)
    prove(everyone[FIRST:])
    left = np.flatnonzero(~calm)
    tape = _tape(shared, exogenous, hull, np.flatnonzero(calm))
    if left.size == 0:
        return tape
    try:
        return merged(tape, general(left), left)
    except InputError:
        # A path with no answer: its number and that of all paths stand in the sentence.
        return general(everyone)


def _tape(shared: Calm, exogenous: Floats, hull: Floats, calm: Ints) -> Tape:
    """The tape of calm paths (n,); the rows of the others hold nothing yet."""
    setup, paths, last = shared.setup, exogenous.shape[0], shared.steps
    unit, inflow = shared.inflow
    count = calm.size * unit.size
    columns: dict[str, np.ndarray] = {name: np.zeros(count) for name in MONEY}
    columns |= {name: np.full(count, -1) for name in INTS}
    columns["path"] = np.repeat(calm, unit.size)
    columns["step"][:], columns["kind"][:] = last, int(EventKind.FUND_FLOW)
    columns["unit"] = np.tile(unit, calm.size)
    columns["notional"] = np.tile(inflow, calm.size)
    return Tape(
        **columns,
        paths=paths,
        desk_equity=np.zeros((paths, last + 1, 0)),
        first_negative=np.zeros((paths, 0), dtype=np.int64),
        trough=np.ascontiguousarray(hull[:, kernel.LEAST]),
        peak=np.ascontiguousarray(hull[:, kernel.GREATEST]),
        final=exogenous[:, last].copy(),
        open_deficit=np.zeros((paths, len(setup.table.venues))),
        closed_loss=np.zeros(paths),
    )
