"""Unit changes and worst losses against a whole revaluation of the shocked market."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from every_kind import BALANCES, INSTRUMENTS, NOW, book, market, worth
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.instruments import Option
from seawall.valuation import shockgrid
from seawall.valuation.shockgrid import (
    NamedShock,
    Shocks,
    change_table,
    equity_holdings,
    position_holdings,
    price_changes,
    rectangular,
    shocks_from,
    unit_changes,
    worst_by_account,
)

AS_OF = NOW.timestamp()
DAY = 86_400.0


def by_revaluing(row: NamedShock) -> np.ndarray:
    """Change of every position's and balance's value under one shock, by `moved` and `revalue`."""
    vol = {}
    for item in INSTRUMENTS:
        if isinstance(item, Option):
            today = market().instruments[item.name].implied_volatility
            assert today is not None
            vol[item.name] = max(today * row.volatility_factor + row.volatility_add, 0.0) - today
    after = worth(dict(row.price_factor), vol, row.seconds)
    return after - worth({})


def per_account(changes: np.ndarray, balances: bool) -> np.ndarray:
    held = book()
    positions = held.size.size
    account = np.concatenate([held.position_account, held.balance_account])
    if not balances:
        account, changes = account[:positions], changes[:positions]
    return np.bincount(account, weights=changes, minlength=3)


ROWS = (
    NamedShock("nothing", {}),
    NamedShock("crash", {"BTC": 0.7, "ETH": 0.6}, 1.4, 0.05),
    NamedShock("rally", {"BTC": 1.3, "ETH": 1.5}, 0.8, -0.02, DAY),
    NamedShock("apart", {"BTC": 1.1, "ETH": 0.8}, 1.0, 0.0, 30 * DAY),
    NamedShock("depeg", {"USDC": 0.9, "USDT": 1.02}),
    NamedShock("expired", {"BTC": 0.85, "ETH": 1.2}, 1.0, 0.0, 80 * DAY),
    NamedShock("no volatility", {"ETH": 0.95}, 0.0, -1.0),
    NamedShock("unstaked at a loss", {"wstETH": 0.9, "ETH": 0.9}, 1.0, 0.0, 7 * DAY),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("balances", [False, True])
def test_sums_of_unit_changes_are_the_change_of_value(row: NamedShock, balances: bool) -> None:
    build = equity_holdings if balances else position_holdings
    holdings = build(book(), market(), AS_OF)
    found = worst_by_account(holdings, book(), market(), AS_OF, shocks_from([row]))
    expected = per_account(by_revaluing(row), balances)
    np.testing.assert_allclose(found.change, expected, rtol=1e-9, atol=1e-5)


def test_the_margin_of_an_isolated_position_moves_with_its_coin() -> None:
    """0.5 of the settlement asset posted beside each position, worth its price's change."""
    held = book()
    posted = replace(
        held,
        isolated=np.ones(held.size.size, dtype=bool),
        isolated_margin=np.full(held.size.size, 0.5),
    )
    row = NamedShock("crash", {"BTC": 0.7, "ETH": 0.6, "USDC": 0.9})
    found, bare = (
        worst_by_account(
            equity_holdings(b, market(), AS_OF), b, market(), AS_OF, shocks_from([row])
        ).change
        for b in (posted, held)
    )
    expected = np.zeros(len(held.account_names))
    for account, instrument in zip(held.position_account, held.position_instrument, strict=True):
        item = held.instruments[instrument]
        settle = getattr(item, "settle", item.underlying)
        factor = row.price_factor.get(settle, 1.0)
        expected[account] += 0.5 * market().assets[settle].spot * (factor - 1.0)
    assert np.max(np.abs(expected)) > 1_000.0
    np.testing.assert_allclose(found - bare, expected, rtol=1e-9, atol=1e-5)


def test_no_shock_no_change_to_the_last_bit() -> None:
    table = change_table(book(), market(), AS_OF, shocks_from([ROWS[0]]))
    assert not table.any()


@settings(max_examples=15, deadline=None)
@given(
    btc=st.floats(0.3, 2.5),
    eth=st.floats(0.3, 2.5),
    vol=st.floats(0.2, 3.0),
    add=st.floats(-0.2, 0.5),
    days=st.floats(0.0, 60.0),
)
def test_any_shock(btc: float, eth: float, vol: float, add: float, days: float) -> None:
    row = NamedShock("any", {"BTC": btc, "ETH": eth}, vol, add, days * DAY)
    holdings = equity_holdings(book(), market(), AS_OF)
    found = worst_by_account(holdings, book(), market(), AS_OF, shocks_from([row]))
    expected = per_account(by_revaluing(row), True)
    np.testing.assert_allclose(found.change, expected, rtol=1e-8, atol=1e-5)


