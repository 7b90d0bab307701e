"""Equity of one margin account, line by line: cash, profit of each position, options, balances.

What frameworks share that test equity against a requirement. Options count at their Black (1976)
value V discounted at their rate, exp(-rate T) V: linear ones of the settlement asset, inverse ones
over F in coins. Wrong for venues that leave option values out of equity; those frameworks net their
requirement (`seawall.margin.options.standard`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.account.margin_account import MarginAccount, Perps
from seawall.margin.account.perpetuals_only import refuse_owed_coins
from seawall.margin.account.working import Line
from seawall.valuation import inverse, linear
from seawall.valuation.black import black


def refuse_loans(venue: str, account: MarginAccount) -> None:
    """Raise InputError when an account owes a coin at a venue that lends nothing.

    Cash below 0 is a loss not yet taken off the collateral where there are positions, and a loan
    where there are none.
    """
    refuse_owed_coins(account, venue)
    if account.cash < 0.0 and not account.perps.names and not account.options.names:
        raise InputError(
            f"account {account.name!r} owes {-account.cash:,.10g} {account.settle} and has no "
            f"position at {venue}, which lends nothing",
            expected="no debts, or a rulebook of a lender",
        )


@dataclass(frozen=True)
class Equity:
    """Equity of one account, quote, with the values that margins need again.

    perp_coins   (n,) |size| of perpetuals in coins     perp_notional  (n,) in settlement units
    option_value (o,) quote per base unit               balance_value  (b,) quote
    """

    total: float
    perp_coins: Floats
    perp_notional: Floats
    option_value: Floats
    balance_value: Floats
    line: Line


def profit(perps: Perps) -> Floats:
    """Profit of each position (n,), settlement units: size x (mark - entry), inverse in coin."""
    in_coin = inverse.profit(perps.size, perps.entry, perps.mark)
    return np.where(perps.inverse, in_coin, linear.profit(perps.size, perps.entry, perps.mark))


def option_values(account: MarginAccount) -> Floats:
    """What one base unit of each option is worth, quote, (o,); discounted at its rate.

    exp(-rate T) V of the settlement asset; an inverse option exp(-rate T) V / F coins, each worth
    spot.
    """
    options = account.options
    if not options.names:
        return np.zeros(0)
    years = options.seconds / SECONDS_PER_YEAR
    value = black(options.forward, options.strike, years, options.volatility, options.call)
    value = value * np.exp(-options.rate * years)
    spot = np.array([account.spot[name].price for name in options.underlying])
    in_coin = value / options.forward * spot
    return np.where(options.inverse, in_coin, value * account.settle_price)


def equity_of(account: MarginAccount) -> Equity:
    """Equity = (cash + profits + accrued) x settlement price + options + balances, quote."""
    perps, options, held = account.perps, account.options, account.balances
    settle = account.settle_price
    gains = (profit(perps) + perps.accrued) * settle
    values = option_values(account)
    worth = values * options.amount
    balances = held.quantity * held.price
    total = account.cash * settle
    # Left to right, so that the sum is the same on every machine.
    for part in (*gains.tolist(), *worth.tolist(), *balances.tolist()):
        total += part
    size = np.abs(perps.size)
    coins = np.where(perps.inverse, size / perps.mark, size)
    parts = (
        Line("cash", account.cash * settle, "quote", f"{account.cash:,.10g} {account.settle}"),
        *(_gain(perps, n, float(gains[n])) for n in range(len(perps.names))),
        *(
            Line(name, float(w), "quote", f"{a:g} x {v:,.10g}")
            for name, w, a, v in zip(options.names, worth, options.amount, values, strict=True)
        ),
        *(
            Line(name, float(w), "quote", f"{q:,.10g} x {p:,.10g}")
            for name, w, q, p in zip(held.assets, balances, held.quantity, held.price, strict=True)
        ),
    )
    return Equity(
        total=total,
        perp_coins=coins,
        perp_notional=np.where(perps.inverse, coins, size * perps.mark),
        option_value=values,
        balance_value=balances,
        line=Line("equity", total, "quote", "cash + profits + options + balances", parts),
    )


def _gain(perps: Perps, n: int, gain: float) -> Line:
    size, entry, mark = float(perps.size[n]), float(perps.entry[n]), float(perps.mark[n])
    rule = f"{size:,.10g} x ({mark:,.10g} - {entry:,.10g})"
    if perps.inverse[n]:
        rule = f"{size:,.10g} x (1 / {entry:,.10g} - 1 / {mark:,.10g}) coins"
    if perps.accrued[n]:
        rule += f" + {float(perps.accrued[n]):,.10g} accrued"
    return Line(perps.names[n], gain, "quote", rule)
