"""The shock grid on numbers worked by hand; volatility is 0 where options are to be intrinsic."""

from __future__ import annotations

from dataclasses import replace
from math import erf, sqrt

import numpy as np
import pytest
from small_accounts import DAY, account, coins, options, perps, random_account

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.section import Section
from seawall.margin.account.margin_account import SpotPrice
from seawall.margin.frameworks import assess_account
from seawall.margin.portfolio.markets import Markets, read_markets
from seawall.margin.portfolio.shock_margin import Moved, ShockMargin, assess, row_profits
from seawall.margin.portfolio.shock_rows import ShockGrid, ShockRow, shocked_volatility
from seawall.valuation.black import black
from seawall.venues import Collateral
from seawall.venues.preset import rulebook_from

GRID = ShockGrid(
    rows=(ShockRow(0.16), ShockRow(-0.16), ShockRow(4.0, weight=0.04)),
    maintenance_fraction=0.5,
    floor_days=1.0,
    short_power=0.3,
    long_power=0.13,
)
TERMS = {"ETH": Collateral(0.9, 0.95)}


def rule(grid: ShockGrid = GRID, **listed: ShockGrid) -> ShockMargin:
    return ShockMargin(Markets("a venue", None if listed else grid, listed), TERMS)


def test_the_worst_weighted_row_by_hand():
    """A short call at 900 and a perpetual: up 16% -160 + 160, down 100 - 160, up 400% no loss."""
    book = account(options=options({"strike": 900.0, "amount": -1.0}), perps=perps({}))
    margin = assess(rule(), book)
    rows = margin.working.find("scan").parts
    assert [line.value for line in rows] == pytest.approx([0.0, 60.0, 0.0])
    assert margin.requirement.equity == pytest.approx(-100.0)
    assert float(margin.requirement.initial) == pytest.approx(60.0)
    assert float(margin.requirement.maintenance) == pytest.approx(30.0)
    # Two calls: the far row loses 2 x 4,000 - 4,000, of which 4%; up 16% loses 320 - 160.
    book = account(options=options({"strike": 900.0, "amount": -2.0}), perps=perps({}))
    margin = assess(rule(), book)
    got = [line.value for line in margin.working.find("scan").parts]
    assert got == pytest.approx([160.0, -40.0, 160.0])
    assert float(margin.requirement.initial) == pytest.approx(160.0)


def test_a_book_that_gains_everywhere_needs_nothing():
    straddle = options({"strike": 1000.0}, {"strike": 1000.0, "call": False})
    assert float(assess(rule(), account(options=straddle)).requirement.initial) == 0.0


def test_the_volatility_shock_is_scaled_by_days():
    grid = replace(GRID, rows=(ShockRow(0.0, 0.4), ShockRow(0.0, -0.22), ShockRow(0.0, -1.0)))
    shocks = np.array([row.volatility for row in grid.rows])
    got = shocked_volatility(grid, np.array([15.0, 30.0, 120.0, 0.25]) * DAY, shocks)
    powers = np.array([2**0.3, 1.0, 0.25**0.13, 30**0.3])
    assert got == pytest.approx(
        np.array([1 + 0.4 * powers, 1 - 0.22 * powers, np.maximum(0.0, 1 - powers)])
    )


def test_an_option_at_the_money_moves_with_its_volatility():
    """F (2 N(s/2) - 1) with s = 0.5 x 1.4 x sqrt(30/365), against 0.5."""
    grid = replace(GRID, rows=(ShockRow(0.0, 0.4),))
    book = options({"seconds": 30 * DAY, "volatility": 0.5, "amount": -1.0})

    def value(vol: float) -> float:
        return 1000 * erf(vol * sqrt(30 / 365) / 2 / sqrt(2))

    got = float(assess(rule(grid), account(options=book)).requirement.initial)
    assert got == pytest.approx(value(0.7) - value(0.5), rel=1e-9)


