"""L5: with zero impact, the cascade equals the no-feedback run bit for bit.

The plain run here uses only the margin formula on each step's prices: no cascade, no filter.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from random_cases import Recipe, build, laws, recipes
from tiny_cases import INFINITE, Floats, run_case

from seawall.cascade.engine import PRICE_ONLY, Runs, path_worlds, populated, prepare
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import NEVER, EventKind, Tape
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.margin.table.assess import assess, option_quotes, starting_holdings
from seawall.margin.table.compile import compile_table
from seawall.scenario import exogenous_paths
from seawall.venues import Feed, Waterfall

FIRST = "L5: without impact every account is first closed where a plain first-passage run closes it"
PRICE = "L5: without impact the market price is the exogenous price, bit for bit"
FORCED = (EventKind.LIQUIDATION, EventKind.BACKSTOP, EventKind.ADL_BANKRUPT)
YEAR = 365.0 * 86_400.0


def first_passage(case: Case, exogenous: Floats) -> Floats:
    """First step (p, u) at which each margin account is below maintenance, holding what it held."""
    book = populated(case)
    table = compile_table(book, case.market, case.rulebooks, case.quote, case.as_of)
    paths, columns, _ = exogenous.shape
    units = table.units.account.size
    holdings = starting_holdings(table, paths)
    path, unit = np.divmod(np.arange(paths * units), units)
    start = exogenous[0, 0, table.feed_asset]
    integral = np.zeros((paths, table.feed_asset.size))
    first = np.full(paths * units, NEVER)
    holds_something = np.zeros(units, dtype=bool)
    holds_something[table.rows.unit] = True
    holds_something[table.options.unit] = True
    for step in range(1, columns):
        price = np.ascontiguousarray(exogenous[:, step, table.feed_asset])
        integral = integral + price * case.step_seconds
        quotes = option_quotes(table, price, start, step * case.step_seconds / YEAR)
        quotes.integral = integral
        equity, maintenance, _ = assess(table, holdings, quotes, path, unit)
        below = (equity < maintenance) & holds_something[unit]
        first = np.where(below & (first == NEVER), step, first)
        # Options that expire are paid out at their value: cash for the contract.
        due = np.flatnonzero(
            (table.options.years <= step * case.step_seconds / YEAR)
            & (table.options.years > (step - 1) * case.step_seconds / YEAR)
        )
        for o in due:
            worth = quotes.option_value[:, o] * holdings.option_size[:, o]
            if table.options.inverse[o]:
                worth = worth / price[:, table.options.feed[o]]
            holdings.cash[:, table.options.unit[o]] += worth
            holdings.option_size[:, o] = 0.0
    return first.reshape(paths, units)


def first_closed(setup: Setup, tape: Tape) -> Floats:
    """First step (p, u) at which the engine acted on each account."""
    first = np.full((tape.paths, setup.table.units.account.size), NEVER)
    forced = np.flatnonzero(np.isin(tape.kind, FORCED))[::-1]
    first[tape.path[forced], tape.unit[forced]] = tape.step[forced]
    return first


def hold(setup: Setup, tape: Tape, state: State, case: Case, exogenous: Floats) -> None:
    expected = first_passage(case, exogenous)
    found = first_closed(setup, tape)
    differ = np.argwhere(found != expected)
    assert differ.size == 0, f"{FIRST}: (path, unit) {differ[:5].tolist()}"
    assert np.array_equal(tape.trough, exogenous.min(axis=1)), PRICE
    assert np.array_equal(tape.peak, exogenous.max(axis=1)), PRICE
    assert np.array_equal(tape.final, exogenous[:, -1]), PRICE
    assert np.array_equal(state.market, exogenous[:, -1]), PRICE


# A fund without bottom, so that no account's loss reaches another.
ALONE = {"deep": True, "lag": False, "layers": ("fund", "socialised"), "capital": 1e4}


@laws
@given(recipes(**ALONE))
def test_random_cases_without_impact(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    setup, tape, state = run_case(case, exogenous)
    hold(setup, tape, state, case, exogenous)


@laws
@given(recipes(layers=("fund", "socialised"), capital=1e4, borrowers=0))
def test_the_price_only_world_of_any_case(recipe: Recipe) -> None:
    """A run in which paths may neither be moved nor seen late: the same as never having impact."""
    case, exogenous = build(recipe)
    runs = Runs(np.arange(recipe.paths), np.zeros(recipe.paths, dtype=np.int64))
    setup, tape, state = run_case(case, exogenous, worlds=path_worlds((PRICE_ONLY,), runs))
    hold(setup, tape, state, case, exogenous)


def deep(case: Case) -> Case:
    """The Case in a market that no flow can move, seen without delay, with a bottomless fund."""
    assets = {
        name: replace(state, depth=INFINITE, daily_volume=INFINITE, implied_half_spread=0.0)
        for name, state in case.market.assets.items()
    }
    rulebooks = {
        name: replace(
            rules,
            feed=Feed(),
            feeds={},
            waterfall=Waterfall(("fund", "socialised"), 1e13),
            liquidation=replace(rules.liquidation, gas=0.0, backstop_ratio=None),
        )
        for name, rules in case.rulebooks.items()
    }
    return replace(case, market=replace(case.market, assets=assets), rulebooks=rulebooks)


def test_the_sample_without_impact() -> None:
    case = deep(sample_case(300))
    setup = prepare(case)
    exogenous = exogenous_paths(
        case.market,
        setup.table.assets,
        step_seconds=case.step_seconds,
        steps=96,
        paths=np.arange(16),
        seed=3,
        volatility_scale=4.0,
    )
    tape, state = run(setup, exogenous)
    assert tape.path.size > 100, "the storm must sink somebody"
    hold(setup, tape, state, case, exogenous)
