"""Breakers inside the loop: what they watch at each step, and who waits when accounts are closed.

A unit that may not be closed stays breached and awake: it is looked at again at the next step. The
tape says once per halt, venue and reason who waited first. Held back: by stale prices every close;
by the price band, a fast move and the rate limit forced orders and keepers' calls, while the vault
takes over and winners are reduced as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.breaker.open_interest_cap import above_cap, refused
from seawall.breaker.price_band import band_step, edges
from seawall.breaker.rate_limit import admit, give_back, window_steps
from seawall.breaker.staleness import staleness_by_stamp, staleness_step
from seawall.breaker.velocity import velocity_step
from seawall.breaker.withdrawal_gate import is_closed, record
from seawall.cascade.band_queue import beyond_in_queue
from seawall.cascade.breaker_rules import BAND, OWN, RATE, STALE, VELOCITY, BreakerState
from seawall.cascade.dynamic import open_longs
from seawall.cascade.failures import stands_still
from seawall.cascade.market_step import venue_markets
from seawall.cascade.own.stepping import halted_by_own, own_factors, own_halts
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import Turn
from seawall.foundation.arrays import expand_ranges, segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.dynamic.scaling import OPEN_INTEREST, scale_step
from seawall.margin.table.margin_table import RowKind

if TYPE_CHECKING:
    from seawall.cascade.breach import Breach

KINDS = {
    BAND: EventKind.BAND_HALT,
    VELOCITY: EventKind.VELOCITY_HALT,
    STALE: EventKind.STALE_HALT,
    RATE: EventKind.RATE_HALT,
    OWN: EventKind.OWN_HALT,
}


def watch(setup: Setup, state: State, step: int) -> None:
    """The quiet part of a step: after the oracle, before anybody is checked."""
    rules, memory = setup.breakers, state.breakers
    if rules is None or memory is None:
        return
    market = venue_markets(setup, state)
    if rules.band is not None and memory.band is not None:
        band_step(rules.band, memory.band, market)
    if rules.velocity is not None and memory.velocity is not None:
        velocity_step(rules.velocity, memory.velocity, market, step)
    if rules.staleness is not None and memory.staleness is not None:
        if state.oracle is not None:
            stamp = state.oracle.memory.stamp
            staleness_by_stamp(rules.staleness, memory.staleness, stamp, step)
        else:
            age = state.feeds.age
            staleness_step(rules.staleness, memory.staleness, age, state.fresh, step)
    own_halts(setup, state, step)


def scale_margin(setup: Setup, state: State, price: Floats, step: int) -> Turn | None:
    """Move the factors on margin, given this step's volatility and feed prices (p, f)."""
    if setup.scaling is None or state.scale is None:
        return None
    recount_expired(setup, state, step - 1, np.arange(state.depth.size))
    thin = np.ones_like(state.restlessness)
    if state.market_memory.depth is not None:
        thin = thin / state.market_memory.depth.share
    elif not setup.impact.square_root:
        thin = thin + setup.impact.thinning * np.maximum(state.restlessness - 1.0, 0.0)
    if state.market_memory.schedule is not None:
        thin = thin / state.market_memory.schedule
    before = state.scale.factor.copy()
    scale_step(setup.scaling, state.scale, state.restlessness, thin, price)
    own_factors(setup, state, step, thin, price, before)
    return Turn(state.scale.turn, np.abs(state.scale.factor - state.scale.first))


def turned(state: State, path: Ints) -> Turn | None:
    """How far the factors of paths (n,) stand from the start, within a step."""
    if state.scale is None:
        return None
    away = np.abs(state.scale.factor[path] - state.scale.first[path])
    return Turn(np.zeros_like(away), away)


def recount(setup: Setup, state: State, path: Ints) -> None:
    """Count the open interest of paths (n,) anew, after closes."""
    if setup.scaling is None or state.scale is None:
        return
    if np.any(setup.scaling.signal == OPEN_INTEREST):
        longs, contracts = open_longs(setup.scaling, setup.table, state.holdings.size[path])
        state.scale.longs[path], state.scale.contracts[path] = longs, contracts


