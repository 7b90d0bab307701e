"""Markets in which prices and volatilities have moved, and one account's margin in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats
from seawall.margin.account.margin_account import MarginAccount

NO_MOVE: Mapping[str, float] = {}


@dataclass(frozen=True)
class Shifts:
    """Markets in which one or more assets have moved: (g,) each.

    assets      those whose prices move together, marks, forwards and coins with them
    spot        factor on their prices, 1 = unchanged
    volatility  factor on every implied volatility of options on them
    """

    assets: tuple[str, ...]
    spot: Floats
    volatility: Floats

    @property
    def count(self) -> int:
        """How many markets."""
        return int(self.spot.size)

    def spot_of(self, names: Sequence[str]) -> Floats:
        """Factor on the price of each of ``names`` in each market, (g, n)."""
        return self._where_moved(names, self.spot)

    def volatility_of(self, names: Sequence[str]) -> Floats:
        """Factor on the implied volatility of options on each of ``names``, (g, n)."""
        return self._where_moved(names, self.volatility)

    def _where_moved(self, names: Sequence[str], factor: Floats) -> Floats:
        mine = np.array([name in self.assets for name in names], dtype=bool)
        return np.where(mine, factor[:, None], 1.0)


@dataclass(frozen=True)
class NetMargin:
    """Equity, maintenance and initial margin (g,) of one account in many markets, quote."""

    equity: Floats
    maintenance: Floats
    initial: Floats

    @property
    def buffer(self) -> Floats:
        """Equity - maintenance where a margin is due; where none is, the account is not below it.

        Negative exactly where the account may be liquidated.
        """
        difference = self.equity - self.maintenance
        return np.where(self.maintenance > 0.0, difference, np.abs(difference))


# One account's margin in each of many markets.
Evaluate = Callable[[Shifts], NetMargin]


def moved(
    account: MarginAccount, spot: Mapping[str, float], volatility: Mapping[str, float] = NO_MOVE
) -> MarginAccount:
    """The same account after prices of ``spot``'s assets are multiplied, {asset: factor}.

    Marks, forwards, coins and a coin settlement asset move in proportion; implied volatilities of
    options on ``volatility``'s assets are multiplied. Entries, cash and time stay.
    """

    def factors(names: tuple[str, ...], by: Mapping[str, float]) -> Floats:
        return np.array([by.get(name, 1.0) for name in names], dtype=float)

    perps, options, coins = account.perps, account.options, account.balances
    return replace(
        account,
        spot={a: replace(p, price=p.price * spot.get(a, 1.0)) for a, p in account.spot.items()},
        settle_price=account.settle_price * spot.get(account.settle, 1.0),
        perps=replace(perps, mark=perps.mark * factors(perps.underlying, spot)),
        options=replace(
            options,
            forward=options.forward * factors(options.underlying, spot),
            volatility=options.volatility * factors(options.underlying, volatility),
        ),
        balances=replace(coins, price=coins.price * factors(coins.assets, spot)),
    )


UNMOVED = Shifts((), np.ones(1), np.ones(1))
