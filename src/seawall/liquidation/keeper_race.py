"""Keepers race for a liquidation: who can take part, who is first, what it costs.

Keepers come in kinds. A keeper can take a call when

- its latency has passed since the breach,
- the going gas price, a multiple of the normal one, is not above what it pays at most,
- its free capital pays for the call (it comes back ``recycle_seconds`` after the last use),
- (1 - failure) x gain - gas >= profit asked x cost: entry by expected profit.

    gas multiple = 1 + gas_volatility x max(r - 1, 0) + gas_crowding x max(w - 1, 0)

r is the largest one-hour average of |move| over its expectation among the assets, w how many
accounts are to be closed at this moment. The first by latency tries first, equals in random order;
a try fails with probability ``failure`` and loses its gas; then the next one tries. Where at least
two keepers could take a call, the winner pays ``priority_share`` of its gain to be first: to the
proposer of the block (the outside world) or to the insurance fund.

Source: facts of Aave, Maker and priority gas auctions (Daian and others 2019, arXiv:1904.05234);
the gas rule is Seawall's own. Wrong when keepers hold back to wait for a larger bonus, and for
capital lent by the block (flash loans): give no capital then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, SECONDS, Quantity
from seawall.foundation.record import number, whole, word

MULTIPLE = Quantity("a multiple of the normal gas price, 1 or more", 1.0, 1e9)
SENSITIVITY = Quantity("a number from 0 to 1e6", 0.0, 1e6)
MOST = 64


@dataclass(frozen=True)
class KeeperKind:
    """Keepers of one kind.

    count; latency_seconds
    gas_ceiling: multiple of the normal gas price it pays at most (None: any)
    capital: quote, each (None: unlimited); failure: probability per try
    profit: what it asks for, as a fraction of what it pays
    """

    count: int = whole(1, MOST)
    latency_seconds: float = number(SECONDS, 0.0)
    gas_ceiling: float | None = number(MULTIPLE, None)
    capital: float | None = number(AMOUNT, None)
    failure: float = number(FRACTION, 0.0)
    profit: float = number(FRACTION, 0.0)


@dataclass(frozen=True)
class Keepers:
    """Parameters; see the file's docstring."""

    kinds: tuple[KeeperKind, ...]
    gas_volatility: float = number(SENSITIVITY, 0.0)
    gas_crowding: float = number(SENSITIVITY, 0.0)
    recycle_seconds: float = number(SECONDS, 0.0)
    priority_share: float = number(FRACTION, 0.0)
    priority_to: str = word(("proposer", "fund"), "proposer")

    def __post_init__(self) -> None:
        if sum(kind.count for kind in self.kinds) > MOST:
            raise InputError(f"more than {MOST} keepers", expected=f"at most {MOST} in all")


@dataclass(frozen=True)
class Members:
    """The keepers one by one, (j,) each, in the order of their kinds."""

    latency: Floats
    ceiling: Floats
    capital: Floats
    failure: Floats
    profit: Floats


def members(rule: Keepers) -> Members:
    """The keepers of all kinds; an absent ceiling or capital is infinite."""
    each = [kind for kind in rule.kinds for _ in range(kind.count)]
    ceiling = [np.inf if k.gas_ceiling is None else k.gas_ceiling for k in each]
    capital = [np.inf if k.capital is None else k.capital for k in each]
    return Members(
        np.array([k.latency_seconds for k in each]),
        np.array(ceiling, dtype=float),
        np.array(capital, dtype=float),
        np.array([k.failure for k in each]),
        np.array([k.profit for k in each]),
    )


def gas_multiple(rule: Keepers, restlessness: Floats, wanted: Floats) -> Floats:
    """The going gas price over the normal one (n,), 1 or more."""
    excess, crowd = np.maximum(restlessness - 1.0, 0.0), np.maximum(wanted - 1.0, 0.0)
    return 1.0 + rule.gas_volatility * excess + rule.gas_crowding * crowd


def present(who: Members, waited: Floats, multiple: Floats) -> Bools:
    """True (n, j) where a keeper has seen the breach ``waited`` (n,) seconds ago and pays the gas
    price ``multiple`` (n,).
    """
    # Three steps of 0.7 s are 2.1 s, whatever their last bit says.
    seen = waited[:, None] * (1.0 + 1e-9) >= who.latency
    return seen & (multiple[:, None] <= who.ceiling)


def enters(who: Members, gain: Floats, cost: Floats, gas: Floats, free: Floats) -> Bools:
    """True (n, j) where a call pays: gain before gas, cost, gas (n,); free capital (n, j)."""
    expected = (1.0 - who.failure) * gain[:, None] - gas[:, None]
    return (expected >= who.profit * cost[:, None]) & (gain[:, None] > 0) & (cost[:, None] <= free)


def order(who: Members, draw: Floats) -> Ints:
    """Who tries first: keepers (j,) by latency, equals by uniform ``draw`` (j,)."""
    return np.lexsort((draw, who.latency))
