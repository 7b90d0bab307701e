"""Tokens that are a claim on other assets: staked coins, liquidity, vault and pool shares.

A share is held, owed and pledged as a balance, like a coin; what a unit of it claims changes every
block and stands in the market (`seawall.market.shares`). Its own price is the asset's ``spot``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Staked:
    """A staked, yield-bearing or interest-bearing token: one unit claims some ``underlying``.

    wstETH on ETH, sUSDe on USDe, an interest-bearing deposit on the coin deposited. The exchange
    rate (units of the underlying per token) grows with the yield; the market may pay less.
    """

    name: str
    underlying: str


@dataclass(frozen=True)
class LiquidityShare:
    """A share of a constant-product pool of two assets, x y = k.

    Worth 2 sqrt(k Pa Pb) / supply, whatever the trades in between.
    """

    name: str

    @property
    def underlying(self) -> str:
        """The share itself; what it claims stands in the market."""
        return self.name


@dataclass(frozen=True)
class VaultShare:
    """A pro-rata claim on a basket: quantities of assets (debts below 0) over the supply."""

    name: str

    @property
    def underlying(self) -> str:
        """The share itself; what it claims stands in the market."""
        return self.name


@dataclass(frozen=True)
class PoolShare:
    """A share of a pool that is every trader's counterparty (GMX, Synthetix).

    Worth (backing - traders' unrealised profit) / supply: long what backs it, short every market
    in which traders are long on balance.
    """

    name: str

    @property
    def underlying(self) -> str:
        """The share itself; what it claims stands in the market."""
        return self.name