def recount_expired(setup: Setup, state: State, step: int, path: Ints) -> None:
    """The same for paths (n,) after a step in which contracts expired."""
    length = setup.step_seconds / SECONDS_PER_YEAR
    years = setup.table.rows.years
    if np.any((years <= step * length) & (years > (step - 1) * length)):
        recount(setup, state, path)


def _legs(setup: Setup, state: State, path: Ints, unit: Ints) -> tuple[Ints, Ints, Bools]:
    """Open legs of pairs (n,): which pair, which feed, and whether closing it sells the asset.

    The settlement asset counts as sold; a call is closed like its underlying, a put against it.
    """
    units, rows, options = setup.table.units, setup.table.rows, setup.table.options
    pair, row = expand_ranges(units.rows[unit], units.rows[unit + 1] - units.rows[unit])
    size = state.holdings.size[path[pair], row]
    o_pair, o = expand_ranges(units.options[unit], units.options[unit + 1] - units.options[unit])
    o_size = state.holdings.option_size[path[o_pair], o]
    owner = np.concatenate([pair, o_pair, np.arange(unit.size)])
    feed = np.concatenate([rows.feed[row], options.feed[o], units.settle[unit]])
    o_long = (o_size > 0) == options.call[o]
    sells = np.concatenate([size > 0, o_long, np.ones(unit.size, dtype=bool)])
    open_leg = np.concatenate([size != 0, o_size != 0, np.ones(unit.size, dtype=bool)])
    return owner[open_leg], feed[open_leg], sells[open_leg]


def _touched(
    setup: Setup, state: State, path: Ints, unit: Ints, feeds: Ints, sold: Bools, bought: Bools
) -> Bools:
    """Pairs (n,) with a leg in a flagged feed; flags (p, m) of feeds (m,) for sales, purchases."""
    pair, feed, sells = _legs(setup, state, path, unit)
    column = np.full(setup.table.feed_asset.size, -1, dtype=np.int64)
    column[feeds] = np.arange(feeds.size)
    at = column[feed]
    watched = at >= 0
    pair, at, sells = pair[watched], at[watched], sells[watched]
    p = path[pair]
    hit = np.where(sells, sold[p, at], bought[p, at])
    return np.asarray(np.bincount(pair[hit], minlength=unit.size) > 0)


def not_stale(
    setup: Setup, state: State, step: int, path: Ints, unit: Ints, tape: TapeWriter
) -> Bools:
    """Breached pairs (n,) of one venue that have a price to go by; the others wait."""
    rules, memory = setup.breakers, state.breakers
    if rules is None or memory is None or rules.staleness is None or memory.staleness is None:
        return np.ones(path.size, dtype=bool)
    stale = memory.staleness.stale
    held = _touched(setup, state, path, unit, rules.staleness.feed, stale, stale)
    _hold(setup, memory, step, STALE, path[held], unit[held], tape)
    return ~held


def may_trade(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    wants: Bools,
    tape: TapeWriter,
) -> Bools:
    """Breached pairs (n,) of venue ``v`` that may send orders, of those that want to (n,)."""
    rules, memory = setup.breakers, state.breakers
    if rules is None or memory is None or not wants.any():
        return wants
    path, unit, equity, maintenance = breach.path, breach.unit, breach.equity, breach.maintenance
    left = np.flatnonzero(wants)
    if rules.band is not None and memory.band is not None:
        held = _outside_band(setup, state, step, v, path[left], unit[left])
        left = _wait(setup, memory, step, BAND, path, unit, left, held, tape)
    if rules.velocity is not None and memory.velocity is not None:
        halted = step < memory.velocity.until
        feeds = rules.velocity.feed
        held = _touched(setup, state, path[left], unit[left], feeds, halted, halted)
        left = _wait(setup, memory, step, VELOCITY, path, unit, left, held, tape)
    own = halted_by_own(state, v)
    if own is not None:
        held = _touched(setup, state, path[left], unit[left], own[0], own[1], own[1])
        left = _wait(setup, memory, step, OWN, path, unit, left, held, tape)
    limit, used = rules.rates[v], memory.rates[v]
    if limit is not None and used is not None:
        window = (step - 1) // window_steps(limit, setup.step_seconds)
        notional = _notional(setup, state, path[left], unit[left])
        taken = admit(limit, used, window, path[left], equity[left], maintenance[left], notional)
        left = _wait(setup, memory, step, RATE, path, unit, left, ~taken, tape)
    out = np.zeros_like(wants)
    out[left] = True
    return out


