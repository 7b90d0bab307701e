"""One account as the subaccounts of a venue that margins each underlying by itself.

Cash can be moved freely between one's own subaccounts, so there is no rule for where it lies. Here
it lies so that each subaccount's equity is in proportion to its gross notional. Wrong for a trader
who keeps it elsewhere: only the sum over the subaccounts is a fact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.margin.account.equity import option_values, profit
from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps

Columns = TypeVar("Columns", Perps, Options, Balances)


def by_underlying(account: MarginAccount) -> list[MarginAccount]:
    """A margin account for each underlying held, cash by gross notional; one underlying: itself.

    A coin held beside goes with its own underlying, others with the first.
    """
    perps, options, coins = account.perps, account.options, account.balances
    names = list(dict.fromkeys([*perps.underlying, *options.underlying]))
    if len(names) < 2:
        return [account]
    parts = []
    for name in names:
        own = np.array([a == name or (a not in names and name == names[0]) for a in coins.assets])
        parts.append(
            replace(
                account,
                name=f"{account.name} {name}",
                cash=0.0,
                perps=rows_of(perps, np.array([u == name for u in perps.underlying], dtype=bool)),
                options=rows_of(
                    options, np.array([u == name for u in options.underlying], dtype=bool)
                ),
                balances=rows_of(coins, own.astype(bool)),
            )
        )
    gross = np.array([_gross(part) for part in parts])
    worth = np.array([value(part) for part in parts])
    whole = float(worth.sum()) + account.cash * account.settle_price
    weight = gross / gross.sum() if gross.sum() > 0 else np.full(gross.size, 1.0 / gross.size)
    cash = (weight * whole - worth) / account.settle_price
    return [replace(part, cash=float(own)) for part, own in zip(parts, cash, strict=True)]


@dataclass(frozen=True)
class Legs:
    """Positions, then options, then coins of an account: (m,) each.

    size  signed, each in its own units      worth  what it is worth now, quote
    """

    names: tuple[str, ...]
    underlying: tuple[str, ...]
    size: Floats
    worth: Floats


def leg_values(account: MarginAccount) -> Legs:
    """What every position, option and coin of a margin account is worth, quote."""
    perps, options, coins = account.perps, account.options, account.balances
    in_coin = np.array([account.spot[u].price for u in perps.underlying])
    # A coin's profit is worth its spot, whatever the account settles in.
    price = np.where(perps.inverse, in_coin, account.settle_price)
    return Legs(
        (*perps.names, *options.names, *coins.assets),
        (*perps.underlying, *options.underlying, *coins.assets),
        np.concatenate([perps.size, options.amount, coins.quantity]),
        np.concatenate(
            [
                (profit(perps) + perps.accrued) * price,
                options.amount * option_values(account),
                coins.quantity * coins.price,
            ]
        ),
    )


def legs_on(legs: Legs, asset: str) -> Legs:
    """Those of ``legs`` that are on one asset, in their order: what `on_asset` keeps."""
    rows = np.array([n for n, name in enumerate(legs.underlying) if name == asset], dtype=np.int64)
    return Legs(
        tuple(legs.names[n] for n in rows.tolist()),
        (asset,) * rows.size,
        legs.size[rows],
        legs.worth[rows],
    )


def on_asset(account: MarginAccount, asset: str) -> MarginAccount:
    """The account with the legs on one asset only; what they are worth stays the same."""

    def only(columns: Columns, names: tuple[str, ...]) -> Columns:
        mine = np.array([name == asset for name in names], dtype=bool)
        return columns if mine.all() else rows_of(columns, mine)

    perps, options, coins = account.perps, account.options, account.balances
    return replace(
        account,
        perps=only(perps, perps.underlying),
        options=only(options, options.underlying),
        balances=only(coins, coins.assets),
    )


def value(account: MarginAccount) -> float:
    """What the positions and coins of a margin account are worth without its cash, quote."""
    return float(leg_values(account).worth.sum())


def _gross(account: MarginAccount) -> float:
    """Sum of |size| x price over derivatives, quote; inverse contracts are quote already."""
    perps, options = account.perps, account.options
    linear = np.where(perps.inverse, np.abs(perps.size), np.abs(perps.size) * perps.mark)
    return float(linear.sum() + np.sum(np.abs(options.amount) * options.forward))


def rows_of(columns: Columns, keep: Bools) -> Columns:
    """The rows of columns where ``keep`` is True."""
    chosen = np.flatnonzero(keep)
    values: dict[str, Any] = {}
    for field in fields(columns):
        column = getattr(columns, field.name)
        if isinstance(column, tuple):
            values[field.name] = tuple(column[n] for n in chosen)
        else:
            values[field.name] = column[chosen] if column.size else column
    return type(columns)(**values)
