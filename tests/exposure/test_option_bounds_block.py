"""`option_bounds`: the reported width is that of the engine's tables; its numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    QUOTE,
    Held,
    Trader,
    cash_asset,
    coin,
    option,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast.guards import compile_guards
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure.option_bounds import bounds_at, option_bounds_block, sample
from seawall.instruments import Option
from seawall.margin.table.assess import assess, option_quotes, starting_holdings
from seawall.market.state import InstrumentState
from seawall.report import foot

STEPS = 480  # of a minute: C expires at step 180, inside the run


def desk_case(*held: Held, cash: float = 200.0, owner: str = "harbour", **more: object) -> Case:
    """One account with options C, far in the money and of next to no volatility, and P."""
    options = [
        option("C", "BTC", 10.0, call=True, days=0.125),
        option("P", "BTC", 95.0, call=False, days=60.0),
    ]
    states = {
        "C": InstrumentState(implied_volatility=0.02),
        "P": InstrumentState(implied_volatility=0.8),
    }
    return tiny_case(
        [Trader("o", list(held), {QUOTE: cash}, owner=owner)],
        options,
        {"o": perpetuals_venue(fund=1_000.0, option_margin=OPTION_MARGIN, **more)},
        {"BTC": coin(100.0)},
        states=states,
    )


def row_of(case: Case) -> dict:
    block = option_bounds_block(prepare(case), STEPS)["option_bounds"]
    (row,) = block["accounts"]
    return row


def test_two_short_calls_by_hand() -> None:
    """Each requires its value, 90, and 7.5% of BTC; the cell's upper edge is 0.25% higher."""
    assert OPTION_MARGIN.maintenance_base == 0.075
    row = row_of(desk_case(Held("C", -2.0, 0.0)))
    assert (row["account"], row["venue"], row["settle"]) == ("t0", "o", QUOTE)
    assert (row["options"], row["short_options"], row["tabled"]) == (1, 1, True)
    assert row["requirement"] == pytest.approx(2 * (90.0 + 7.5))
    assert row["slack"] == pytest.approx(2 * 0.25 * 1.075, rel=1e-6)
    assert row["slack_share"] == pytest.approx(row["slack"] / row["requirement"], rel=1e-12)
    # In the middle of a cell half as much: at every price the same, and nothing after expiry.
    assert row["largest_slack"] == pytest.approx(0.25 * 1.075, rel=1e-5)
    lowest = 2 * (50.125 * 1.075 - 10.0)
    assert row["largest_slack_share"] == pytest.approx(0.25 * 1.075 / lowest, rel=1e-5)


def test_shares_of_points_by_hand() -> None:
    """Cash 200 against two calls that take 2 (1.075 S - 10): healthy to S = 102.33, then expired.

    The sample's prices are 50.125 + 2.5 n: 21 of 41 lie below. Slices of 21 steps: the points of
    slices 0 and 4 lie before expiry at step 180, those of 8, 12, 16, 20 and 22 behind it.
    """
    row = row_of(desk_case(Held("C", -2.0, 0.0)))
    assert row["healthy_share"] == pytest.approx((2 * 21 + 5 * 41) / (7 * 41))
    assert row["decided_share"] == row["healthy_share"]
    # So close to its threshold that half a cell tells them apart: 100.125 is healthy, and in doubt.
    near = row_of(desk_case(Held("C", -2.0, 0.0), cash=2 * (1.075 * 100.125 - 10.0) + 0.1))
    assert near["healthy_share"] == pytest.approx((2 * 21 + 5 * 41) / (7 * 41))
    assert near["decided_share"] == pytest.approx((2 * 20 + 5 * 41) / (7 * 41))


