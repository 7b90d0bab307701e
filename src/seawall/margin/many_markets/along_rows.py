"""One account in many shifted markets by kinds of rows: what the fast frameworks share.

A part is the rows of one kind (perpetuals, options, coins) and a function that sums chosen ones up
in every market. Rows of assets that do not move are evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.shifts import Evaluate, NetMargin, Shifts
from seawall.margin.lending.collateral import shortfall_margin
from seawall.margin.lending.collateral_margin import NO_TERMS
from seawall.margin.portfolio.many_options import compiled_or_plain
from seawall.valuation import inverse, linear
from seawall.venues import Collateral

Sums = tuple[Floats, Floats, Floats]  # equity, initial, maintenance of some rows, (g,)


@dataclass(frozen=True)
class Factors:
    """Factors of chosen rows in each market: spot, volatility (g, 1) and the settlement's price."""

    spot: Floats
    volatility: Floats
    settle: Floats


Rows = Callable[[Factors], Sums]
Worth = Callable[[Factors], Floats]  # (g, n)


@dataclass(frozen=True)
class Part:
    """Rows of one kind: their underlying, and a function of chosen rows that sums them up."""

    underlying: tuple[str, ...]
    choose: Callable[[Ints], Rows]


def evaluator(account: MarginAccount, parts: tuple[Part, ...]) -> Evaluate:
    """Sums over the parts' rows and cash; rows of assets that stay are evaluated once."""
    chosen: dict[tuple[str, ...], tuple[list[Rows], list[Rows], Sums]] = {}
    here = Factors(np.ones((1, 1)), np.ones((1, 1)), np.full((1, 1), account.settle_price))

    def evaluate(shifts: Shifts) -> NetMargin:
        if shifts.assets not in chosen:
            moving, still = _chosen(parts, shifts.assets)
            chosen[shifts.assets] = moving, still, _add(still, here)
        moving, still, constant = chosen[shifts.assets]
        spot = shifts.spot[:, None]
        settles = account.settle in shifts.assets
        price = account.settle_price * spot if settles else np.full_like(spot, here.settle[0, 0])
        if settles:  # rows of other assets feel the settlement coin's price
            constant = _add(still, Factors(np.ones_like(spot), np.ones_like(spot), price))
        found = _add(moving, Factors(spot, shifts.volatility[:, None], price))
        equity, initial, maintenance = (a + b for a, b in zip(found, constant, strict=True))
        return NetMargin(equity + account.cash * price[:, 0], maintenance, initial)

    return evaluate


def _chosen(parts: tuple[Part, ...], assets: tuple[str, ...]) -> tuple[list[Rows], list[Rows]]:
    """Rows of ``assets`` and all other rows, part by part."""
    moving: list[Rows] = []
    still: list[Rows] = []
    for part in parts:
        mine = np.array([name in assets for name in part.underlying], dtype=bool)
        for rows, out in ((np.flatnonzero(mine), moving), (np.flatnonzero(~mine), still)):
            if rows.size:
                out.append(part.choose(rows))
    return moving, still


def _add(parts: list[Rows], factors: Factors) -> Sums:
    count = factors.settle.shape[0]
    sums = (np.zeros(count), np.zeros(count), np.zeros(count))
    for rows in parts:
        for total, amount in zip(sums, rows(factors), strict=True):
            total += amount
    return sums


def gains_of(account: MarginAccount, rows: Ints) -> Callable[[Floats, Floats], Floats]:
    """A function of marks (g, n) and the settlement's price (g, 1): profits (g, n), quote."""
    perps = account.perps
    size, entry, accrued = perps.size[rows], perps.entry[rows], perps.accrued[rows]
    in_coin = perps.inverse[rows]

    def at(mark: Floats, settle: Floats) -> Floats:
        coins, straight = inverse.profit(size, entry, mark), linear.profit(size, entry, mark)
        return (np.where(in_coin, coins, straight) + accrued) * settle

    return at


def coins_part(collateral: Mapping[str, Collateral], account: MarginAccount) -> Part:
    """Balances: worth their price, needing their shortfall."""
    coins = account.balances
    worth = coins.quantity * coins.price
    terms = [collateral.get(name, NO_TERMS) for name in coins.assets]
    short = 1.0 - np.array([t.liquidation_threshold for t in terms])
    initial_short = 1.0 - np.array([t.loan_to_value for t in terms])

    def choose(rows: Ints) -> Rows:
        held, short_rows, initial_rows = worth[rows], short[rows], initial_short[rows]

        def at(factors: Factors) -> Sums:
            value = held * factors.spot
            initial = shortfall_margin(value, initial_rows)
            return sums(value, initial, shortfall_margin(value, short_rows))

        return at

    return Part(coins.assets, choose)


def sums(equity: Floats, initial: Floats, maintenance: Floats) -> Sums:
    """Sums over rows (g,)."""
    return equity.sum(axis=1), initial.sum(axis=1), maintenance.sum(axis=1)


def option_worth(account: MarginAccount, compiled: bool = False) -> Callable[[Ints], Worth]:
    """A function of chosen options: their values, quote per base unit, (g, n) in each market.

    As `seawall.margin.account.equity.option_values`: Black's value discounted at the option's rate.
    """
    options, price_of = account.options, compiled_or_plain(compiled)
    price = np.array([account.spot[u].price for u in options.underlying])
    years = options.seconds / SECONDS_PER_YEAR
    discount = np.exp(-options.rate * years)

    def choose(rows: Ints) -> Worth:
        strike, call, paid_in_coin = options.strike[rows], options.call[rows], options.inverse[rows]

        def at(factors: Factors) -> Floats:
            forward = options.forward[rows] * factors.spot
            volatility = np.broadcast_to(
                options.volatility[rows] * factors.volatility, forward.shape
            )
            value = (
                price_of(
                    forward.T[:, :, None], strike, years[rows], volatility.T[:, :, None], call
                )[:, :, 0].T
                * discount[rows]
            )
            in_coin = value / forward * (price[rows] * factors.spot)
            return np.where(paid_in_coin, in_coin, value * factors.settle)

        return at

    return choose


def equity_evaluator(
    collateral: Mapping[str, Collateral], account: MarginAccount, compiled: bool
) -> Evaluate:
    """Equity as `seawall.margin.account.equity` has it, and the margins that coins need."""
    perps, options = account.perps, account.options
    worth = option_worth(account, compiled)

    def perp_rows(rows: Ints) -> Rows:
        gains, mark = gains_of(account, rows), perps.mark[rows]

        def at(factors: Factors) -> Sums:
            gained = gains(mark * factors.spot, factors.settle).sum(axis=1)
            return gained, np.zeros_like(gained), np.zeros_like(gained)

        return at

    def option_rows(rows: Ints) -> Rows:
        value, amount = worth(rows), options.amount[rows]

        def at(factors: Factors) -> Sums:
            held = (amount * value(factors)).sum(axis=1)
            return held, np.zeros_like(held), np.zeros_like(held)

        return at

    return evaluator(
        account,
        (
            Part(perps.underlying, perp_rows),
            Part(options.underlying, option_rows),
            coins_part(collateral, account),
        ),
    )
