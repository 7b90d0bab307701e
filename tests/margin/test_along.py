"""The fast twins equal their frameworks, market by market; searches and surfaces rest on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.casefile import sample_case
from seawall.margin.account.equity import equity_of
from seawall.margin.account.margin_account import Balances, MarginAccount, Options, Perps, SpotPrice
from seawall.margin.account.shifts import Shifts
from seawall.margin.account.split import leg_values
from seawall.margin.rules import net_margin, one_by_one, rules_of
from seawall.margin.view import margin_accounts
from seawall.venues.preset import rulebook_from

SHIFTS = {"spot": np.array([1.0, 0.6, 0.93, 1.08, 2.5]), "vol": np.array([1.0, 1.7, 0.5, 1.0, 2.0])}


def held_by(perps=(), options=(), coins=(), settle="USDC", cash=50_000.0) -> MarginAccount:
    """perps (underlying, size, entry, mark, inverse); options (strike, call, amount, days, vol)."""
    n, o, c = len(perps), len(options), len(coins)
    column = lambda rows, k: np.array([r[k] for r in rows], dtype=float)  # noqa: E731
    return MarginAccount(
        name="a",
        settle=settle,
        cash=cash,
        spot={"BTC": SpotPrice(80_000.0), "ETH": SpotPrice(2_700.0), "USDC": SpotPrice(1.0)},
        settle_price=80_000.0 if settle == "BTC" else 1.0,
        perps=Perps(
            tuple(f"p{k}" for k in range(n)),
            tuple(p[0] for p in perps),
            column(perps, 1),
            column(perps, 2),
            column(perps, 3),
            np.ones(n),
            np.full(n, 0.25),
            np.array([p[4] for p in perps], dtype=bool),
            np.full(n, np.inf),
        ),
        options=Options(
            tuple(f"o{k}" for k in range(o)),
            ("BTC",) * o,
            tuple(f"e{opt[3]}" for opt in options),
            column(options, 3) * 86_400.0,
            column(options, 0),
            np.array([opt[1] for opt in options], dtype=bool),
            column(options, 2),
            np.full(o, 80_500.0),
            np.ones(o),
            column(options, 4),
            np.ones(o),
            np.linspace(0.08, -0.05, o),
            np.ones(o),
            np.full(o, settle == "BTC"),
        ),
        balances=Balances(
            tuple(x[0] for x in coins),
            column(coins, 1),
            np.array([{"BTC": 80_000.0, "ETH": 2_700.0, "USDC": 1.0}[x[0]] for x in coins]),
            np.ones(c),
        ),
    )


LINEAR = held_by(
    perps=(("BTC", 400.0, 79_000.0, 80_100.0, False), ("ETH", -9_000.0, 2_800.0, 2_690.0, False)),
    coins=(("ETH", 100.0), ("BTC", -1.0)),
)
COIN = held_by(
    perps=(("BTC", -900_000.0, 79_000.0, 80_100.0, True),),
    options=(
        (76_000.0, False, -150.0, 20.0, 0.5),
        (70_000.0, False, 60.0, 20.0, 0.6),
        (96_000.0, True, -70.0, 3.0, 0.45),
    ),
    settle="BTC",
    cash=24.0,
)
LOAN = held_by(coins=(("ETH", 900.0), ("BTC", 3.0), ("USDC", -1_500_000.0)), cash=0.0)
RULES = {
    "tiered": rulebook_from({"preset": "hyperliquid"}, file="h.toml"),
    "standard": rulebook_from({"preset": "deribit"}, file="d.toml"),
    "collateral": rulebook_from(
        {
            "preset": "aave_v3",
            "collateral": {
                "ETH": {"loan_to_value": 0.8, "liquidation_threshold": 0.83},
                "BTC": {"loan_to_value": 0.73, "liquidation_threshold": 0.78},
            },
        },
        file="a.toml",
    ),
}


@pytest.mark.parametrize("assets", [(), ("BTC",), ("ETH",), ("BTC", "ETH")], ids=str)
@pytest.mark.parametrize(
    ("framework", "account"),
    [("tiered", LINEAR), ("standard", COIN), ("collateral", LOAN)],
    ids=["tiered", "standard", "collateral"],
)
def test_columns_equal_the_framework(framework, account, assets) -> None:
    rules = rules_of(RULES[framework])
    shifts = Shifts(assets, SHIFTS["spot"], SHIFTS["vol"])
    fast, slow = net_margin(rules, account)(shifts), one_by_one(rules, account)(shifts)
    for name in ("equity", "initial", "maintenance"):
        np.testing.assert_allclose(
            getattr(fast, name), getattr(slow, name), rtol=1e-11, err_msg=name
        )
    if "BTC" in assets:
        assert np.ptp(fast.equity) > 0.0


@settings(max_examples=25, deadline=timedelta(seconds=5))
@given(
    size=st.floats(-3_000.0, 3_000.0).filter(lambda x: abs(x) > 1e-3),
    inverse=st.booleans(),
    spot=st.floats(0.3, 3.0),
)
def test_one_position_of_any_size_equals_the_framework(size, inverse, spot) -> None:
    contracts = size * 80_000.0 if inverse else size
    account = held_by(
        perps=(("BTC", contracts, 79_000.0, 80_100.0, inverse),),
        settle="BTC" if inverse else "USDC",
    )
    rules = rules_of(RULES["tiered"])
    shifts = Shifts(("BTC",), np.array([spot]), np.ones(1))
    fast, slow = net_margin(rules, account)(shifts), one_by_one(rules, account)(shifts)
    np.testing.assert_allclose(fast.maintenance, slow.maintenance, rtol=1e-11)
    np.testing.assert_allclose(fast.initial, slow.initial, rtol=1e-11)
    np.testing.assert_allclose(fast.equity, slow.equity, rtol=1e-11)


def test_the_sample_accounts_equal_their_frameworks_when_everything_moves() -> None:
    case = sample_case(crowd=0)
    assets = tuple(a for a in case.market.assets if a not in ("USDC", "USDT"))
    for account in range(3):
        rulebook = case.rulebooks[case.book.account_venue[account]]
        rules = rules_of(rulebook)
        for one in margin_accounts(
            case.book, case.market, rulebook, account, case.as_of, case.quote
        ):
            shifts = Shifts(assets, SHIFTS["spot"], SHIFTS["vol"])
            fast, slow = net_margin(rules, one)(shifts), one_by_one(rules, one)(shifts)
            np.testing.assert_allclose(fast.buffer, slow.buffer, rtol=1e-9, atol=1e-6)


def test_an_account_that_owes_nothing_is_not_below_its_margin() -> None:
    debt_only = held_by(coins=(("USDC", -5.0),), cash=0.0)
    net = net_margin(rules_of(RULES["collateral"]), debt_only)
    found = net(Shifts((), np.ones(1), np.ones(1)))
    assert found.equity[0] < 0.0
    assert found.buffer[0] >= 0.0


@pytest.mark.parametrize("account", [COIN, replace(COIN, settle="USDC", settle_price=0.97)])
def test_equity_is_cash_and_what_the_legs_are_worth_discounted(account) -> None:
    options = replace(account.options, inverse=np.full(3, account.settle == "BTC"))
    account = replace(account, options=options, perps=Perps())
    free = replace(account, options=replace(options, rate=np.zeros(3)))
    legs, undiscounted = leg_values(account).worth, leg_values(free).worth
    discount = np.exp(-options.rate * options.seconds / (365.0 * 86_400.0))
    np.testing.assert_allclose(legs, undiscounted * discount, rtol=1e-12)
    cash = account.cash * account.settle_price
    assert equity_of(account).total == pytest.approx(cash + legs.sum(), rel=1e-12)
