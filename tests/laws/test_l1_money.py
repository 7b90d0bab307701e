"""L1: money is conserved. Every fill, fee, bonus, transfer and write-off has two sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from random_cases import Recipe, build, laws, recipes
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, run_case, tiny_case

from seawall.cascade import engine, reference
from seawall.cascade.breach import Breach
from seawall.cascade.engine import Runs, World, prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, begin
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.casefile import sample_case
from seawall.margin.table.assess import assess, option_quotes
from seawall.margin.table.margin_table import RowKind
from seawall.market.state import InstrumentState
from seawall.mechanism.fuzz.conserved import open_sizes, quantities

Floats = NDArray[np.float64]

QUANTITY = (
    "L1: per asset, quantities over all accounts (order book, keepers, fund and outside world "
    "included) are constant"
)
ZERO = "L1: sizes of each derivative sum to zero"
VALUE = "L1: the change in quote value equals holdings x price change"


def assert_conserved(setup: Setup, exogenous: Floats, state: State) -> None:
    first = begin(setup, exogenous[:, 0])
    before, scale = quantities(setup, first.holdings, first.accounts)
    after, later = quantities(setup, state.holdings, state.accounts)
    largest = np.maximum(np.maximum(scale, later), 1e-12)
    worst = np.max(np.abs(after - before) / largest, axis=0)
    assert np.all(worst <= 1e-9), f"{QUANTITY}: {dict(zip(setup.table.assets, worst, strict=True))}"
    _, scale = open_sizes(setup, first)
    net, gross = open_sizes(setup, state)
    largest = np.maximum(np.maximum(scale, gross), 1e-300)
    worst = np.max(np.abs(net) / largest, axis=0)
    assert np.all(worst <= 1e-9), f"{ZERO}: {dict(zip(setup.table.contracts, worst, strict=True))}"


@laws
@given(recipes())
def test_quantities_are_constant_and_sizes_sum_to_zero(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup, _, state = run_case(case, exogenous)
    assert_conserved(setup, exogenous, state)


def test_the_sample_in_a_storm_conserves_money() -> None:
    setup = prepare(sample_case(300))
    runs = Runs(np.arange(30), np.zeros(30, dtype=np.int64))
    exogenous = engine.draw(setup, (World(volatility=3.0),), runs, 144, 1)
    tape, state = run(setup, exogenous)
    assert np.bincount(tape.kind, minlength=6)[:2].sum() > 100, "the storm must sink somebody"
    assert_conserved(setup, exogenous, state)


def total_value(
    setup: Setup, state: State, price: Floats, integral: Floats, years: float
) -> Floats:
    """Quote value (p,) of everything: traders, and each system account's assets and contracts.

    All at market prices (p, k), whatever the venues' oracles say; funding accrued is counted.
    """
    table = setup.table
    feeds = price[:, table.feed_asset]
    quotes = option_quotes(table, feeds, setup.spot[table.feed_asset], years)
    quotes.integral = integral
    paths, units = state.holdings.cash.shape
    path, unit = np.divmod(np.arange(paths * units), units)
    equity, _, _ = assess(table, state.holdings, quotes, path, unit)
    value = equity.reshape(paths, units).sum(axis=1)
    for held in state.accounts.assets.values():
        value = value + np.sum(held * price[:, None, :], axis=(1, 2))
    rows, options = table.rows, table.options
    system = state.accounts.book_contracts + state.accounts.vault_contracts
    for c in range(len(table.contracts)):
        mine = np.flatnonzero(rows.contract == c)
        if mine.size:
            r = mine[0]
            at = feeds[:, rows.feed[r]] * rows.multiplier[r]
            accrued = rows.rate[r] * rows.multiplier[r] * integral[:, rows.feed[r]]
            if rows.kind[r] == RowKind.INVERSE:
                # Coins at the coin's own price; funding paid in coin.
                coins = -(1.0 + accrued / at) / at
                each = coins * price[:, rows.asset[r]]
            elif rows.kind[r] == RowKind.BALANCE:
                each = at
            else:
                each = at - accrued
        else:
            each = quotes.option_value[:, np.flatnonzero(options.contract == c)[0]]
        value = value + system[:, c] * each
    return value


@laws
@given(recipes())
def test_value_changes_by_holdings_times_price_change(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup, _, state = run_case(case, exogenous)
    first = begin(setup, exogenous[:, 0])
    held, gross = quantities(setup, first.holdings, first.accounts)
    years = recipe.steps * case.step_seconds / (365.0 * 86_400.0)
    # Interest accrues between borrowers and lenders at their venue's oracle price: left out here.
    integral = np.where(loans(setup), 0.0, state.quotes.integral)
    start = total_value(setup, first, exogenous[:, 0], np.zeros_like(integral), 0.0)
    end = total_value(setup, state, state.market, integral, years)
    gain = np.sum(held * (state.market - exogenous[:, 0]), axis=1)
    scale = np.sum(gross * np.maximum(state.market, exogenous[:, 0]), axis=1)
    worst = np.max(np.abs(end - start - gain) / scale)
    assert worst <= 1e-9, f"{VALUE}: off by {worst:.3g} of everything held"


def loans(setup: Setup) -> NDArray[np.bool_]:
    """Feeds (f,) of lending venues."""
    style = np.array([r.liquidation.style == "keeper" for r in setup.rulebooks])
    return style[setup.table.feed_venue]


NEUTRAL = "L1: a trade at the margin price changes the account's equity by its fees only"


@laws
@given(recipes(deep=True, lag=False, layers=("fund", "socialised"), capital=1e4, borrowers=0))
def test_forced_sales_without_impact_cost_fees_only(recipe: Recipe) -> None:
    """Whatever is sold, in whichever coin the account settles: equity before = after + fees."""
    case, exogenous = build(recipe)

    def close(
        setup: Setup, state: State, step: int, v: int, breach: Breach, tape: TapeWriter
    ) -> None:
        start = tape.columns()["fee"].size
        plain(setup, state, step, v, breach, tape)
        new = {name: column[start:] for name, column in tape.columns().items()}
        sold = new["kind"] == EventKind.LIQUIDATION
        path, unit = new["path"][sold], new["unit"][sold]
        assert np.array_equal(path, breach.path) and np.array_equal(unit, breach.unit)
        after, _, _ = assess(setup.table, state.holdings, state.quotes, path, unit)
        left = breach.equity - new["fee"][sold]
        scale = 1e-9 * (1.0 + new["notional"][sold] + np.abs(breach.equity))
        # Debt left by a full closure is covered by the fund; a first cut covers nothing.
        expected = np.where(after < -scale, left, np.maximum(left, 0.0))
        assert np.all(np.abs(after - expected) <= scale), NEUTRAL

    plain = reference.close_accounts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "close_accounts", close)
        run_case(case, exogenous)


@pytest.mark.parametrize("inverse", [False, True])
def test_one_trader_gains_size_times_price_change(inverse: bool) -> None:
    """A healthy desk's equity, step by step, against arithmetic with no code of the engine."""
    instrument = perpetual("BTC-X", "BTC", inverse)
    size, entry, cash = (-500.0, 110.0, 9.0) if inverse else (3.0, 95.0, 600.0)
    trader = Trader("perps", [Held("BTC-X", size, entry)], {"BTC" if inverse else "USD": cash}, "d")
    basis, rate, step = 1.01, 40.0, 60.0
    case = tiny_case(
        [trader],
        [instrument],
        {"perps": perpetuals_venue()},
        {"BTC": coin(100.0)},
        states={"BTC-X": InstrumentState(mark=100.0 * basis, funding_rate=rate)},
        step_seconds=step,
    )
    price = np.array([100.0, 104.0, 97.0, 93.0, 99.5])
    exogenous = np.ones((1, 5, 2))
    exogenous[0, :, 1] = price
    _, tape, _ = run_case(case, exogenous)
    assert tape.path.size == 0
    mark = price * basis
    # Funding of step t is due on the notional then: longs pay.
    paid = rate / (365 * 86_400) * step * np.concatenate([[0.0], np.cumsum(mark[1:])])
    if inverse:
        coins = cash + size * (1.0 / entry - 1.0 / mark) - size * paid / mark / mark
        expected = coins * price
    else:
        expected = cash + size * (mark - entry) - size * paid
    assert tape.desk_equity[0, :, 0] == pytest.approx(expected, rel=1e-12), VALUE
