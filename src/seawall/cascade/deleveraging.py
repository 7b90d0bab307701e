"""ADL inside the loop: bankrupt accounts are closed against winners at their bankruptcy price."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import (
    Lines,
    closing_lines,
    fill,
    line_flow,
    pair_of,
    settlement_price,
    trade_impact,
)
from seawall.cascade.losses import cover_deficits
from seawall.cascade.matching import Lost, line_notional, margin_price, match
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.margin_table import RowKind
from seawall.waterfall.deleverage import HyperliquidRanking

SLOT = "adl"
RANKING = HyperliquidRanking()


def deleverage(
    setup: Setup,
    state: State,
    step: int,
    path: Ints,
    unit: Ints,
    equity: Floats,
    leg: Ints,
    tape: TapeWriter,
) -> None:
    """Close bankrupt units (n,) of one venue, equity < 0 at margin prices, against winners.

    Each leg closes at its price moved by -equity / total notional in the account's favour, so that
    the account ends at exactly zero and the winners lose exactly its deficit. What finds no winner
    is sold to the order book, and what is then missing goes down the waterfall.
    """
    if path.size == 0:
        return
    rows, rule = setup.table.rows, adl_rule(setup, int(setup.table.units.venue[unit[0]]))
    lines = closing_lines(
        setup, state, path, unit, np.ones(path.size), np.zeros(path.size, dtype=bool)
    )
    pair = pair_of(setup, path, unit, lines)
    price = margin_price(setup, state, lines.path, lines.index)
    notional = line_notional(setup, state, lines, price)
    total = np.bincount(pair, notional, path.size)
    # > 0: a long sells above, a short buys below the margin price, by this share of notional.
    # No winner pays more than the contract is worth; the rest goes down the waterfall.
    shift = np.minimum(-equity / np.maximum(total, 1e-300), 1.0)[pair]
    bankruptcy = _moved(setup, lines, price, shift)
    paid = np.zeros(path.size)
    groups = lines.path * len(setup.table.contracts) + rows.contract[lines.index]
    side = lines.change > 0
    for group in np.unique(groups):
        for buys in (False, True):
            mine = np.flatnonzero((groups == group) & (side == buys))
            if mine.size:
                here = unit[path == lines.path[mine[0]]]
                lost = Lost(_only(lines, mine), bankruptcy[mine], notional[mine], shift[mine], here)
                np.add.at(paid, pair[mine], match(setup, state, step, rule, lost, tape))
    _sell_rest(setup, state, step, path, unit)
    tape.write(step, EventKind.ADL_BANKRUPT, path, unit, leg=leg, notional=total, adl=paid)
    cover_deficits(setup, state, step, path, unit, tape)


def adl_rule(setup: Setup, v: int) -> object:
    """What fills the slot ``adl`` of a venue; without it Hyperliquid's ranking."""
    return setup.mechanisms[v].get(SLOT, RANKING)


def _only(lines: Lines, chosen: Ints) -> Lines:
    return Lines(
        lines.path[chosen],
        lines.unit[chosen],
        lines.index[chosen],
        lines.change[chosen],
        lines.option[chosen],
    )


def _moved(setup: Setup, lines: Lines, price: Floats, shift: Floats) -> Floats:
    """Contract prices (l,) at which each line gains ``shift`` of its notional.

    Inverse contracts pay in coin, size x (1/entry - 1/exit): there 1/price moves.
    """
    sign = np.sign(lines.change)
    with np.errstate(divide="ignore"):
        coin = price / (1.0 + sign * shift)
    inverse = setup.table.rows.kind[lines.index] == RowKind.INVERSE
    return np.where(inverse, coin, price * (1.0 - sign * shift))


def _sell_rest(setup: Setup, state: State, step: int, path: Ints, unit: Ints) -> None:
    """Sell to the order book what no winner took, and the collateral that the deficit counted.

    Whatever is still held, to the last bit: crumbs left by rounding would be closed again later.
    """
    whole = np.ones(path.size)
    left = closing_lines(setup, state, path, unit, whole, whole > 0)
    if left.path.size == 0:
        return
    asset = setup.table.rows.asset[left.index]
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    flow = line_flow(setup, state, left, years)
    venue = setup.table.units.venue[left.unit]
    spot, _ = trade_impact(setup, state, left.path, asset, flow, venue)
    fill(setup, state, left, settlement_price(setup, state, left, spot, years), "book")
