"""Equity and margins of one account in many shifted markets at once: the fast twins.

Liquidation prices, surfaces and what-if ask the same account at hundreds of prices. The frameworks
tiered, standard and collateral are evaluated here over all of them in columns, without a working;
the others market by market (`seawall.margin.rules.one_by_one`). A test holds each equal to its
framework. Rows that do not move are evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account import MarginAccount
from seawall.margin.collateral import shortfall_margin
from seawall.margin.collateral_margin import NO_TERMS, CollateralMargin
from seawall.margin.shifts import Evaluate, NetMargin, Shifts
from seawall.margin.standard import netted_margin, short_margin
from seawall.margin.standard_margin import StandardMargin
from seawall.margin.tiered import inverse_margin, margin, tier_lines
from seawall.margin.tiered_margin import TieredMargin, tiers_for
from seawall.valuation.black import black
from seawall.venues import Collateral

Sums = tuple[Floats, Floats, Floats]  # equity, initial, maintenance of some rows, (g,)


@dataclass(frozen=True)
class _Factors:
    """Factors of chosen rows in each market: spot, volatility (g, 1) and the settlement's price."""

    spot: Floats
    volatility: Floats
    settle: Floats


Rows = Callable[[_Factors], Sums]


@dataclass(frozen=True)
class _Part:
    """Rows of one kind: their underlying, and a function of chosen rows that sums them up."""

    underlying: tuple[str, ...]
    choose: Callable[[Ints], Rows]


def _evaluator(account: MarginAccount, parts: tuple[_Part, ...]) -> Evaluate:
    """Sums over the parts' rows and cash; rows of assets that stay are evaluated once."""
    chosen: dict[tuple[str, ...], tuple[list[Rows], list[Rows], Sums]] = {}
    here = _Factors(np.ones((1, 1)), np.ones((1, 1)), np.full((1, 1), account.settle_price))

    def evaluate(shifts: Shifts) -> NetMargin:
        if shifts.assets not in chosen:
            moving, still = _chosen(parts, shifts.assets)
            chosen[shifts.assets] = moving, still, _add(still, here)
        moving, still, constant = chosen[shifts.assets]
        spot = shifts.spot[:, None]
        settles = account.settle in shifts.assets
        price = account.settle_price * spot if settles else np.full_like(spot, here.settle[0, 0])
        if settles:  # rows of other assets feel the settlement coin's price
            constant = _add(still, _Factors(np.ones_like(spot), np.ones_like(spot), price))
        found = _add(moving, _Factors(spot, shifts.volatility[:, None], price))
        equity, initial, maintenance = (a + b for a, b in zip(found, constant, strict=True))
        return NetMargin(equity + account.cash * price[:, 0], maintenance, initial)

    return evaluate


def _chosen(parts: tuple[_Part, ...], assets: tuple[str, ...]) -> tuple[list[Rows], list[Rows]]:
    """Rows of ``assets`` and all other rows, part by part."""
    moving: list[Rows] = []
    still: list[Rows] = []
    for part in parts:
        mine = np.array([name in assets for name in part.underlying], dtype=bool)
        for rows, out in ((np.flatnonzero(mine), moving), (np.flatnonzero(~mine), still)):
            if rows.size:
                out.append(part.choose(rows))
    return moving, still


def _add(parts: list[Rows], factors: _Factors) -> Sums:
    count = factors.settle.shape[0]
    sums = (np.zeros(count), np.zeros(count), np.zeros(count))
    for rows in parts:
        for total, amount in zip(sums, rows(factors), strict=True):
            total += amount
    return sums


def along_tiered(rule: TieredMargin, account: MarginAccount) -> Evaluate | None:
    """Tiered perpetuals and coins; None for an account with options, which the rule refuses."""
    if account.options.names:
        return None
    perps = account.perps
    found = [tiers_for(rule.rulebook, perps, n) for n in range(len(perps.names))]
    lines = tier_lines([tiers for tiers, _ in found], [coin for _, coin in found])
    own = np.array([rule.own_leverage.get(name, np.inf) for name in perps.names])

    def choose(rows: Ints) -> Rows:
        size, inverse = np.abs(perps.size[rows]), perps.inverse[rows]
        gains, own_rows, in_coin = _gains(account, rows), own[rows], lines.in_coin[rows]
        rates = lines.maintenance_rate[rows], lines.initial_rate[rows]
        cuts = lines.maintenance_deduction[rows], lines.initial_deduction[rows]
        none = np.zeros(rows.size)

        def due(mark: Floats, rate: Floats, cut: Floats) -> Floats:
            linear = margin(size * mark, rate, cut)
            if not inverse.any():
                return linear
            wide = np.broadcast_to(size, mark.shape)
            coin = inverse_margin(wide, mark, rate, cut, none, in_coin)
            return np.where(inverse, coin, linear)

        def at(factors: _Factors) -> Sums:
            mark = perps.mark[rows] * factors.spot
            notional = np.where(inverse, size / mark, size * mark)
            maintenance, initial = (due(mark, r, c) for r, c in zip(rates, cuts, strict=True))
            initial = np.maximum(initial, notional / own_rows)
            settle = factors.settle
            return _sums(gains(mark, settle), initial * settle, maintenance * settle)

        return at

    return _evaluator(
        account, (_Part(perps.underlying, choose), _coins(rule.rulebook.collateral, account))
    )


