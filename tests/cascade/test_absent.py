"""Accounts left out and legs closed at the start: by hand, and beside Cases without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_cases import QUOTE, Held, Trader, coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.absent import Absence, watching
from seawall.cascade.engine import BASE, Runs, prepare, simulate
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import base_worlds, begin
from seawall.cascade.tape import NEVER
from seawall.case import Case
from seawall.casefile import sample_case
from seawall.venues import Collateral


def _case() -> Case:
    """A desk that is long 10 A at 100 and short 5 B at 50, with 2 A and 300 of cash beside them.

    Equity 10 x 100 - 1,000 - 5 x 60 + 250 + 2 x 100 + 300 = 450: B stands at 60.
    """
    desk = Trader(
        "x",
        [Held("A-PERP", 10.0, 100.0), Held("B-PERP", -5.0, 50.0)],
        {QUOTE: 300.0, "A": 2.0},
        "me",
    )
    other = Trader("x", [Held("A-PERP", -10.0, 100.0)], {QUOTE: 5_000.0})
    venue = perpetuals_venue(collateral={"A": Collateral(0.8, 0.75, 0.0)})
    return tiny_case(
        [desk, other],
        [perpetual("A-PERP", "A"), perpetual("B-PERP", "B")],
        {"x": venue},
        {"A": coin(100.0), "B": coin(60.0)},
    )


def _legs(setup: Setup, present: list[list[bool]], unit: int = 0) -> Absence:
    """Every row of a unit is a player, in row order."""
    rows = setup.table.rows
    row = np.where(rows.unit == unit, np.arange(rows.unit.size) - setup.table.units.rows[unit], -1)
    none = np.full(setup.table.units.account.size, -1)
    return Absence(none, row, np.full(setup.table.options.unit.size, -1), np.array(present))


def test_a_closed_leg_is_cash_and_its_contract_leaves_the_order_book() -> None:
    setup = prepare(_case())
    absence = _legs(setup, [[True, True, True], [False, True, True], [True, False, False]])
    worlds = replace(base_worlds(3), absence=absence)
    prices = np.tile(setup.spot, (3, 1))
    state = begin(setup, prices, worlds=worlds)
    # Rows of the desk: A-PERP, B-PERP, balance of A. Cash 300 - 10 x 100 + 5 x 50 = -450, and with
    # A-PERP closed + 10 x 100; with B-PERP and the coins closed - 5 x 60 + 2 x 100.
    assert state.holdings.cash[:, 0].tolist() == [-450.0, 550.0, -550.0]
    assert state.holdings.size[:, :3].tolist() == [[10, -5, 2], [0, -5, 2], [10, 0, 0]]
    names = [name for _, name in setup.table.contracts]
    book = dict(zip(names, state.accounts.book_contracts.T.tolist(), strict=True))
    assert book["A-PERP"] == [0.0, 10.0, 0.0]
    assert book["B-PERP"] == [5.0, 5.0, 0.0]
    tape, _ = run(setup, np.repeat(prices[:, None], 2, axis=1), worlds=worlds)
    assert tape.desk_equity[:, :, 0].tolist() == [[450.0, 450.0]] * 3


def test_a_unit_that_is_away_holds_nothing() -> None:
    setup = prepare(_case())
    rows, options, units = setup.table.rows, setup.table.options, setup.table.units
    player = np.where(units.account == 0, 0, -1)
    none = Absence(
        player, np.full(rows.unit.size, -1), np.full(options.unit.size, -1), np.array([[False]])
    )
    state = begin(setup, setup.spot[None, :], worlds=replace(base_worlds(1), absence=none))
    assert state.holdings.cash[0].tolist() == [0.0, 5_000.0 + 1_000.0]
    assert state.holdings.size[0].tolist() == [0.0, 0.0, 0.0, -10.0]
    names = [name for _, name in setup.table.contracts]
    assert state.accounts.book_contracts[0, names.index("A-PERP")] == 10.0


def test_without_its_hedge_an_account_breaks_where_it_did_not() -> None:
    """Long 10 A and short 10 A at 100 with cash 60; A falls to 94: equity 0 < maintenance 9.4.

    With the hedge nothing moves: the wake-up rule would let the account sleep for ever.
    """
    hedged = Trader(
        "x", [Held("A-PERP", 10.0, 100.0), Held("A-2", -10.0, 100.0)], {QUOTE: 60.0}, "me"
    )
    case = tiny_case(
        [hedged],
        [perpetual("A-PERP", "A"), perpetual("A-2", "A")],
        {"x": perpetuals_venue()},
        {"A": coin(100.0)},
    )
    setup = prepare(case)
    exogenous = paths_of(case, A=[[100.0, 97.0, 94.0, 94.0]] * 2)
    worlds = replace(base_worlds(2), absence=_legs(setup, [[True, True], [True, False]]))
    tape, _ = run(watching(setup, setup.is_desk), exogenous, worlds=worlds)
    assert tape.path.tolist() == [1], "only the path without its hedge is liquidated"
    assert tape.step.tolist() == [2]
    assert tape.first_negative[0, 0] == NEVER


@pytest.fixture(scope="module")
def sample() -> tuple[Case, Setup, Runs]:
    case = sample_case(100)
    assets = {
        name: replace(state, volatility=2.5 * state.volatility)
        for name, state in case.market.assets.items()
    }
    case = replace(case, market=replace(case.market, assets=assets))
    return case, prepare(case), Runs(np.arange(24), np.zeros(24, dtype=np.int64))


def test_a_closed_leg_is_a_case_without_it(sample: tuple[Case, Setup, Runs]) -> None:
    """The slow way: a Case whose book has no such position, and its worth as a balance."""
    case, setup, runs = sample
    book, units = case.book, setup.table.units
    main = book.account_names.index("harbour/perp-main")
    name = "SOL-PERP"
    n = next(
        n
        for n in np.flatnonzero(book.position_account == main).tolist()
        if book.instruments[book.position_instrument[n]].name == name
    )
    row = int(np.flatnonzero(setup.table.rows.position == n)[0])
    assert units.account[setup.table.rows.unit[row]] == main
    # What closing it pays: size x (margin price - entry), into the balance of the quote currency.
    gain = setup.row_start[row] - book.size[n] * book.entry[n]
    cash = np.flatnonzero(
        (book.balance_account == main) & (book.balance_asset == book.assets.index(case.quote))
    )
    quantity = book.quantity.copy()
    quantity[cash[0]] += gain
    keep = np.arange(book.size.size) != n
    # The crowd is generated around what named accounts hold: the same crowd, from the same Case.
    other = replace(
        setup.book,
        **{
            field: getattr(setup.book, field)[_kept(setup, keep)]
            for field in (
                "position_account",
                "position_instrument",
                "size",
                "entry",
                "isolated",
                "isolated_margin",
            )
        },
        quantity=np.concatenate([quantity, setup.book.quantity[quantity.size :]]),
    )
    from seawall.cascade.setup import compile_setup

    slow = simulate(compile_setup(case, other), (BASE,), runs, steps=120, seed=5)
    player = np.where(np.arange(setup.table.rows.unit.size) == row, 0, -1)
    absence = Absence(
        np.full(units.account.size, -1),
        player,
        np.full(setup.table.options.unit.size, -1),
        np.zeros((24, 1), dtype=bool),
    )
    there = simulate(setup, (BASE,), runs, steps=120, seed=5)
    away = simulate(
        watching(setup, setup.is_desk), (BASE,), replace(runs, absence=absence), steps=120, seed=5
    )
    assert away.path.size > 10
    assert np.array_equal(away.path, slow.path)
    assert np.array_equal(away.step, slow.step)
    assert np.array_equal(away.kind, slow.kind)
    assert away.desk_equity == pytest.approx(slow.desk_equity, rel=1e-9, abs=1e-3)
    assert not np.allclose(away.desk_equity, there.desk_equity)


def _kept(setup: Setup, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same choice among the positions of the book with its crowd, which stand behind."""
    return np.concatenate([keep, np.ones(setup.book.size.size - keep.size, dtype=bool)])


