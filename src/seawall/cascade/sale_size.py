"""How much of an account one forced order closes, by the venue's rule for sizes."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import Lines, line_asset, line_flow, own_impact, pair_of
from seawall.cascade.own.closing import own_fraction
from seawall.cascade.own.code import Own
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.foundation.arrays import segment_sums
from seawall.liquidation.sizing import Full, JustEnough, close_fraction, just_enough
from seawall.margin.table.assess import row_worth
from seawall.margin.table.margin_table import RowKind


def fraction_to_close(
    setup: Setup,
    state: State,
    v: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    maintenance: Floats,
    notional: Floats,
    whole: Lines,
    years: float,
) -> Floats:
    """Fraction (n,) of each account's positions; ``whole``, notional (n,): closing all of it."""
    rulebook, rule = setup.rulebooks[v], setup.mechanisms[v].get("sizing")
    if isinstance(rule, Full):
        return np.ones(path.size)
    if isinstance(rule, Own):
        return own_fraction(rule, equity, maintenance, notional, state.tried[path, unit])
    if not isinstance(rule, JustEnough):
        tried = state.tried[path, unit]
        return close_fraction(rulebook.liquidation, notional, tried, equity)
    pair, asset = pair_of(setup, path, unit, whole), line_asset(setup, whole)
    flow = line_flow(setup, state, whole, years)
    fees = (rulebook.liquidation.fee + rulebook.taker_fee) * notional

    def cost(fraction: Floats) -> Floats:
        mean = own_impact(setup, state, whole.path, asset, flow * fraction[pair])
        return fees + segment_sums(np.abs(flow) * np.abs(mean - 1.0), pair, path.size)

    rows = row_worth(setup.table, state.holdings, state.quotes, path, unit)
    balance = setup.table.rows.kind[rows.row] == RowKind.BALANCE
    kept = segment_sums(np.where(balance, rows.maintenance, 0.0), rows.pair, path.size)
    return just_enough(rule, equity, maintenance, kept, cost)