def not_wanted(setup: Setup, state: State, v: int, path: Ints, unit: Ints) -> Ints:
    """Give the rate limit back what admitted pairs (n,) used whom nobody closed.

    Returns the paths on which others may take their place at once.
    """
    used = None if state.breakers is None else state.breakers.rates[v]
    if used is None or path.size == 0:
        return path[:0]
    give_back(used, path, _notional(setup, state, path, unit))
    return np.unique(path)


def _outside_band(setup: Setup, state: State, step: int, v: int, path: Ints, unit: Ints) -> Bools:
    """Pairs (n,) whose orders would begin beyond the price band, now or behind others' orders."""
    rules, memory = setup.breakers, state.breakers
    if rules is None or memory is None or rules.band is None or memory.band is None:
        return np.zeros(path.size, dtype=bool)
    feeds = rules.band.feed
    low, high = edges(rules.band, memory.band, state.exogenous, state.quotes.price)
    market = venue_markets(setup, state)[:, feeds]
    held = _touched(setup, state, path, unit, feeds, market < low, market > high)
    if setup.rulebooks[v].liquidation.style != "keeper":
        paths, count = market.shape[0], setup.table.feed_asset.size
        lowest, highest = np.zeros((paths, count)), np.full((paths, count), np.inf)
        lowest[:, feeds], highest[:, feeds] = low, high
        free = np.flatnonzero(~held)
        ahead = beyond_in_queue(setup, state, step, path[free], unit[free], lowest, highest)
        held[free] = ahead
    return held


def _wait(
    setup: Setup,
    memory: BreakerState,
    step: int,
    reason: int,
    path: Ints,
    unit: Ints,
    left: Ints,
    held: Bools,
    tape: TapeWriter,
) -> Ints:
    """Who of ``left`` does not wait; writes down the others."""
    waits = left[held]
    _hold(setup, memory, step, reason, path[waits], unit[waits], tape)
    return left[~held]


def _hold(
    setup: Setup,
    memory: BreakerState,
    step: int,
    reason: int,
    path: Ints,
    unit: Ints,
    tape: TapeWriter,
) -> None:
    """These pairs, in path order, wait; one event per path where nobody waited a step ago."""
    if path.size == 0:
        return
    memory.waiting[path, unit] = step
    p, first = np.unique(path, return_index=True)
    venue = setup.table.units.venue[unit[first]]
    new = memory.seen[p, venue, reason] < step - 1
    memory.seen[p, venue, reason] = step
    tape.write(step, KINDS[reason], p[new], unit[first][new])


def acted(state: State, step: int, path: Ints, unit: Ints) -> Bools:
    """Pairs (n,) that no breaker kept waiting at this step."""
    if state.breakers is None:
        return np.ones(path.size, dtype=bool)
    return np.asarray(state.breakers.waiting[path, unit] != step)


def _notional(setup: Setup, state: State, path: Ints, unit: Ints) -> Floats:
    """What closing pairs (n,) trades, quote at margin prices: positions, and debts of loans."""
    units, rows, options = setup.table.units, setup.table.rows, setup.table.options
    pair, row = expand_ranges(units.rows[unit], units.rows[unit + 1] - units.rows[unit])
    p = path[pair]
    size, kind = state.holdings.size[p, row], rows.kind[row]
    price = state.quotes.price[p, rows.feed[row]] * rows.multiplier[row]
    settle = state.quotes.price[p, units.settle[unit][pair]]
    worth = np.where(kind == RowKind.BALANCE, np.maximum(-size, 0.0) * price, 0.0)
    worth = np.where(kind == RowKind.LINEAR, np.abs(size) * price * settle, worth)
    worth = np.where(kind == RowKind.INVERSE, np.abs(size), worth)
    o_pair, o = expand_ranges(units.options[unit], units.options[unit + 1] - units.options[unit])
    q = path[o_pair]
    spot = state.quotes.price[q, options.feed[o]]
    o_worth = np.abs(state.holdings.option_size[q, o]) * spot
    return segment_sums(worth, pair, unit.size) + segment_sums(o_worth, o_pair, unit.size)