def test_nobody_away_changes_no_bit(sample: tuple[Case, Setup, Runs]) -> None:
    _, setup, runs = sample
    absence = Absence(
        np.zeros(setup.table.units.account.size, dtype=np.int64),
        np.full(setup.table.rows.unit.size, -1),
        np.full(setup.table.options.unit.size, -1),
        np.ones((24, 1), dtype=bool),
    )
    base = simulate(setup, (BASE,), runs, steps=100, seed=5)
    same = simulate(
        watching(setup, setup.is_desk),
        (BASE,),
        replace(runs, absence=absence, still=np.zeros((24, setup.spot.size), dtype=bool)),
        steps=100,
        seed=5,
    )
    for name in ("path", "step", "unit", "kind", "notional", "desk_equity", "trough", "final"):
        assert np.array_equal(getattr(same, name), getattr(base, name)), name


def test_assets_that_stand_still(sample: tuple[Case, Setup, Runs]) -> None:
    from seawall.cascade.engine import draw

    _, setup, runs = sample
    still = np.zeros((24, setup.spot.size), dtype=bool)
    btc = setup.table.assets.index("BTC")
    still[:12, btc] = True
    moved = draw(setup, (BASE,), runs, 10, 5)
    found = draw(setup, (BASE,), replace(runs, still=still), 10, 5)
    assert (found[:12, :, btc] == setup.spot[btc]).all()
    assert np.array_equal(found[12:], moved[12:])
    others = np.arange(setup.spot.size) != btc
    assert np.array_equal(found[:, :, others], moved[:, :, others])
