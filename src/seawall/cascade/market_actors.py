"""Hedgers and makers act: once in every step, after the oracle's price and before the check."""

from __future__ import annotations

import numpy as np

from seawall.agents.hedgers import HedgeMemory, HedgeRule, deliver, wanted_trade
from seawall.agents.makers import makers_step
from seawall.book.book import Floats, Ints
from seawall.cascade.failures import stands_still
from seawall.cascade.fills import trade_impact
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import TapeWriter
from seawall.cascade.transfers import between
from seawall.foundation.units import SECONDS_PER_YEAR

NOBODY: Ints = np.zeros(0, dtype=np.int64)


def quote_depth(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Makers fill what was traded since the last step and quote anew; no market moves."""
    rule, depth = setup.market_agents.makers, state.market_memory.depth
    memory = state.market_agents.makers
    if rule is None or memory is None or depth is None:
        return NOBODY
    makers_step(rule, memory, state.market, state.restlessness, step)
    depth.share[:] = memory.total
    return NOBODY


def hedge(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Hedgers trade what their options' delta has changed by; paths whose market they moved."""
    rule, memory = setup.market_agents.hedgers, state.market_agents.hedgers
    if rule is None or memory is None:
        return NOBODY
    now = _prices(setup, state, rule)
    memory.seen = np.concatenate([memory.seen[:, 1:], now[:, None, :]], axis=1)
    when = max(step - rule.lag, 0) * setup.step_seconds / SECONDS_PER_YEAR
    deliver(rule, memory, memory.seen[:, 0], when)
    change = wanted_trade(rule, memory, memory.seen[:, 0], now, when)
    change[stands_still(state.failures, state.depth.size, rule.venue)] = 0.0
    path, column = np.nonzero(change)
    if path.size:
        _trade(setup, state, rule, memory, path, column, change[path, column], now[path, column])
    return np.unique(path)


def _prices(setup: Setup, state: State, rule: HedgeRule) -> Floats:
    """Market prices (p, h) of the hedged assets at the hedgers' venue."""
    price = state.market[:, rule.asset]
    links = state.market_memory.links
    if links is not None:
        feed = setup.market_rules.feed[rule.venue, rule.asset]
        root = np.where(feed >= 0, links.root[:, np.maximum(feed, 0)], 1.0)
        price = price * (root * root)
    return price


def _trade(
    setup: Setup,
    state: State,
    rule: HedgeRule,
    memory: HedgeMemory,
    path: Ints,
    column: Ints,
    change: Floats,
    before: Floats,
) -> None:
    """Buy ``change`` (n,) units from the book, or sell them to it, at the price they pay there.

    The outside world holds what they own; costs beside the impact are the book's income.
    """
    asset = rule.asset[column]
    venue = np.full(path.size, rule.venue)
    execution, _ = trade_impact(setup, state, path, asset, change * before, venue)
    cost = rule.cost * np.abs(change) * execution
    paid = change * execution + cost
    between(state, venue, path, asset, "book", "outside", change)
    between(state, venue, path, setup.quote, "outside", "book", paid)
    cell = (path, column)
    memory.held[cell] += change
    memory.cash[cell] -= paid
    memory.costs[cell] += cost
    memory.slippage[cell] += change * (execution - before)
    memory.traded[cell] += np.abs(change) * before
