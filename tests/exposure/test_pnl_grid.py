"""The grid of P&L is that of `seawall shocks`, and marks where the static requirement fails."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure.pnl_grid import SPOT, VOLATILITY, pnl_grid
from seawall.margin.table.assess import requirement
from seawall.market.state import InstrumentState
from seawall.whatif.shocks_answer import Axis, shocks_answer

OWNER = "harbour"


def desk_names(case: Case) -> list[str]:
    book = case.book
    return [name for n, name in enumerate(book.account_names) if book.account_owner[n] == OWNER]


def test_cells_are_the_sums_of_what_shocks_says_of_each_account() -> None:
    case = sample_case(30)
    grid = pnl_grid(prepare(case), [OWNER])
    assert grid is not None
    assert grid["spot"] == list(SPOT)
    assert grid["volatility"] == list(VOLATILITY)
    spot, volatility = Axis(np.array(SPOT)), Axis(np.array(VOLATILITY))
    answers = [shocks_answer(case, spot, volatility, account=name) for name in desk_names(case)]
    assert all(answer["assets"] == grid["assets"] for answer in answers)
    total = sum(np.array(answer["grid"]["change"]) for answer in answers)
    assert grid["desks"][0]["change"] == total.tolist()
    middle = grid["desks"][0]["change"][VOLATILITY.index(0.0)][SPOT.index(0.0)]
    assert middle == 0.0


@cache
def sample_grid() -> tuple[Case, dict[str, Any]]:
    case = sample_case(30)
    grid = pnl_grid(prepare(case), [OWNER])
    assert grid is not None
    return case, grid


def shocked_case(case: Case, spot: float, volatility: float) -> Case:
    """The Case in a market whose prices and volatilities have moved; smiles do not follow."""
    moving = {n for n, s in case.market.assets.items() if s.volatility > 0.02}
    factor = {name: 1.0 + spot if name in moving else 1.0 for name in case.market.assets}
    assets = {
        name: replace(s, spot=s.spot * f, index=s.index * f, oracle=s.oracle * f)
        for name, s in case.market.assets.items()
        for f in [factor[name]]
    }
    underlying = {item.name: item.underlying for item in case.book.instruments}

    def moved(name: str, state: InstrumentState) -> InstrumentState:
        if state.mark is not None:
            state = replace(state, mark=state.mark * factor[underlying[name]])
        vol = state.implied_volatility
        return state if vol is None else replace(state, implied_volatility=vol * (1.0 + volatility))

    known = case.market.instruments.items()
    market = replace(case.market, assets=assets, instruments={n: moved(n, s) for n, s in known})
    return replace(case, market=market, crowds=())


@pytest.mark.parametrize("spot", [-0.2, -0.05, 0.0, 0.3])
@pytest.mark.parametrize("volatility", [-0.3, 0.0, 0.6])
def test_marks_are_where_a_case_in_that_market_is_below_its_margin(
    spot: float, volatility: float
) -> None:
    case, grid = sample_grid()
    row, column = grid["volatility"].index(volatility), grid["spot"].index(spot)
    marked = grid["desks"][0]["below_margin"][row][column]
    setup = prepare(shocked_case(case, spot, volatility))
    table = setup.table
    found = requirement(table, setup.spot[table.feed_asset])
    below = found.equity < found.maintenance
    names = {
        setup.book.account_names[table.units.account[u]]
        for u in setup.desk_units[below[setup.desk_units]]
    }
    assert set(marked) == names


def test_a_desk_without_options_has_one_volatility() -> None:
    case = sample_case(30)
    keep = np.array([not n.startswith("harbour/options") for n in case.book.account_names])
    mine = keep[case.book.position_account]
    book = replace(
        case.book,
        position_account=case.book.position_account[mine],
        position_instrument=case.book.position_instrument[mine],
        size=case.book.size[mine],
        entry=case.book.entry[mine],
        isolated=case.book.isolated[mine],
        isolated_margin=case.book.isolated_margin[mine],
    )
    grid = pnl_grid(prepare(replace(case, book=book)), [OWNER])
    assert grid is not None
    assert grid["volatility"] == [0.0]
    assert len(grid["desks"][0]["change"]) == 1
    assert pnl_grid(prepare(case), []) is None
