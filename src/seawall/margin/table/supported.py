"""What the cascade cannot run yet is refused by name, so that nothing gets a wrong margin.

The compiled margin table knows linear and inverse contracts, options and plain balances. A quanto
row read as linear would pay dollars where the venue pays coins; a liquidity, vault or pool share
would move on a path of its own, apart from what it holds. A staked token is run: as an asset with
the volatility and correlation that the market gives it.

Static margin (`seawall margin`) takes a quanto under one flat tier, where the unit of the tiers'
bounds does not matter: no rulebook says yet whether they are in quote or in the coin that is paid.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from seawall.book import Book
from seawall.book.book import Bools
from seawall.foundation.errors import InputError, MissingRule
from seawall.instruments import (
    Future,
    Instrument,
    LiquidityShare,
    Perpetual,
    PoolShare,
    VaultShare,
)
from seawall.margin.table.listing import tiers_of
from seawall.venues import Rulebook


def refuse_unsupported(book: Book, trader: Bools) -> None:
    """Raise InputError for the first trader's holding that the margin table cannot carry.

    trader (a,) True for desks and crowd: holdings of the order book, the fund and other system
    accounts do not count, they are not margined.
    """
    quanto = np.array(
        [isinstance(i, Perpetual | Future) and i.quanto for i in book.instruments], dtype=bool
    )
    if quanto.any():
        held = trader[book.position_account] & (book.size != 0) & quanto[book.position_instrument]
        for n in np.flatnonzero(held)[:1]:
            instrument = book.instruments[book.position_instrument[n]]
            raise InputError(
                f"account {book.account_names[book.position_account[n]]!r} holds the quanto "
                f"contract {instrument.name!r}, which the cascade cannot run yet",
                file="positions",
                column="instrument",
                expected="linear or inverse contracts; `seawall greeks` takes quantos too",
            )
    shares = {i.name for i in book.instruments if isinstance(i, LiquidityShare | VaultShare)}
    shares |= {i.name for i in book.instruments if isinstance(i, PoolShare)}
    share = np.array([asset in shares for asset in book.assets], dtype=bool)
    if share.any():
        kept = trader[book.balance_account] & (book.quantity != 0) & share[book.balance_asset]
        for n in np.flatnonzero(kept)[:1]:
            raise InputError(
                f"account {book.account_names[book.balance_account[n]]!r} holds the share "
                f"{book.assets[book.balance_asset[n]]!r}, whose price the cascade cannot yet move "
                "with its contents",
                file="balances",
                column="asset",
                expected="coins and staked tokens; `seawall greeks` takes shares too",
            )


def refuse_untiered_quantos(rulebook: Rulebook, instruments: Iterable[Instrument]) -> None:
    """Raise MissingRule for the first quanto contract whose margin ``rulebook`` does not define.

    Defined is a single tier under the framework "tiered": a rate of the notional in any unit.
    """
    for item in instruments:
        if not (isinstance(item, Perpetual | Future) and item.quanto):
            continue
        if rulebook.framework == "tiered" and len(tiers_of(rulebook, item)) == 1:
            continue
        raise MissingRule(
            f"rulebook {rulebook.name!r} does not say how the quanto contract {item.name!r} is "
            f"margined in {item.settle}: write one flat tier for {item.underlying!r} under the "
            'framework "tiered".'
        )
