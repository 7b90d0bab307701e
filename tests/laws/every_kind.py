"""A book with one holding of every kind, and its whole worth as a function of the market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from seawall.book import AccountKind, Book
from seawall.instruments import (
    Future,
    Instrument,
    LiquidityShare,
    Option,
    Perpetual,
    PoolShare,
    Staked,
    VaultShare,
)
from seawall.market import (
    AssetState,
    InstrumentState,
    LiquidityState,
    Market,
    PoolMarket,
    PoolState,
    StakedState,
    VaultState,
)
from seawall.valuation.moved import moved
from seawall.valuation.revalue import revalue

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRY = NOW + timedelta(days=73)
SPOT = {
    "USD": 1.0,
    "USDC": 0.999,
    "USDT": 1.001,
    "BTC": 80_000.0,
    "ETH": 2_500.0,
    "wstETH": 3_000.0,
    "ETH-USDC": 105.0,
    "VAULT": 1.9,
    "GM": 1.2,
}
PLAIN = ("USD", "USDC", "USDT", "BTC", "ETH")
INSTRUMENTS: tuple[Instrument, ...] = (
    Perpetual("BTC-PERP", "BTC", "USDC"),
    Perpetual("BTC-USDT", "BTC", "USDT"),
    Perpetual("BTC-INV", "BTC", "BTC"),
    Perpetual("ETH-QUANTO", "ETH", "BTC", 1e-6),
    Future("BTC-FUT", "BTC", "BTC", EXPIRY),
    Future("ETH-FUT", "ETH", "USDC", EXPIRY),
    Future("ETH-FUT-QUANTO", "ETH", "BTC", EXPIRY, 1e-6),
    Perpetual("wstETH-PERP", "wstETH", "USDC"),
    Option("BTC-C", "BTC", "BTC", EXPIRY, 90_000.0, True),
    Option("BTC-P", "BTC", "BTC", EXPIRY, 70_000.0, False),
    Option("ETH-C", "ETH", "USDC", EXPIRY, 2_400.0, True),
    Option("ETH-P", "ETH", "USDT", EXPIRY, 2_600.0, False),
    Staked("wstETH", "ETH"),
    LiquidityShare("ETH-USDC"),
    VaultShare("VAULT"),
    PoolShare("GM"),
)
POSITIONS = {
    "BTC-PERP": (2.0, 81_000.0),
    "BTC-USDT": (-3.0, 79_000.0),
    "BTC-INV": (100_000.0, 75_000.0),
    "ETH-QUANTO": (150_000.0, 2_300.0),
    "BTC-FUT": (-50_000.0, 82_000.0),
    "ETH-FUT": (40.0, 2_450.0),
    "ETH-FUT-QUANTO": (-90_000.0, 2_700.0),
    "wstETH-PERP": (-12.0, 2_900.0),
    "BTC-C": (-3.0, 0.0),
    "BTC-P": (5.0, 0.0),
    "ETH-C": (50.0, 0.0),
    "ETH-P": (-70.0, 0.0),
}
BALANCES = {
    "USD": 1e5,
    "USDC": -4e4,
    "USDT": 3e4,
    "BTC": 1.5,
    "wstETH": 20.0,
    "ETH-USDC": 700.0,
    "VAULT": -9_000.0,
    "GM": 40_000.0,
}


def market() -> Market:
    def state(name: str, ratio: float, volatility: float | None = None, rate: float = 0.0):  # type: ignore[no-untyped-def]
        item = next(i for i in INSTRUMENTS if i.name == name)
        mark = SPOT[item.underlying] * ratio
        return InstrumentState(mark=mark, implied_volatility=volatility, rate=rate)

    return Market(
        as_of=NOW,
        assets={name: AssetState(s, s, s, 0.5, 1e9, 1e9) for name, s in SPOT.items()},
        instruments={
            "BTC-PERP": state("BTC-PERP", 1.001),
            "BTC-INV": state("BTC-INV", 0.9995),
            "ETH-QUANTO": state("ETH-QUANTO", 1.002),
            "BTC-FUT": state("BTC-FUT", 1.01),
            "ETH-FUT": state("ETH-FUT", 1.008),
            "ETH-FUT-QUANTO": state("ETH-FUT-QUANTO", 1.006),
            "BTC-C": state("BTC-C", 1.01, 0.5, 0.02),
            "BTC-P": state("BTC-P", 1.01, 0.6),
            "ETH-C": state("ETH-C", 1.008, 0.7, 0.05),
            "ETH-P": state("ETH-P", 1.008, 0.75, -0.01),
        },
        shares={
            "wstETH": StakedState(1.21, 0.03),
            # worth 2 sqrt(4e6 x 1e10 ...) / supply near 105 a share
            "ETH-USDC": LiquidityState({"ETH": 2_000.0, "USDC": 5.1e6}, 96_000.0),
            # a share inside a share, and a debt
            "VAULT": VaultState({"wstETH": 500.0, "ETH-USDC": 4_000.0, "USDT": -3e5}, 8e5),
            "GM": PoolState(
                {"ETH": 2_000.0, "USDC": 4e6, "BTC": -3.0},
                7e6,
                {
                    "ETH": PoolMarket(1_500.0, 2_100.0, 400.0, 2_600.0, 0.9, "ETH", 0.9, "USDC"),
                    "BTC": PoolMarket(20.0, 60_000.0, 2.0, 85_000.0, 0.05, "USDC"),
                },
            ),
        },
    )


def book() -> Book:
    names = [item.name for item in INSTRUMENTS]
    assets = tuple(SPOT)
    size, entry = np.array(list(POSITIONS.values())).T
    count = len(POSITIONS)
    return Book(
        account_names=("a", "b", "c"),
        account_venue=("v",) * 3,
        account_owner=("one", "one", "two"),
        account_kind=(AccountKind.DESK,) * 3,
        instruments=INSTRUMENTS,
        assets=assets,
        position_account=np.arange(count) % 2,
        position_instrument=np.array([names.index(name) for name in POSITIONS]),
        size=size,
        entry=entry,
        isolated=np.zeros(count, dtype=bool),
        isolated_margin=np.zeros(count),
        balance_account=np.array([0, 0, 1, 1, 1, 2, 2, 2]),
        balance_asset=np.array([assets.index(name) for name in BALANCES]),
        quantity=np.array(list(BALANCES.values())),
    )


def worth(
    factor: dict[str, float],
    volatility: dict[str, float] | None = None,
    seconds: float = 0.0,
) -> NDArray[np.float64]:
    """Value of every position, then of every balance, after the move; by `revalue` alone."""
    held = book()
    world = moved(market(), INSTRUMENTS, factor, volatility=volatility, seconds=seconds)
    positions = revalue(held, world, NOW.timestamp() + seconds).value
    spot = np.array([world.assets[name].spot for name in held.assets])
    return np.concatenate([positions, held.quantity * spot[held.balance_asset]])
