"""Floor 3: the world at one instant."""

from seawall.market.history import PriceHistory
from seawall.market.shares import (
    LiquidityState,
    PoolMarket,
    PoolState,
    ShareState,
    StakedState,
    VaultState,
)
from seawall.market.state import AssetState, InstrumentState, Market, Scenario

__all__ = [
    "AssetState",
    "InstrumentState",
    "LiquidityState",
    "Market",
    "PoolMarket",
    "PoolState",
    "PriceHistory",
    "Scenario",
    "ShareState",
    "StakedState",
    "VaultState",
]