def test_the_least_charge_is_on_net_and_on_hedged_delta():
    """A perpetual of 3 against a deep call sold twice: net 1, gross 5, hedged 4."""
    grid = replace(GRID, rows=(ShockRow(0.0),), net_delta=0.02, hedged_delta=0.01)
    book = account(perps=perps({"size": 3.0}), options=options({"strike": 500.0, "amount": -2.0}))
    margin = assess(rule(grid), book)
    assert margin.working.find("delta charge").value == pytest.approx(20.0 + 40.0)
    assert float(margin.requirement.initial) == pytest.approx(60.0)
    # It is a floor: a scan above it stands alone.
    wide = replace(grid, rows=(ShockRow(-0.5),))
    assert float(assess(rule(wide), account(perps=perps({}))).requirement.initial) == 500.0


def test_provisions_come_whole_on_both_margins():
    """Funding 0.1% of a long of 2,000; fees 0.05% of it; an option's 0.03% of spot, capped."""
    grid = replace(GRID, funding=0.001, perp_fee=0.0005, option_fee=0.0003, option_fee_cap=0.125)
    book = account(
        perps=perps({"size": 2.0}),
        options=options({"strike": 900.0}, {"strike": 1000.0, "amount": -1.0}),
    )
    margin = assess(rule(grid), book)
    assert margin.working.find("provisions").value == pytest.approx(2.0 + 1.0 + 0.3)
    net = margin.working.find("net").value
    assert float(margin.requirement.initial) == pytest.approx(net + 3.3)
    assert float(margin.requirement.maintenance) == pytest.approx(net / 2 + 3.3)
    # A short is paid the funding: nothing is set aside.
    short = assess(rule(grid), account(perps=perps({"size": -2.0})))
    assert short.working.find("funding").value == 0.0


def test_naked_shorts_are_charged_on_top():
    grid = replace(GRID, rows=(ShockRow(0.0),), short_option=0.01)
    book = options({"strike": 900.0, "amount": -3.0}, {"strike": 900.0, "call": False})
    assert float(assess(rule(grid), account(options=book)).requirement.initial) == 20.0


def test_underlyings_add_up_without_offset_each_under_its_own_grid():
    prices = {"ETH": SpotPrice(1000.0), "BTC": SpotPrice(20000.0)}
    btc = {"underlying": "BTC", "name": "BTC-PERP", "mark": 20000.0, "entry": 20000.0}
    book = account(perps=perps({}, {**btc, "size": -1.0}), prices=prices)
    narrow = replace(GRID, rows=(ShockRow(0.1),))
    got = assess(rule(ETH=GRID, BTC=narrow), book)
    assert float(got.requirement.initial) == pytest.approx(160.0 + 2000.0)
    with pytest.raises(MissingRule, match="a venue has no margin numbers for BTC"):
        assess(rule(ETH=GRID), book)


def test_inverse_contracts_lose_what_linear_ones_lose():
    """1,000 contracts of 1 at a mark of 1,000 are one coin; their coin profit is worth 160."""
    book = account(perps=perps({"size": 1000.0, "inverse": True}))
    assert float(assess(rule(), book).requirement.initial) == pytest.approx(160.0)


def test_coins_count_at_their_terms():
    book = account(perps=perps({}), balances=coins(("ETH", 1.0, 1000.0, 1.0), ("X", 1, 5.0, 1.0)))
    margin = assess(rule(), book)
    assert margin.requirement.equity == 1005.0
    assert float(margin.requirement.initial) == pytest.approx(160.0 + 100.0 + 5.0)
    assert float(margin.requirement.maintenance) == pytest.approx(80.0 + 50.0 + 5.0)