def test_the_worst_shock_is_named() -> None:
    shocks = shocks_from(ROWS)
    holdings = position_holdings(book(), market(), AS_OF)
    found = worst_by_account(holdings, book(), market(), AS_OF, shocks)
    every = np.array([per_account(by_revaluing(row), False) for row in ROWS])
    np.testing.assert_array_equal(found.shock, every.argmin(axis=0))
    np.testing.assert_allclose(found.change, every.min(axis=0), rtol=1e-9)


def test_portions_of_shocks_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    shocks = rectangular(("BTC", "ETH"), np.linspace(0.6, 1.4, 9), (0.7, 1.0, 1.5), (0.0, DAY))
    holdings = equity_holdings(book(), market(), AS_OF)
    whole = worst_by_account(holdings, book(), market(), AS_OF, shocks)
    monkeypatch.setattr(shockgrid, "TABLE_BYTES", 8 * holdings.instruments * 4)
    parts = worst_by_account(holdings, book(), market(), AS_OF, shocks, threads=2)
    # The option kernel may be compiled or not, but not change within one run.
    np.testing.assert_array_equal(parts.shock, whole.shock)
    assert parts.change.tobytes() == whole.change.tobytes()


def test_shares_follow_their_contents() -> None:
    shocks = shocks_from([NamedShock("eth", {"ETH": 0.81})])
    factors = price_changes(market(), INSTRUMENTS, shocks)[:, 0]
    place = list(market().assets)
    assert factors[place.index("wstETH")] == pytest.approx(0.81, rel=1e-12)
    # Half of a constant-product pool is the coin: the root of the move.
    assert factors[place.index("ETH-USDC")] == pytest.approx(0.9, rel=1e-12)
    assert factors[place.index("BTC")] == 1.0
    assert BALANCES["wstETH"] > 0


def test_inverse_and_linear_by_hand() -> None:
    shocks = shocks_from([NamedShock("half", {"BTC": 0.5})])
    held = np.array([item.name in ("BTC-PERP", "BTC-INV") for item in INSTRUMENTS])
    change = unit_changes(INSTRUMENTS, held, market(), AS_OF, shocks)[:, 0]
    names = [item.name for item in INSTRUMENTS]
    # A coin-margined contract of 1 dollar: 1/F - 1/(F/2) = -1/F coins, each at half the spot.
    assert change[names.index("BTC-INV")] == pytest.approx(-0.5 / 0.9995, rel=1e-12)
    assert change[names.index("BTC-PERP")] == pytest.approx(-40_040.0 * 0.999, rel=1e-12)
    assert np.count_nonzero(change) == 2


def test_a_rectangle_is_every_combination_in_order() -> None:
    shocks = rectangular(("BTC",), (0.85, 1.0), (1.0, 1.3), (0.0, DAY))
    assert shocks.names[0] == "price -15%, vol x1"
    assert shocks.names[3] == "price -15%, vol x1.3, +1 d"
    np.testing.assert_array_equal(shocks.price_factor[:, 0], [0.85] * 4 + [1.0] * 4)
    np.testing.assert_array_equal(shocks.volatility_factor, [1.0, 1.0, 1.3, 1.3] * 2)
    np.testing.assert_array_equal(shocks.seconds, [0.0, DAY] * 4)


def test_what_is_no_shock_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        InputError, match=r"shock 'dead' has 0\.0; expected a finite number above 0"
    ):
        shocks_from([NamedShock("dead", {"BTC": 0.0})])
    with pytest.raises(InputError, match="shock 'back' has -1"):
        shocks_from([NamedShock("back", {"BTC": 1.0}, seconds=-1.0)])
    with pytest.raises(InputError, match="shock 'odd' has nan"):
        shocks_from([NamedShock("odd", {"BTC": 1.0}, volatility_add=float("nan"))])
    two = rectangular(("BTC",), (0.9, 1.1))
    with pytest.raises(InputError, match="one entry per shock"):
        Shocks(two.names, two.assets, two.price_factor, np.ones(2), np.zeros(2), np.zeros(1))
    with pytest.raises(InputError, match="one row per shock"):
        replace(two, names=("one",))
    with pytest.raises(InputError, match="the shocks move DOGE"):
        price_changes(market(), INSTRUMENTS, rectangular(("DOGE",), (0.9,)))
    holdings = position_holdings(book(), market(), AS_OF)
    with pytest.raises(InputError, match="at least 1 shock"):
        worst_by_account(holdings, book(), market(), AS_OF, shocks_from([]))


def test_a_settlement_asset_outside_the_book_is_named() -> None:
    held = book()
    short = replace(held, assets=held.assets[:3])
    with pytest.raises(InputError, match="pays in BTC, which is not among"):
        position_holdings(short, market(), AS_OF)
