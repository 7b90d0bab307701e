"""One margin account as a venue sees it: what it holds, at which prices, how sure those are.

Framework-neutral: every margin framework takes this and its own parameters and nothing else, so
the same account can be put under any venue's rules. Built from a Case by `seawall.margin.view`, by
tests and peers' cases directly. Prices and amounts are in quote currency unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from seawall.book.book import Bools, Floats

_EMPTY: Floats = np.zeros(0)
_NONE: Bools = np.zeros(0, dtype=bool)


@dataclass(frozen=True)
class SpotPrice:
    """Spot (index) price of one asset, and the oracle's confidence in it from 0 to 1."""

    price: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Perps:
    """Perpetuals and dated futures: (n,) each.

    size        base units, long > 0 (inverse: quote contracts of 1)
    entry, mark quote per base unit     confidence of the mark, 0 to 1
    accrued     settlement asset owed beside profit, such as funding not yet settled (> 0 a gain)
    inverse     profit in the underlying coin     seconds to expiry, infinite for perpetuals
    """

    names: tuple[str, ...] = ()
    underlying: tuple[str, ...] = ()
    size: Floats = field(default_factory=lambda: _EMPTY)
    entry: Floats = field(default_factory=lambda: _EMPTY)
    mark: Floats = field(default_factory=lambda: _EMPTY)
    confidence: Floats = field(default_factory=lambda: _EMPTY)
    accrued: Floats = field(default_factory=lambda: _EMPTY)
    inverse: Bools = field(default_factory=lambda: _NONE)
    seconds: Floats = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True)
class Options:
    """European options: (o,) each.

    expiry      a name shared by the options that expire together, such as "2026-03-27"
    seconds     to expiry               strike   quote per base unit       call  True for calls
    amount      base units, long > 0    forward  of the expiry, quote      volatility  annual
    rate        annual, continuous, of the expiry's discount factor
    confidences of forward, volatility and rate: 0 to 1
    inverse     premium and payoff in the underlying coin: worth V / F coins, so V x spot / F in
                quote, V being Black's value and F the forward (a linear one is worth V)
    """

    names: tuple[str, ...] = ()
    underlying: tuple[str, ...] = ()
    expiry: tuple[str, ...] = ()
    seconds: Floats = field(default_factory=lambda: _EMPTY)
    strike: Floats = field(default_factory=lambda: _EMPTY)
    call: Bools = field(default_factory=lambda: _NONE)
    amount: Floats = field(default_factory=lambda: _EMPTY)
    forward: Floats = field(default_factory=lambda: _EMPTY)
    forward_confidence: Floats = field(default_factory=lambda: _EMPTY)
    volatility: Floats = field(default_factory=lambda: _EMPTY)
    volatility_confidence: Floats = field(default_factory=lambda: _EMPTY)
    rate: Floats = field(default_factory=lambda: _EMPTY)
    rate_confidence: Floats = field(default_factory=lambda: _EMPTY)
    inverse: Bools = field(default_factory=lambda: _NONE)


@dataclass(frozen=True)
class Balances:
    """Coins held beside the settlement asset (debt < 0): (b,) each.

    quantity asset units, price quote per unit, confidence of the price from 0 to 1.
    """

    assets: tuple[str, ...] = ()
    quantity: Floats = field(default_factory=lambda: _EMPTY)
    price: Floats = field(default_factory=lambda: _EMPTY)
    confidence: Floats = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True)
class MarginAccount:
    """What is margined together.

    name          the account, or account/position for an isolated one
    settle        asset in which profit is settled; cash in settlement units, entries not folded in
    settle_price  quote per unit of the settlement asset (a stablecoin below its peg: below 1)
    spot          {asset: SpotPrice} of every underlying held
    isolated      True when it is one isolated position
    """

    name: str
    settle: str
    cash: float
    spot: Mapping[str, SpotPrice]
    settle_price: float = 1.0
    settle_confidence: float = 1.0
    perps: Perps = Perps()
    options: Options = Options()
    balances: Balances = Balances()
    isolated: bool = False