def test_rows_equal_one_option_at_a_time():
    """The slow way: each option, each row, by itself."""
    for seed in range(20):
        book = random_account(seed).options
        grid = replace(GRID, rows=(*GRID.rows, ShockRow(-0.3, 0.4), ShockRow(0.1, -0.22)))
        shocks = np.array([row.volatility for row in grid.rows])
        multiples = shocked_volatility(grid, book.seconds, shocks)
        one = np.ones(1)
        held = Moved(
            options=book,
            compiled=False,
            size=np.zeros((1, 0)),
            notional=one,
            exposure=7.0 * one,
            spot=one,
            settle=one,
            worth=book.amount,
            forward=one,
            volatility=one,
        )
        got = row_profits(grid, held)[0]
        for n, row in enumerate(grid.rows):
            total = 7.0 * row.spot
            for k in range(len(book.names)):
                o = (book.strike[k], book.seconds[k] / (365 * DAY))
                moved = black(
                    book.forward[k] * (1 + row.spot),
                    *o,
                    book.volatility[k] * multiples[n, k],
                    book.call[k],
                )
                today = black(book.forward[k], *o, book.volatility[k], book.call[k])
                total += float(moved - today) * book.amount[k]
            assert got[n] == pytest.approx(total, rel=1e-9, abs=1e-9), (seed, n)


def test_markets_share_numbers_and_say_what_differs():
    table = {
        "rows": [{"spot": 0.1}],
        "maintenance_fraction": 0.5,
        "floor_days": 1.0,
        "short_power": 0.3,
        "long_power": 0.13,
        "markets": {"BTC": {}, "SOL": {"rows": [{"spot": 0.3}], "net_delta": 0.02}},
    }
    got = read_markets("x", Section(table, "x.toml", ("margin",)), ShockGrid)
    assert [got.of(name).rows[0].spot for name in ("BTC", "SOL")] == [0.1, 0.3]
    assert got.of("SOL").net_delta == 0.02 and got.of("BTC").net_delta == 0.0
    assert got.for_account(account(), "ETH") is got.of("BTC")
    assert got.for_account(account(), "SOL") is got.of("SOL")
    with pytest.raises(MissingRule, match="x has no margin numbers for ETH"):
        got.for_account(account(perps=perps({})), "ETH")
    table["markets"]["SOL"]["rowz"] = 1
    with pytest.raises(InputError, match=r"margin\.markets\.SOL\.rowz is not a known key"):
        read_markets("x", Section(table, "x.toml", ("margin",)), ShockGrid)


def test_a_grid_of_ones_own_is_a_rulebook():
    """Deribit's form: nine prices in a range of 16% x volatility up, same, down at 30 days."""
    rows = [
        {"spot": 0.04 * step, "volatility": move}
        for step in range(-4, 5)
        for move in (0.5, 0.0, -0.25)
    ]
    numbers = {"floor_days": 1.0, "short_power": 0.3, "long_power": 0.13}
    own = rulebook_from(
        {
            "name": "mine",
            "source": "my own grid",
            "as_of": "2026-01-30",
            "margin_price": "mark",
            "framework": "shock_grid",
            "liquidation": {"style": "orderbook"},
            "waterfall": {"layers": ["fund"]},
            "margin": {"rows": rows, "maintenance_fraction": 0.8, "short_option": 0.01, **numbers},
        },
        file="mine.toml",
    )
    margin = assess_account(own, account(options=options({"strike": 900.0, "amount": -1.0})))
    assert float(margin.requirement.initial) == pytest.approx(160.0 + 10.0)
    assert float(margin.requirement.maintenance) == pytest.approx(0.8 * 170.0)
    assert len(margin.working.find("scan").parts) == 27


def test_refusals_are_sentences():
    with pytest.raises(InputError, match="a shock grid has no rows"):
        replace(GRID, rows=())
    with pytest.raises(InputError, match="'desk' has no spot price of BTC"):
        assess(rule(), account(perps=perps({"underlying": "BTC"})))
    bare = {"rows": [{"spot": -1.0}], "maintenance_fraction": 0.5}
    with pytest.raises(InputError, match=r"rows\[1\].spot is -1.0; expected a relative move above"):
        read_markets("x", Section(bare, "x.toml", ("margin",)), ShockGrid)
    bare["rows"] = [{"spot": 0.1}]
    with pytest.raises(InputError, match=r"margin\.floor_days is missing"):
        read_markets("x", Section(bare, "x.toml", ("margin",)), ShockGrid)
