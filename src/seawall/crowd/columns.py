"""The generated crowd as columns, and the address of each of its random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.random import Stream, normals, uniforms

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class CrowdColumns:
    """Accounts, positions and balances of one crowd; a row is one position or one balance.

    Shapes: ``a`` accounts, ``n`` positions, ``b`` balances; all indexes are local to this crowd and
    rows are sorted by account.

    account_names        (a,) text
    instruments, assets  names that the two index columns below point into
    position_account, position_instrument  (n,) int
    size                 (n,) float  base units (inverse: quote contracts); long > 0
    entry                (n,) float  quote
    isolated             (n,) bool
    isolated_margin      (n,) float  settlement asset; 0 for cross positions
    balance_account, balance_asset         (b,) int
    quantity             (b,) float  asset units; debt < 0
    """

    account_names: tuple[str, ...]
    instruments: tuple[str, ...]
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


class Draw(IntEnum):
    """What a number decides, in place of the step in a random number's address.

    So a change in one decision leaves the numbers of the others alone. Never renumber.
    """

    COUNT = 0
    CHOICE = 1
    SIZE = 2
    SIDE = 3
    LEVERAGE = 4
    ENTRY = 5
    ISOLATED = 6
    DEBT_ASSET = 7
    COLLATERAL_ASSET = 8


def account_uniforms(seed: int, draw: Draw, accounts: int, count: int = 1) -> Floats:
    """Uniform numbers of one decision, (a, count): account number in place of the path."""
    return uniforms(seed, Stream.CROWD, np.arange(accounts), [int(draw)], count)[:, 0]


def account_normals(seed: int, draw: Draw, accounts: int, count: int = 1) -> Floats:
    """Standard normal numbers of one decision, (a, count)."""
    return normals(seed, Stream.CROWD, np.arange(accounts), [int(draw)], count)[:, 0]
