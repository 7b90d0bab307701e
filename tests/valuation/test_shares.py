"""Shares looked through, by hand; what has no sense is refused; the market as it moves on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seawall.foundation.errors import InputError
from seawall.instruments import LiquidityShare, Perpetual, PoolShare, Staked, VaultShare
from seawall.market import (
    AssetState,
    InstrumentState,
    LiquidityState,
    Market,
    PoolMarket,
    PoolState,
    ShareState,
    StakedState,
    VaultState,
)
from seawall.valuation.moved import moved
from seawall.valuation.shares import claims

ITEMS = (
    Staked("wstETH", "ETH"),
    LiquidityShare("LP"),
    VaultShare("V"),
    PoolShare("GM"),
    Perpetual("ETH-PERP", "ETH", "USD"),
)


def world(shares: dict[str, ShareState], **spot: float) -> Market:
    prices = {"USD": 1.0, "ETH": 2_500.0} | spot
    return Market(
        datetime(2026, 1, 1, tzinfo=UTC),
        {name: AssetState(p, p, p, 0.5, 1e9, 1e9) for name, p in prices.items()},
        {"ETH-PERP": InstrumentState(mark=2_505.0)},
        shares=shares,
    )


def test_a_staked_coin_is_its_exchange_rate_of_coins_at_the_market_s_discount() -> None:
    claim = claims(world({"wstETH": StakedState(1.2, 0.03)}, wstETH=2_970.0), ITEMS)["wstETH"]
    assert claim.ratio == pytest.approx(0.99)
    assert claim.slope == {"ETH": pytest.approx(1.188)}
    assert claim.accrual == pytest.approx(0.03 * 2_970.0)
    assert claim.curvature == {}


def test_a_pool_share_is_half_in_each_asset_and_short_gamma() -> None:
    """1,000 ETH and 2.5m dollars, 10,000 shares: 500 dollars each, 0.1 ETH and 250 dollars."""
    claim = claims(
        world({"LP": LiquidityState({"ETH": 1_000.0, "USD": 2.5e6}, 1e4)}, LP=500.0), ITEMS
    )["LP"]
    assert claim.ratio == pytest.approx(1.0, rel=1e-14)
    assert claim.slope == {"ETH": pytest.approx(0.1), "USD": pytest.approx(250.0)}
    assert claim.curvature["ETH", "ETH"] == pytest.approx(-0.25 * 500.0 / 2_500.0**2)
    assert claim.curvature["ETH", "USD"] == pytest.approx(0.25 * 500.0 / 2_500.0)


def test_only_the_product_of_reserves_counts() -> None:
    """A pool left behind by the market is worth what it is after arbitrage."""
    left = LiquidityState({"ETH": 2_000.0, "USD": 1.25e6}, 1e4)
    assert claims(world({"LP": left}, LP=500.0), ITEMS)["LP"].ratio == pytest.approx(1.0)


def test_a_vault_is_looked_through_to_plain_assets() -> None:
    shares: dict[str, ShareState] = {
        "wstETH": StakedState(1.2),
        "V": VaultState({"wstETH": 10.0, "USD": -5_000.0}, 5.0),
    }
    claim = claims(world(shares, wstETH=3_000.0, V=5_000.0), ITEMS)["V"]
    assert claim.ratio == pytest.approx(1.0)
    assert claim.slope == {"ETH": pytest.approx(2.4), "USD": pytest.approx(-1_000.0)}


@pytest.mark.parametrize(
    ("shares", "prices", "sentence"),
    [
        ({"wstETH": StakedState(1.2)}, {"ETH": None}, "asset ETH, which wstETH holds, has no"),
        ({"V": VaultState({"V": 1.0}, 1.0)}, {"V": 1.0}, "share V holds itself"),
        (
            {"V": VaultState({"LP": 1.0}, 1.0), "LP": LiquidityState({"V": 1.0, "USD": 1.0}, 1.0)},
            {"V": 1.0, "LP": 1.0},
            "share V holds itself, by way of V, LP",
        ),
        (
            {"V": VaultState({"ETH": 1.0, "USD": -2_500.0}, 1.0)},
            {"V": 1.0},
            "share V is worth 0 by its contents",
        ),
        (
            {"GM": PoolState({"USD": 1.0}, 1.0, {"ETH": PoolMarket(1.0, 2_000.0, 0.0, 1.0)})},
            {"GM": 1.0},
            "share GM is worth -499 by its contents",
        ),
    ],
)
def test_shares_without_sense_are_refused(
    shares: dict[str, ShareState], prices: dict[str, float | None], sentence: str
) -> None:
    market = world(shares, wstETH=3_000.0, **{k: v for k, v in prices.items() if v is not None})
    kept = {k: v for k, v in market.assets.items() if prices.get(k, 1.0) is not None}
    with pytest.raises(InputError, match=sentence):
        claims(replace(market, assets=kept), ITEMS)


def test_what_follows_when_a_price_moves() -> None:
    market = world({"wstETH": StakedState(1.2, 0.05)}, wstETH=2_970.0)
    later = moved(market, ITEMS, {"ETH": 1.1}, seconds=365 * 86_400.0)
    assert later.assets["ETH"].spot == pytest.approx(2_750.0)
    assert later.assets["ETH"].oracle == pytest.approx(2_750.0)
    assert later.instruments["ETH-PERP"].mark == pytest.approx(2_505.0 * 1.1)
    grown = 1.2 * 2.718281828459045**0.05
    assert later.assets["wstETH"].spot == pytest.approx(0.99 * grown * 2_750.0)
    assert later.assets["USD"].spot == 1.0
    depeg = moved(market, ITEMS, {"wstETH": 0.9})
    assert depeg.assets["wstETH"].spot == pytest.approx(2_970.0 * 0.9)
    assert depeg.assets["ETH"].spot == 2_500.0


def test_moves_that_cannot_be_are_refused() -> None:
    market = world({"V": VaultState({"ETH": 1.0, "USD": -2_000.0}, 1.0)}, V=500.0)
    with pytest.raises(InputError, match="price of 'ETHX' is multiplied by 2"):
        moved(market, ITEMS, {"ETHX": 2.0})
    with pytest.raises(InputError, match="multiplied by 0"):
        moved(market, ITEMS, {"ETH": 0.0})
    with pytest.raises(InputError, match="share V would be worth -750 after this move"):
        moved(market, ITEMS, {"ETH": 0.5})
