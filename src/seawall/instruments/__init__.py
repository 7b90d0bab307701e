"""Floor 1: what is traded. Facts only; no price and no risk."""

from seawall.instruments.future import Future
from seawall.instruments.option import Option
from seawall.instruments.perpetual import Perpetual
from seawall.instruments.share import LiquidityShare, PoolShare, Staked, VaultShare
from seawall.instruments.spot import Spot

Share = Staked | LiquidityShare | VaultShare | PoolShare
# What is held as a balance, and what is held as a position.
Held = Spot | Share
Traded = Perpetual | Future | Option
Instrument = Traded | Held

__all__ = [
    "Future",
    "Held",
    "Instrument",
    "LiquidityShare",
    "Option",
    "Perpetual",
    "PoolShare",
    "Share",
    "Spot",
    "Staked",
    "Traded",
    "VaultShare",
]
