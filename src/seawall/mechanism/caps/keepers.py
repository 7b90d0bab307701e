"""Keepers' side of a cap, asset by asset: what calls earn, the largest that pays, the cap by it.

What a shock makes callable at once has to be sold at once: where prices of one asset move by three
daily sigmas, repayments of all loans then below health 1 (positions of all accounts then below
maintenance) are ``callable``. The cap from the impact law alone is the exposure at which that is
the largest size that still pays: others grow by largest / callable. Three sigmas at once are an
assumption (A16); the simulation's cap stands beside it and needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.exposure.notional import row_notional
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import daily_sigma
from seawall.liquidation.sizing import repay_fraction
from seawall.margin.table.assess import option_quotes, requirement, row_worth, starting_holdings
from seawall.margin.table.margin_table import RowKind
from seawall.mechanism.caps.room import Terms, earns, largest, sustained, terms_of
from seawall.mechanism.caps.scaled import BORROW, OPEN_INTEREST, Exposure, is_lender, others_at

SIGMAS = 3.0


@dataclass(frozen=True)
class Calls:
    """What one shock makes callable: repayments (n,) quote, one for each account breached."""

    repayments: Floats


def keeper_rows(setup: Setup, venue: str, found: tuple[Exposure, ...]) -> list[dict[str, Any]]:
    """One entry for each exposure whose liquidation sells its own asset (not for borrowing)."""
    return [keeper_row(setup, venue, one) for one in found if one.kind != BORROW]


def keeper_row(setup: Setup, venue: str, one: Exposure) -> dict[str, Any]:
    """What a liquidation in one asset earns now, and what its impact law alone allows."""
    v = setup.table.venues.index(venue)
    lender = is_lender(setup.case, venue)
    sizes = _loan_calls(setup, v, one) if lender else _position_calls(setup, v, one)
    bonus = _bonus(setup, v, one, lender)
    terms = terms_of(setup, v, one.asset, bonus=bonus, keeper=lender)
    most = largest(setup, terms)
    total = float(sizes.repayments.sum())
    return {
        "asset": one.asset,
        "kind": one.kind,
        "bonus": bonus,
        "shock_sigmas": SIGMAS,
        "callable": total,
        "accounts": int(sizes.repayments.size),
        "median": _typical(setup, terms, sizes, np.median),
        "biggest": _typical(setup, terms, sizes, np.max),
        "largest_paying": most,
        "per_block": None if most is None else sustained(terms, most),
        "block_seconds": terms.block,
        "cap_quote": None if most is None or total <= 0.0 else one.amount(most / total),
    }


def _typical(setup: Setup, terms: Terms, sizes: Calls, which: Any) -> dict[str, float] | None:
    """What the median, or the largest, of the calls brings; None where nothing is callable."""
    if sizes.repayments.size == 0:
        return None
    return earns(setup, terms, float(which(sizes.repayments)))


def _bonus(setup: Setup, v: int, one: Exposure, lender: bool) -> float:
    """Bonus on the debt repaid; of positions what margin less fees leaves, as such a bonus."""
    rulebook = setup.rulebooks[v]
    if lender:
        return rulebook.collateral[one.asset].liquidation_bonus
    rate = _maintenance_rate(setup, v, one) - rulebook.taker_fee
    return max(rate, 0.0) / (1.0 - max(rate, 0.0))


def _others(setup: Setup, v: int) -> Bools:
    """Margin accounts (u,) of others at a venue."""
    others = others_at(setup.book, setup.table.venues[v])
    found: Bools = others[setup.table.units.account]
    return found


def _shocked(setup: Setup, asset: str, sign: float) -> Floats:
    """Feed prices (f,) with one asset three daily sigmas away."""
    k = setup.table.assets.index(asset)
    price = setup.spot.copy()
    sigma = daily_sigma(setup.case.market.assets[asset].volatility)
    price[k] *= max(1.0 + sign * SIGMAS * sigma, 0.02)
    return price[setup.table.feed_asset]


def _breached(setup: Setup, v: int, price: Floats) -> Ints:
    need = requirement(setup.table, price)
    return np.flatnonzero((need.equity < need.maintenance) & _others(setup, v))


def _rows(setup: Setup, price: Floats, units: Ints) -> tuple[Ints, Ints, Floats, Floats]:
    """Rows of margin accounts: place in ``units``, row, worth and maintenance, quote."""
    table = setup.table
    quotes = option_quotes(table, price[None, :], setup.spot[table.feed_asset], 0.0)
    quotes.integral = np.zeros((1, price.size))
    path = np.zeros(units.size, dtype=np.int64)
    worth = row_worth(table, starting_holdings(table), quotes, path, units)
    return worth.pair, worth.row, worth.worth, worth.maintenance


def _loan_calls(setup: Setup, v: int, one: Exposure) -> Calls:
    """Repayments of loans against one collateral after its fall."""
    price = _shocked(setup, one.asset, -1.0)
    units = _breached(setup, v, price)
    pair, row, worth, maintenance = _rows(setup, price, units)
    count = units.size
    debt = segment_sums(np.maximum(-worth, 0.0), pair, count)
    held = segment_sums(np.maximum(worth, 0.0), pair, count)
    short = segment_sums(maintenance, pair, count)
    mine = setup.table.rows.asset[row] == setup.table.assets.index(one.asset)
    own = segment_sums(np.where(mine, np.maximum(worth, 0.0), 0.0), pair, count)
    health = (held - short) / np.maximum(debt, 1e-300)
    share = repay_fraction(setup.rulebooks[v].liquidation, health)
    bonus = setup.rulebooks[v].collateral[one.asset].liquidation_bonus
    repaid = np.minimum(share * debt, own / (1.0 + bonus))
    return Calls(repaid[(own > 0.5 * held) & (repaid > 0)])


def _position_calls(setup: Setup, v: int, one: Exposure) -> Calls:
    """Notional in one asset of accounts breached by its fall, or by its rise if that is more."""
    found = []
    for sign in (-1.0, 1.0):
        price = _shocked(setup, one.asset, sign)
        units = _breached(setup, v, price)
        rows = setup.table.rows
        place = np.full(setup.table.units.account.size, -1)
        place[units] = np.arange(units.size)
        k = setup.table.assets.index(one.asset)
        side = rows.size > 0 if sign < 0 else rows.size < 0
        mine = (place[rows.unit] >= 0) & (rows.asset == k) & (rows.kind != RowKind.BALANCE) & side
        notional = row_notional(setup)[mine]
        amounts = segment_sums(notional, place[rows.unit[mine]], units.size)
        found.append(amounts[amounts > 0])
    return Calls(max(found, key=lambda amounts: float(amounts.sum())))


def _maintenance_rate(setup: Setup, v: int, one: Exposure) -> float:
    """Maintenance over notional of the positions of others in an asset."""
    assert one.kind == OPEN_INTEREST
    units = np.flatnonzero(_others(setup, v))
    price = setup.spot[setup.table.feed_asset]
    _, row, _, maintenance = _rows(setup, price, units)
    rows = setup.table.rows
    mine = (rows.asset[row] == setup.table.assets.index(one.asset)) & (
        rows.kind[row] != RowKind.BALANCE
    )
    unit_price = np.where(rows.kind[row] == RowKind.INVERSE, 1.0, setup.spot[rows.asset[row]])
    notional = float(np.abs(rows.size[row] * unit_price)[mine].sum())
    return float(maintenance[mine].sum()) / notional if notional > 0 else 0.0