def open_interest(setup: Setup, state: State, path: Ints) -> Floats:
    """Open interest (n, c) of each contract on paths (n,), quote at margin prices."""
    rows, count = setup.table.rows, len(setup.table.contracts)
    size = state.holdings.size[path]
    vault = state.accounts.vault_contracts[path]
    long = segment_sums(np.maximum(size, 0.0), rows.contract, count) + np.maximum(vault, 0.0)
    short = segment_sums(np.maximum(-size, 0.0), rows.contract, count) + np.maximum(-vault, 0.0)
    price = state.quotes.price[path][:, setup.contract_feed] * setup.contract_factor
    price = price * state.quotes.price[path][:, setup.contract_settle]
    return np.maximum(long, short) * np.where(setup.contract_inverse, 1.0, price)


def vault_may_take(setup: Setup, state: State, path: Ints, unit: Ints, wants: Bools) -> Bools:
    """Takeovers (n,), of those wanted, that no open-interest cap refuses.

    Each is held against the vault as it stands before all of them.
    """
    cap = None if setup.breakers is None else setup.breakers.cap
    if cap is None or not wants.any():
        return wants
    units, rows = setup.table.units, setup.table.rows
    mine = np.flatnonzero(wants)
    distinct, where = np.unique(path[mine], return_inverse=True)
    full = above_cap(open_interest(setup, state, distinct), cap)
    first = units.rows[unit[mine]]
    pair, row = expand_ranges(first, units.rows[unit[mine] + 1] - first)
    p, contract = path[mine][pair], rows.contract[row]
    taken = state.holdings.size[p, row]
    vault = state.accounts.vault_contracts[p, contract]
    no = refused(full[where[pair], contract], vault, taken)
    out = wants.copy()
    out[mine] = np.bincount(pair[no], minlength=mine.size) == 0
    return out


def shut(setup: Setup, state: State, step: int, v: int, path: Ints) -> Bools:
    """Where (n,) the gate of a venue is closed: fund and vault pay nothing on that path."""
    gate = None if state.breakers is None else state.breakers.gates[v]
    if gate is None:
        return np.zeros(path.size, dtype=bool)
    return np.asarray(is_closed(gate, step)[path])


def withdrawals_stopped(setup: Setup, state: State, step: int, v: int) -> Bools:
    """Paths (p,) on which nobody may take money out of a venue: gate, stale price, failure."""
    rules, memory = setup.breakers, state.breakers
    out = stands_still(state.failures, state.depth.size, v).copy()
    if rules is None or memory is None:
        return out
    gate = memory.gates[v]
    if gate is not None:
        out |= is_closed(gate, step)
    if rules.staleness is not None and memory.staleness is not None:
        mine = setup.table.feed_venue[rules.staleness.feed] == v
        out |= memory.staleness.stale[:, mine].any(axis=1)
    return out


def count_losses(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    unit: Ints,
    paid: Floats,
    lost: Floats,
    tape: TapeWriter,
) -> None:
    """Tell a venue's gate what fund and vault paid and what nobody with capital did, (n,) quote."""
    rule = None if setup.breakers is None else setup.breakers.gates[v]
    memory = None if state.breakers is None else state.breakers.gates[v]
    if rule is None or memory is None or path.size == 0:
        return
    closes = record(rule, memory, setup.step_seconds, step, path, paid, lost)
    p, first = np.unique(path, return_index=True)
    new = closes[p]
    tape.write(step, EventKind.GATE_CLOSED, p[new], unit[first][new])
