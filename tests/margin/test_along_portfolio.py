"""Portfolio margins in many markets equal the frameworks one market at a time, and so do searches.

Random accounts: expiries of minutes to two years, unsure oracles, a stablecoin off its peg, coins
as collateral, perpetuals, accounts paid in the underlying coin.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_accounts import coins, perps, random_account

from seawall.foundation.errors import InputError
from seawall.margin.account.margin_account import Balances, MarginAccount, SpotPrice
from seawall.margin.account.shifts import UNMOVED, Shifts
from seawall.margin.liquidation_price.search import liquidation_prices
from seawall.margin.liquidation_price.surface import liquidation_surface
from seawall.margin.many_markets import along_portfolio
from seawall.margin.portfolio import many_options
from seawall.margin.rules import net_margin, one_by_one, rules_of
from seawall.venues.preset import rulebook_from

PRESETS = ("derive_pmrm_v1", "derive_pmrm_v2", "derive_standard", "paradex")
FACTORS = np.array([1.0, 0.4, 0.93, 1.07, 1.0, 2.5, 40.0])
TURNED = np.array([1.0, 2.0, 1.0, 0.5, 1.6, 1.0, 1.0])
MOVES = [(), ("ETH",), ("USDC",), ("ETH", "USDC"), ("X",)]


def rules(preset: str, **extra):
    return rules_of(rulebook_from({"preset": preset, **extra}, file="x.toml"))


def some_account(seed: int) -> MarginAccount:
    """A random account with a stablecoin that moves, and a coin that no rule counts."""
    book = random_account(seed)
    held = book.balances
    beside = coins(("X", 3.0, 50.0, 1.0))
    columns = {
        name: np.append(getattr(held, name), getattr(beside, name))
        for name in ("quantity", "price", "confidence")
    }
    spot = {**book.spot, "USDC": SpotPrice(book.settle_price), "X": SpotPrice(50.0)}
    return replace(book, spot=spot, balances=Balances((*held.assets, "X"), **columns))


def paid_in_coin(seed: int) -> MarginAccount:
    """The same with inverse options and contracts, and its cash in ether."""
    book = some_account(seed)
    price = book.spot["ETH"].price
    options = replace(book.options, inverse=np.full(len(book.options.names), True))
    contracts = perps({"size": -700.0, "inverse": True, "mark": price, "entry": 1.1 * price})
    return replace(
        book, settle="ETH", settle_price=price, cash=11.0, options=options, perps=contracts
    )


def gross(account: MarginAccount) -> float:
    """What rounding is measured against: notional of everything held, quote."""
    p, o = account.perps, account.options
    size = np.where(p.inverse, np.abs(p.size), np.abs(p.size) * p.mark)
    coins_held = np.abs(account.balances.quantity * account.balances.price)
    options = np.abs(o.amount) * np.maximum(o.forward, o.strike)
    cash = abs(account.cash) * account.settle_price
    return 1.0 + cash + float(size.sum() + options.sum() + coins_held.sum())


def near_its_margin(asked, seed: int) -> MarginAccount:
    """An account whose equity is a twentieth of its gross above maintenance."""
    account = replace(some_account(seed), cash=0.0)
    now = one_by_one(asked, account)(UNMOVED)
    short = float(now.maintenance[0] - now.equity[0]) + 0.05 * gross(account)
    return replace(account, cash=short / account.settle_price)


@pytest.fixture(params=["plain", "compiled"])
def twin(request, monkeypatch) -> str:
    if request.param == "compiled":
        many_options.prepare()
        monkeypatch.setattr(many_options, "WORTH_COMPILED", 0)
    return request.param


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("make", [some_account, paid_in_coin])
def test_many_markets_equal_one_after_the_other(preset, make, twin) -> None:
    asked = rules(preset)
    held_options = 0
    for seed in (0, 4, 5, 9, 13):
        account = make(seed)
        held_options += len(account.options.names)
        fast = net_margin(asked, account)
        for assets in MOVES:
            shifts = Shifts(assets, FACTORS, TURNED)
            found, want = fast(shifts), one_by_one(asked, account)(shifts)
            scale = gross(account) * np.max(FACTORS)
            for name in ("equity", "initial", "maintenance"):
                np.testing.assert_allclose(
                    getattr(found, name),
                    getattr(want, name),
                    rtol=1e-10,
                    atol=1e-13 * scale,
                    err_msg=f"{name} {seed} {assets}",
                )
    assert held_options > 20


@pytest.mark.parametrize("preset", PRESETS)
def test_a_move_of_the_underlying_moves_the_margin(preset) -> None:
    account = some_account(7)
    found = net_margin(rules(preset), account)(Shifts(("ETH",), FACTORS, TURNED))
    assert np.ptp(found.equity) > 0.0
    assert np.ptp(found.maintenance) > 0.0


@pytest.mark.parametrize("preset", PRESETS)
def test_searches_find_the_same_prices(preset, twin) -> None:
    asked, seen = rules(preset), 0
    for seed in (0, 4, 7, 13):
        account = near_its_margin(asked, seed)
        fast = liquidation_prices(net_margin(asked, account), account, "ETH")
        slow = liquidation_prices(one_by_one(asked, account), account, "ETH")
        for got, want in ((fast.below, slow.below), (fast.above, slow.above)):
            assert (got is None) == (want is None)
            if got is not None and want is not None:
                assert got == pytest.approx(want, rel=1e-9)
                seen += got != fast.present
    assert seen >= 3


@pytest.mark.parametrize("preset", PRESETS)
def test_a_surface_by_portions_is_the_same(preset, monkeypatch) -> None:
    account = near_its_margin(rules(preset), 7)
    spot, volatility = np.array([0.3, 0.7, 1.0, 1.4, 3.0]), np.array([0.5, 1.0, 2.0])
    whole = liquidation_surface(net_margin(rules(preset), account), ("ETH",), spot, volatility)
    monkeypatch.setattr(along_portfolio, "MOST_VALUES", 1)
    parts = liquidation_surface(net_margin(rules(preset), account), ("ETH",), spot, volatility)
    np.testing.assert_allclose(parts.maintenance, whole.maintenance, rtol=1e-12)
    np.testing.assert_allclose(parts.equity, whole.equity, rtol=1e-12)
    np.testing.assert_allclose(parts.below, whole.below, rtol=1e-10)


def test_refusals_are_those_of_the_framework() -> None:
    account = replace(some_account(1), balances=coins(("ETH", -1.0, 1000.0, 1.0)))
    with pytest.raises(InputError, match="lends only cash"):
        net_margin(rules("derive_pmrm_v2"), account)


def test_twins_agree_group_by_group() -> None:
    """Sums over expiries under 300 shocks, also 200 deviations away and at a volatility of 90."""
    options = random_account(4).options
    draw = np.random.default_rng(1)
    group = np.arange(len(options.names)) % 3
    factor = np.exp(draw.normal(0.0, 3.0, (3, 300)))
    level = draw.integers(0, 4, 300)
    volatility = options.volatility[:, None] * np.array([1.0, 0.01, 2.0, 90.0])
    asked = (options, options.amount, group, factor, volatility, level)
    many_options.prepare()
    plain, compiled = (many_options.group_values(c, *asked) for c in (False, True))
    scale = np.abs(options.amount).sum() * (options.forward.max() * factor.max(axis=0) + 1e4)
    assert np.max(np.abs(plain - compiled) / scale) < 1e-13
    assert len(options.names) >= 3
