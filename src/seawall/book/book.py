"""Who holds what: every position and every balance of every account, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from seawall.instruments import Instrument

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class AccountKind(StrEnum):
    """What an account is for; the order book and the outside world have accounts too."""

    DESK = "desk"  # the user's own accounts
    CROWD = "crowd"  # everyone else who trades on the venue
    FUND = "fund"  # insurance fund, or a lending pool's reserve
    KEEPER = "keeper"  # liquidators, as one account
    BACKSTOP = "backstop"  # backstop vault
    BOOK = "book"  # the order book: the other side of every fill
    OUTSIDE = "outside"  # the rest of the world: lenders' claims, gas, transfers


@dataclass(frozen=True)
class Book:
    """Positions and balances in long form; a row is one position or one balance.

    Shapes: ``a`` accounts, ``i`` instruments, ``k`` assets, ``n`` positions, ``b`` balances.

    account_names   (a,) text        account_venue  (a,) text    account_owner (a,) text
    account_kind    (a,) AccountKind
    instruments     (i,) facts       assets         (k,) text
    position_account, position_instrument  (n,) int   indexes into the columns above
    size            (n,) float  base units, long > 0 (inverse perpetuals, futures: quote contracts)
    entry           (n,) float  average entry price, quote (options: premium, quote per base unit)
    isolated        (n,) bool   True when the position has its own margin
    isolated_margin (n,) float  that margin, settlement asset; 0 for cross positions
    balance_account, balance_asset (b,) int
    quantity        (b,) float  asset units; debt < 0
    """

    account_names: tuple[str, ...]
    account_venue: tuple[str, ...]
    account_owner: tuple[str, ...]
    account_kind: tuple[AccountKind, ...]
    instruments: tuple[Instrument, ...]
    assets: tuple[str, ...]
    position_account: Ints
    position_instrument: Ints
    size: Floats
    entry: Floats
    isolated: Bools
    isolated_margin: Floats
    balance_account: Ints
    balance_asset: Ints
    quantity: Floats
