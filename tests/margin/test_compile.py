"""The margin table of tiny books: who is margined together, at which price, by which rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    lending_venue,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.book import AccountKind
from seawall.case import Case
from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.pricekind import PriceKind
from seawall.foundation.units import per_second
from seawall.margin.table.compile import compile_table
from seawall.margin.table.margin_table import MarginTable, RowKind
from seawall.market.state import InstrumentState
from seawall.venues import Collateral, Rulebook, Tier

BTC, ETH = coin(100_000.0), coin(4_000.0)
INSTRUMENTS = (
    perpetual("BTC-PERP", "BTC"),
    perpetual("ETH-PERP", "ETH"),
    perpetual("BTC-COIN", "BTC", inverse=True),
    option("BTC-C", "BTC", 110_000.0, True, 30.0),
)
VENUE = perpetuals_venue(collateral={"BTC": Collateral(0.8, 0.9)})


def case_of(*traders: Trader, venue: Rulebook = VENUE, **more: object) -> Case:
    return tiny_case(traders, INSTRUMENTS, {"v": venue}, {"BTC": BTC, "ETH": ETH}, **more)


def table_of(case: Case) -> MarginTable:
    return compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)


def settles(table: MarginTable) -> list[str]:
    return [table.assets[k] for k in table.feed_asset[table.units.settle]]


def test_cross_positions_share_one_unit_and_entries_are_folded_into_its_cash():
    held = (Held("BTC-PERP", 2.0, 90_000.0), Held("ETH-PERP", -10.0, 4_100.0))
    table = table_of(case_of(Trader("v", held, {"USD": 50_000.0})))
    assert settles(table) == ["USD"]
    # 50,000 - 2 x 90,000 + 10 x 4,100
    assert table.units.cash.tolist() == [-89_000.0]
    assert table.rows.size.tolist() == [2.0, -10.0]
    assert table.rows.kind.tolist() == [RowKind.LINEAR, RowKind.LINEAR]
    assert table.units.rows.tolist() == [0, 2]


def test_an_isolated_position_is_its_own_unit_with_its_own_margin():
    held = (Held("BTC-PERP", 1.0, 90_000.0, 5_000.0), Held("ETH-PERP", 1.0, 4_000.0))
    table = table_of(case_of(Trader("v", held, {"USD": 1_000.0})))
    cross, isolated = np.flatnonzero(~table.units.isolated), np.flatnonzero(table.units.isolated)
    assert table.units.cash[cross].tolist() == [1_000.0 - 4_000.0]
    assert table.units.cash[isolated].tolist() == [5_000.0 - 90_000.0]
    assert table.units.account.tolist() == [0, 0]


def test_two_isolated_positions_of_one_instrument_stay_apart():
    held = (Held("BTC-PERP", 1.0, 90_000.0, 5_000.0), Held("BTC-PERP", -1.0, 95_000.0, 6_000.0))
    table = table_of(case_of(Trader("v", held)))
    assert table.units.isolated.tolist() == [True, True]
    assert table.units.cash.tolist() == [-85_000.0, 101_000.0]


def test_coin_settled_positions_form_a_unit_in_that_coin():
    held = (Held("BTC-PERP", 1.0, 90_000.0), Held("BTC-COIN", 50_000.0, 80_000.0))
    table = table_of(case_of(Trader("v", held, {"USD": 10_000.0, "BTC": 2.0})))
    assert sorted(settles(table)) == ["BTC", "USD"]
    cash = dict(zip(settles(table), table.units.cash.tolist(), strict=True))
    # An inverse contract cost -size / entry coins: 2 + 50,000 / 80,000.
    assert cash == {"USD": -80_000.0, "BTC": 2.625}
    assert RowKind.INVERSE in table.rows.kind


def test_an_account_of_one_coin_settled_leg_holds_dollars_as_collateral_there():
    table = table_of(
        case_of(Trader("v", (Held("BTC-COIN", 1.0, 80_000.0),), {"USD": 7.0}), venue=VENUE)
    )
    assert settles(table) == ["BTC"]
    assert table.rows.kind.tolist() == [RowKind.INVERSE, RowKind.BALANCE]
    assert table.rows.size.tolist() == [1.0, 7.0]


def test_other_balances_are_collateral_rows_at_the_rulebooks_terms():
    held = (Held("ETH-PERP", 1.0, 4_000.0),)
    table = table_of(case_of(Trader("v", held, {"BTC": 0.5, "ETH": 3.0})))
    balance = table.rows.kind == RowKind.BALANCE
    # BTC counts 90% towards maintenance and 80% towards initial; ETH, not listed, not at all.
    assert table.rows.shortfall[balance] == pytest.approx([0.1, 1.0])
    assert table.rows.initial_shortfall[balance] == pytest.approx([0.2, 1.0])


def test_balances_without_positions_are_one_unit_in_quote_that_needs_nothing():
    """Cash borrowed against a coin is one account: 2 BTC carry 100,000 of debt."""
    table = table_of(case_of(Trader("v", (), {"BTC": 2.0, "USD": -100_000.0})))
    assert settles(table) == ["USD"]
    assert table.units.cash.tolist() == [-100_000.0]
    assert table.rows.size.tolist() == [2.0]


def test_balances_without_quote_settle_in_the_most_valuable():
    """0.5 BTC is worth 50,000, 9 ETH 36,000."""
    table = table_of(case_of(Trader("v", (), {"ETH": 9.0, "BTC": 0.5})))
    assert settles(table) == ["BTC"]
    assert table.units.cash.tolist() == [0.5]
    assert table.rows.size.tolist() == [9.0]


def test_a_position_at_a_lending_venue_is_refused():
    trader = Trader("v", [Held("BTC-PERP", 1.0, 100_000.0)], {"USD": 5_000.0})
    case = case_of(trader, venue=lending_venue({"USD": Collateral(1.0, 1.0)}))
    with pytest.raises(InputError, match="'t0' holds a position in 'BTC-PERP' at 'v'"):
        table_of(case)


def test_a_loan_is_rows_of_one_unit_in_quote_and_debts_accrue():
    venue = lending_venue({"ETH": Collateral(0.8, 0.83, 0.05)})
    assets = {"BTC": BTC, "ETH": replace(ETH, borrow_rate=0.03)}
    case = tiny_case(
        [Trader("v", (), {"USD": -5_000.0, "ETH": 2.0})], INSTRUMENTS, {"v": venue}, assets
    )
    usd = replace(case.market.assets["USD"], borrow_rate=0.08)
    case = replace(case, market=replace(case.market, assets={**assets, "USD": usd}))
    table = table_of(case)
    assert settles(table) == ["USD"]
    assert table.units.cash.tolist() == [0.0]
    assert [table.assets[k] for k in table.rows.asset] == ["USD", "ETH"]
    # Interest lowers what a debtor has, as negative funding does; an asset earns nothing.
    assert table.rows.rate == pytest.approx([-per_second(0.08), 0.0])
    assert table.rows.bonus.tolist() == [0.0, 0.05]


@pytest.mark.parametrize(
    ("kind", "ratio"),
    [
        (PriceKind.MARK, 1.01),
        (PriceKind.INDEX, 0.99),
        (PriceKind.ORACLE, 0.98),
        (PriceKind.SPOT, 1.0),
    ],
)
def test_the_price_that_governs_margin_is_the_rulebooks(kind, ratio):
    btc = replace(BTC, index=99_000.0, oracle=98_000.0)
    case = tiny_case(
        [Trader("v", (Held("BTC-PERP", 1.0, 1.0),))],
        INSTRUMENTS,
        {"v": perpetuals_venue(margin_price=kind)},
        {"BTC": btc, "ETH": ETH},
        states={"BTC-PERP": InstrumentState(mark=101_000.0)},
    )
    assert table_of(case).rows.multiplier == pytest.approx([ratio])


def test_only_desks_and_the_crowd_are_margined():
    case = case_of(Trader("v", (), {"USD": 1.0}), Trader("v", (), {"USD": 2.0}, owner="d"))
    kinds = (AccountKind.FUND, AccountKind.DESK)
    case = replace(case, book=replace(case.book, account_kind=kinds))
    assert table_of(case).units.cash.tolist() == [2.0]


def test_default_tiers_serve_the_others_and_are_named():
    own = {"BTC": (Tier(0.0, 50.0, 0.01),)}
    venue = replace(perpetuals_venue(tiers=(Tier(0.0, 10.0, 0.05),)), tiers=own)
    held = (Held("BTC-PERP", 1.0, 1.0), Held("ETH-PERP", 1.0, 1.0))
    table = table_of(case_of(Trader("v", held), venue=venue))
    assert table.default_tier_instruments == ("v:ETH-PERP",)
    assert table.tiers.maintenance_rate[table.rows.tier, 0].tolist() == [0.01, 0.05]


def test_unknown_tiers_are_refused_by_name():
    case = case_of(Trader("v", (Held("ETH-PERP", 1.0, 1.0),)), venue=perpetuals_venue(tiers=()))
    with pytest.raises(MissingRule, match=r"no margin tiers for 'ETH'.*'ETH-PERP'"):
        table_of(case)


def test_an_option_on_a_venue_without_option_margin_is_refused_by_name():
    case = case_of(Trader("v", (Held("BTC-C", -1.0, 0.0),)))
    with pytest.raises(MissingRule, match=r"no \[option_margin\].*'t0'.*'BTC-C'"):
        table_of(case)


def test_an_option_without_implied_volatility_is_refused_by_name():
    venue = perpetuals_venue(option_margin=OPTION_MARGIN)
    case = case_of(Trader("v", (Held("BTC-C", -1.0, 0.0),)), venue=venue)
    with pytest.raises(MissingRule, match="no implied_volatility for 'BTC-C'"):
        table_of(case)


def test_an_options_premium_is_not_folded_into_cash():
    venue = perpetuals_venue(option_margin=OPTION_MARGIN)
    states = {"BTC-C": InstrumentState(mark=101_000.0, implied_volatility=0.5)}
    case = case_of(
        Trader("v", (Held("BTC-C", -2.0, 3_000.0),), {"USD": 9.0}), venue=venue, states=states
    )
    table = table_of(case)
    assert table.units.cash.tolist() == [9.0]
    assert table.options.size.tolist() == [-2.0]
    assert table.options.forward_ratio == pytest.approx([1.01])
    assert table.options.years == pytest.approx([30.0 / 365.0])
    assert table.units.options.tolist() == [0, 1]


def test_each_venue_has_its_own_feeds_and_contracts():
    traders = [Trader(v, (Held("BTC-PERP", 1.0, 1.0),)) for v in ("v", "w")]
    case = tiny_case(traders, INSTRUMENTS, {"v": VENUE, "w": VENUE}, {"BTC": BTC, "ETH": ETH})
    table = table_of(case)
    assert table.contracts == ((0, "BTC-PERP"), (1, "BTC-PERP"))
    assert len(set(table.rows.feed.tolist())) == 2
    assert table.feed_venue[table.rows.feed].tolist() == [0, 1]


def test_a_book_of_nobody_compiles_to_nothing():
    table = table_of(case_of())
    assert table.units.account.size == 0
    assert table.feed_venue.size == 0
