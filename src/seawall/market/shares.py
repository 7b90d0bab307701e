"""What one share claims now: exchange rates, reserves, baskets, and traders' bets against a pool.

Keyed in ``Market.shares`` by the share's name, which is also an asset. The asset's ``spot`` is
what the market pays for a share; the state here says what the share is worth by its contents. Their
ratio is the market's discount (below 1) or premium, taken to stay as it is when prices move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StakedState:
    """A staked or yield-bearing token.

    exchange_rate  units of the underlying that one token claims
    yield_rate     annual fraction, continuous: how fast the exchange rate grows
    """

    exchange_rate: float
    yield_rate: float = 0.0


@dataclass(frozen=True)
class LiquidityState:
    """A constant-product pool: reserves {asset: quantity} of two assets; supply of shares.

    Only the product of the reserves matters: at fair prices arbitrage has already moved them.
    """

    reserves: Mapping[str, float]
    supply: float


@dataclass(frozen=True)
class VaultState:
    """A basket: holdings {asset: quantity, debt < 0}; supply of shares."""

    holdings: Mapping[str, float]
    supply: float


@dataclass(frozen=True)
class PoolMarket:
    """Traders' open interest against a pool in one market.

    long_size, short_size    base units, both >= 0
    long_entry, short_entry  average entry price, quote; > 0
    long_cap, short_cap      the pool pays a side's profit up to this share of the value of
    long_backing, short_backing   that asset in the pool's backing; None: without a cap
    """

    long_size: float
    long_entry: float
    short_size: float
    short_entry: float
    long_cap: float | None = None
    long_backing: str | None = None
    short_cap: float | None = None
    short_backing: str | None = None


@dataclass(frozen=True)
class PoolState:
    """A pool that is everyone's counterparty.

    backing  {asset: quantity} that the pool owns; below 0 what it owes (synths issued)
    supply   shares
    markets  {asset whose price is bet on: PoolMarket}
    """

    backing: Mapping[str, float]
    supply: float
    markets: Mapping[str, PoolMarket] = field(default_factory=dict)


ShareState = StakedState | LiquidityState | VaultState | PoolState


def components(state: ShareState, underlying: str) -> tuple[str, ...]:
    """Assets whose prices a share follows, in the order of its state, each once.

    ``underlying`` is that of a staked token; the others do not use it.
    """
    if isinstance(state, StakedState):
        return (underlying,)
    if isinstance(state, LiquidityState):
        return tuple(state.reserves)
    if isinstance(state, VaultState):
        return tuple(state.holdings)
    return tuple(dict.fromkeys([*state.backing, *state.markets]))