def along_standard(rule: StandardMargin, account: MarginAccount) -> Evaluate:
    """Options by fractions of the underlying, perpetuals by rate and slope, coins."""
    perps, options, terms = account.perps, account.options, rule.option_margin
    spot = np.array([account.spot[u].price for u in options.underlying])
    years = options.seconds / SECONDS_PER_YEAR
    rates = [terms.perp(u) for u in perps.underlying]
    initial_rate = np.array([r.initial for r in rates])
    rate, slope = np.array([r.maintenance for r in rates]), np.array([r.slope for r in rates])

    def perp_rows(rows: Ints) -> Rows:
        size, inverse, gains = np.abs(perps.size[rows]), perps.inverse[rows], _gains(account, rows)

        def at(factors: _Factors) -> Sums:
            mark, settle = perps.mark[rows] * factors.spot, factors.settle
            coins = np.where(inverse, size / mark, size)
            notional = np.where(inverse, coins, size * mark)
            steep = slope[rows] * coins * notional
            initial = (notional * initial_rate[rows] + steep) * settle
            return _sums(gains(mark, settle), initial, (notional * rate[rows] + steep) * settle)

        return at

    def option_rows(rows: Ints) -> Rows:
        strike, call, inverse = options.strike[rows], options.call[rows], options.inverse[rows]
        amount, volatility = options.amount[rows], options.volatility[rows]

        def at(factors: _Factors) -> Sums:
            forward, price = options.forward[rows] * factors.spot, spot[rows] * factors.spot
            value = black(forward, strike, years[rows], volatility * factors.volatility, call)
            value = np.where(inverse, value / forward * price, value * factors.settle)
            short = short_margin(terms, value, price, strike, call)
            initial, maintenance = (netted_margin(amount, value, one) for one in short)
            return _sums(amount * value, initial, maintenance)

        return at

    return _evaluator(
        account,
        (
            _Part(perps.underlying, perp_rows),
            _Part(options.underlying, option_rows),
            _coins(rule.collateral, account),
        ),
    )


def along_collateral(rule: CollateralMargin, account: MarginAccount) -> Evaluate | None:
    """Loans: coins and debts; None where the rule refuses, or counts cash as a coin."""
    if account.perps.names or account.options.names or account.cash != 0.0:
        return None
    return _evaluator(account, (_coins(rule.collateral, account),))


def _gains(account: MarginAccount, rows: Ints) -> Callable[[Floats, Floats], Floats]:
    """A function of marks (g, n) and the settlement's price (g, 1): profits (g, n), quote."""
    perps = account.perps
    size, entry, accrued = perps.size[rows], perps.entry[rows], perps.accrued[rows]
    inverse = perps.inverse[rows]

    def at(mark: Floats, settle: Floats) -> Floats:
        gained = np.where(inverse, size * (1.0 / entry - 1.0 / mark), size * (mark - entry))
        return (gained + accrued) * settle

    return at


def _coins(collateral: Mapping[str, Collateral], account: MarginAccount) -> _Part:
    """Balances: worth their price, needing their shortfall."""
    coins = account.balances
    worth = coins.quantity * coins.price
    terms = [collateral.get(name, NO_TERMS) for name in coins.assets]
    short = 1.0 - np.array([t.liquidation_threshold for t in terms])
    initial_short = 1.0 - np.array([t.loan_to_value for t in terms])

    def choose(rows: Ints) -> Rows:
        held, short_rows, initial_rows = worth[rows], short[rows], initial_short[rows]

        def at(factors: _Factors) -> Sums:
            value = held * factors.spot
            initial = shortfall_margin(value, initial_rows)
            return _sums(value, initial, shortfall_margin(value, short_rows))

        return at

    return _Part(coins.assets, choose)


def _sums(equity: Floats, initial: Floats, maintenance: Floats) -> Sums:
    """Sums over rows (g,)."""
    return equity.sum(axis=1), initial.sum(axis=1), maintenance.sum(axis=1)


ALONG: dict[str, Callable[[Any, MarginAccount], Evaluate | None]] = {
    "tiered": along_tiered,
    "standard": along_standard,
    "collateral": along_collateral,
}