def test_the_bound_is_the_entry_of_the_engines_table_bit_for_bit() -> None:
    setup = prepare(desk_case(Held("C", -2.0, 0.0), Held("P", -3.0, 0.0)))
    points, guards = sample(STEPS), compile_guards(setup, STEPS)
    assert guards.slice_steps == points.slice_steps
    found = bounds_at(setup, 0, points)
    want = np.zeros(points.cell.size)
    for o, size in enumerate(setup.table.options.size.tolist()):
        there = setup.table.options.years[o] * 365.0 * 1_440.0 > points.step
        most = guards.most[guards.table[o], points.slice, points.cell]
        want += np.where(there, -size * most, 0.0)
    np.testing.assert_array_equal(found.bound, want)
    assert (found.slack >= 0.0).all() and found.slack.min() < 0.01 * found.exact.max()


def test_requirement_and_buffer_are_those_of_the_margin_table() -> None:
    """Equity - maintenance with its options = without them - what the short ones take."""
    case = desk_case(Held("C", -2.0, 0.0), Held("P", -3.0, 0.0), Held("P", 5.0, 0.0))
    setup = prepare(case)
    points = sample(STEPS)
    found = bounds_at(setup, 0, points)
    start = setup.spot[setup.table.feed_asset]
    for n in (0, 17, 60, points.cell.size - 1):
        years = float(points.step[n]) * 60.0 / (365.0 * 86_400.0)
        moves = setup.table.feed_asset == setup.table.assets.index("BTC")
        price = np.where(moves, points.factor[n], 1.0) * start
        quotes = option_quotes(setup.table, price[None], start, years)
        quotes.integral = np.zeros_like(quotes.price)
        held = starting_holdings(setup.table)
        held.option_size[0, setup.table.options.years <= years] = 0.0  # settled
        equity, maintenance, _ = assess(
            setup.table, held, quotes, np.zeros(1, int), np.zeros(1, int)
        )
        want = found.buffer[n] - found.exact[n]
        assert float(equity[0] - maintenance[0]) == pytest.approx(want, rel=1e-9, abs=1e-9)


def test_longs_alone_have_no_slack_and_are_always_decided() -> None:
    row = row_of(desk_case(Held("P", 4.0, 0.0)))
    assert row["short_options"] == 0 and row["tabled"]
    assert row["requirement"] == row["slack"] == row["largest_slack_share"] == 0.0
    assert row["healthy_share"] == row["decided_share"] == 1.0


def test_an_account_without_a_table_says_so() -> None:
    """Linear options paid in a coin that is not the quote currency."""
    case = desk_case(Held("P", -1.0, 0.0))
    book, market = case.book, case.market
    paid = tuple(replace(o, settle="EUR") if isinstance(o, Option) else o for o in book.instruments)
    euro = replace(cash_asset(), spot=1.1, index=1.1, oracle=1.1, volatility=0.1)
    case = replace(
        case,
        book=replace(book, instruments=paid, assets=(*book.assets, "EUR")),
        market=replace(market, assets={**market.assets, "EUR": euro}),
    )
    row = row_of(case)
    assert (row["settle"], row["tabled"]) == ("EUR", False)
    assert row["requirement"] is row["slack"] is row["decided_share"] is None
    told = foot.option_bounds(option_bounds_block(prepare(case), STEPS))
    assert told.endswith("1 of the desks' accounts are priced at every step. ")


def test_others_are_counted_and_a_case_without_options_has_no_block() -> None:
    block = option_bounds_block(prepare(desk_case(Held("P", -1.0, 0.0), owner="")), STEPS)
    assert block["option_bounds"]["accounts"] == []
    assert block["option_bounds"]["other_accounts"] == 1
    assert block["option_bounds"]["other_accounts_tabled"] == 1
    assert option_bounds_block(prepare(desk_case()), STEPS) == {}
    assert foot.option_bounds({}) == ""


def test_the_foot_names_the_widest_table_of_the_sample() -> None:
    block = option_bounds_block(prepare(sample_case(crowd=0)), 288)
    (row,) = block["option_bounds"]["accounts"]
    assert 0.0 < row["slack_share"] < row["largest_slack_share"] < 0.01
    told = foot.option_bounds(block)
    assert told.startswith("Options in accounts: no number is interpolated. ")
    assert "0.61% above it on 287 sampled points" in told
