"""Margin accounts of a book under its own rulebook equal the compiled margin table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    cash_asset,
    coin,
    lending_venue,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.case import Case
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Perpetual
from seawall.margin.account.split import value
from seawall.margin.frameworks import FRAMEWORKS, Framework, assess_account
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.margin.view import margin_accounts
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Tier


def viewed(case: Case, account: int):
    rulebook = case.rulebooks[case.book.account_venue[account]]
    found = margin_accounts(case.book, case.market, rulebook, account, case.as_of, case.quote)
    return found, [assess_account(rulebook, one).requirement for one in found]


def compiled(case: Case):
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = np.array([case.market.assets[name].spot for name in table.assets])
    return table, requirement(table, spot[table.feed_asset])


def assert_equal_to_the_table(case: Case, desks: int) -> None:
    table, whole = compiled(case)
    for account in range(desks):
        units = np.flatnonzero(table.units.account == account)
        _, mine = viewed(case, account)
        for name in ("equity", "initial", "maintenance"):
            want = sorted(getattr(whole, name)[units].tolist())
            got = sorted(float(getattr(one, name)) for one in mine)
            assert got == pytest.approx(want, rel=1e-12, abs=1e-6), (account, name)


def test_the_sample_desk_equals_the_margin_table() -> None:
    case = sample_case(crowd=0)
    table, _ = compiled(case)
    assert table.units.account.size == 3
    assert_equal_to_the_table(case, 3)


TIERS = (Tier(0.0, 50.0, 0.01), Tier(2e5, 20.0, 0.025), Tier(1e6, 5.0, 0.1))
COLLATERAL = {"BTC": Collateral(0.7, 0.8), "USD": Collateral(0.8, 0.85)}


ASSETS = {"USD": cash_asset(), "BTC": coin(100_000.0), "ETH": coin(3_000.0)}
INSTRUMENTS = (
    perpetual("BTC-PERP", "BTC"),
    perpetual("ETH-PERP", "ETH"),
    perpetual("BTC-COIN", "BTC", inverse=True),
    option("BTC-COIN-C", "BTC", 80_000.0, True, 10.0, inverse=True),
    option("BTC-COIN-P", "BTC", 90_000.0, False, 60.0, inverse=True),
)
STATES = {
    "BTC-PERP": InstrumentState(mark=101_000.0),
    "BTC-COIN": InstrumentState(mark=99_500.0),
    "BTC-COIN-C": InstrumentState(mark=100_100.0, implied_volatility=0.4),
    "BTC-COIN-P": InstrumentState(mark=100_300.0, implied_volatility=0.45),
}
RULEBOOKS = {
    "perps": perpetuals_venue(tiers=TIERS, collateral=COLLATERAL),
    "options": perpetuals_venue(option_margin=OPTION_MARGIN, framework="standard"),
    "loans": replace(lending_venue(COLLATERAL), framework="collateral"),
}


def mixed_case() -> Case:
    """Two settlement assets, an isolated position, inverse options, a loan, coins alone."""
    traders = [
        Trader(
            "perps",
            (
                Held("BTC-PERP", 4.0, 99_000.0),
                Held("BTC-COIN", -50_000.0, 98_000.0),
                Held("ETH-PERP", -30.0, 3_100.0, 20_000.0),
            ),
            {"USD": 90_000.0, "BTC": 2.0},
        ),
        Trader(
            "options",
            (Held("BTC-COIN-C", -2.0, 21_000.0), Held("BTC-COIN-P", 1.0, 900.0)),
            {"BTC": 3.0},
        ),
        Trader("loans", (), {"BTC": 2.0, "USD": -120_000.0}),
        Trader("perps", (), {"BTC": 1.0}),
    ]
    return tiny_case(traders, INSTRUMENTS, RULEBOOKS, ASSETS, states=STATES)


def test_a_mixed_book_equals_the_margin_table() -> None:
    assert_equal_to_the_table(mixed_case(), 4)


def test_what_settles_in_one_asset_is_one_account_and_isolated_positions_their_own() -> None:
    found, _ = viewed(mixed_case(), 0)
    assert [(a.settle, a.cash, a.isolated, a.perps.names) for a in found] == [
        ("USD", 90_000.0, False, ("BTC-PERP",)),
        ("BTC", 2.0, False, ("BTC-COIN",)),
        ("USD", 20_000.0, True, ("ETH-PERP",)),
    ]
    assert len({a.name for a in found}) == 3


def under(case: Case, account: int, together: str, monkeypatch: pytest.MonkeyPatch):
    tiered = FRAMEWORKS["tiered"]
    monkeypatch.setitem(FRAMEWORKS, "toy", Framework(together, tiered.read, tiered.assess))
    rulebook = replace(case.rulebooks["perps"], framework="toy")
    return margin_accounts(case.book, case.market, rulebook, account, case.as_of, case.quote)


def test_a_venue_that_margins_all_together_sees_one_cross_account(monkeypatch) -> None:
    cross, isolated = under(mixed_case(), 0, "account", monkeypatch)
    assert cross.perps.names == ("BTC-PERP", "BTC-COIN")
    assert (cross.settle, cross.cash, cross.balances.assets) == ("USD", 90_000.0, ("BTC",))
    assert isolated.isolated


def test_a_venue_that_margins_by_underlying_splits_equity_by_notional(monkeypatch) -> None:
    traders = [
        Trader(
            "perps",
            (Held("BTC-PERP", 4.0, 99_000.0), Held("ETH-PERP", -100.0, 3_100.0)),
            {"USD": 90_000.0},
        )
    ]
    case = tiny_case(traders, INSTRUMENTS, RULEBOOKS, ASSETS, states=STATES)
    parts = under(case, 0, "underlying", monkeypatch)
    assert [p.perps.underlying for p in parts] == [("BTC",), ("ETH",)]
    equity = [p.cash + value(p) for p in parts]
    whole = 90_000.0 + 4.0 * (101_000.0 - 99_000.0) + 100.0 * (3_100.0 - 3_000.0)
    assert sum(equity) == pytest.approx(whole, rel=1e-12)
    assert equity[0] / equity[1] == pytest.approx(404_000.0 / 300_000.0, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "mark"), [("mark", 101_000.0), ("index", 90_000.0), ("oracle", 80_000.0)]
)
def test_the_rulebook_says_which_price_governs(kind, mark) -> None:
    case = mixed_case()
    assets = {**ASSETS, "BTC": replace(coin(100_000.0), index=90_000.0, oracle=80_000.0)}
    rulebook = replace(case.rulebooks["perps"], margin_price=PriceKind(kind))
    market = replace(case.market, assets=assets)
    account = margin_accounts(case.book, market, rulebook, 0, case.as_of, case.quote)[0]
    assert account.perps.mark.tolist() == [mark]


def test_an_expired_option_is_refused_with_its_time() -> None:
    case = mixed_case()
    later = case.as_of + timedelta(days=11)
    with pytest.raises(InputError, match="option 'BTC-COIN-C' expired at 2026-02-09T16:00:00Z"):
        margin_accounts(case.book, case.market, RULEBOOKS["options"], 1, later, case.quote)


@pytest.mark.parametrize(
    ("volatility", "error"), [(None, MissingRule), (0.0, InputError)], ids=["none", "zero"]
)
def test_an_option_without_volatility_is_refused_by_name(volatility, error) -> None:
    case = mixed_case()
    states = {**STATES, "BTC-COIN-P": InstrumentState(implied_volatility=volatility)}
    market = replace(case.market, instruments=states)
    with pytest.raises(error, match="BTC-COIN-P"):
        margin_accounts(case.book, market, RULEBOOKS["options"], 1, case.as_of, case.quote)


def test_a_quanto_contract_counts_its_multiplier_in_what_it_settles_in() -> None:
    quanto = Perpetual("ETH-QUANTO", "ETH", "BTC", multiplier=1e-6)
    case = tiny_case(
        [Trader("perps", (Held("ETH-QUANTO", 1_000.0, 2_900.0),), {"BTC": 1.0})],
        (quanto,),
        # One flat tier: a quanto under several is refused, their bounds' unit is not known.
        {**RULEBOOKS, "perps": perpetuals_venue(tiers=TIERS[:1])},
        ASSETS,
    )
    found, (margin,) = viewed(case, 0)
    assert found[0].settle == "BTC"
    profit = 1_000.0 * 1e-6 * (3_000.0 - 2_900.0)
    assert float(margin.equity) == pytest.approx((1.0 + profit) * 100_000.0, rel=1e-12)
