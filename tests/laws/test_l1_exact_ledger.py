"""L1 exactly: settled in whole units, no thing is made or lost, and the float run ends alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from random_cases import Recipe, build, laws, recipes
from tiny_cases import Held, Trader, coin, paths_of, perpetual, perpetuals_venue, tiny_case

from seawall.cascade.engine import BASE, Runs, World, draw, prepare
from seawall.cascade.exact_settlement import Exactness, settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError

EXACT = "L1: in whole units the quantities over all accounts are constant, to the last unit"


def settled(setup: Setup, exogenous: np.ndarray, **how: object) -> Exactness:
    journal = Journal(cells_of(setup.table))
    _, state = run(setup, exogenous, journal=journal, **how)  # type: ignore[arg-type]
    return settle(setup, state)


@laws
@given(recipes())
def test_random_cases_settle_exactly(recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    found = settled(prepare(case), exogenous)
    assert found.imbalance == 0, EXACT
    assert found.gap <= found.bound


def test_the_sample_in_a_storm_settles_exactly() -> None:
    setup = prepare(sample_case(200))
    runs = Runs(np.arange(8), np.zeros(8, dtype=np.int64))
    found = settled(setup, draw(setup, (World(volatility=4.0),), runs, 144, 1))
    assert found.transfers > 300, "the storm must sink somebody"
    assert found.imbalance == 0, EXACT
    assert found.gap < 1e-3, "a tenth of a cent on the largest account"


def test_a_deposit_is_in_the_journal() -> None:
    setup = prepare(sample_case(50), (BASE,))
    runs = Runs(np.arange(2), np.zeros(2, dtype=np.int64))
    unit = setup.desk_units[:1].repeat(2)
    deposit = Deposit(unit, np.full(2, -1), np.array([1_000.0, 2_000.0]))
    exogenous = draw(setup, (BASE,), runs, 12, 1)
    assert settled(setup, exogenous, deposit=deposit).imbalance == 0


def test_the_journal_changes_nothing() -> None:
    setup = prepare(sample_case(100))
    runs = Runs(np.arange(4), np.zeros(4, dtype=np.int64))
    exogenous = draw(setup, (World(volatility=4.0),), runs, 100, 1)
    one, _ = run(setup, exogenous)
    other, _ = run(setup, exogenous, journal=Journal(cells_of(setup.table)))
    assert one.path.size > 0
    for name in ("path", "step", "kind", "notional", "fund", "socialised", "desk_equity"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_a_transfer_without_its_entry_is_found() -> None:
    """A dollar that a mechanism moved and did not write down."""
    case = tiny_case(
        [Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {"USD": 50.0})],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(fund=1e6)},
        {"BTC": coin(100.0)},
    )
    setup = prepare(case)
    journal = Journal(cells_of(setup.table))
    _, state = run(setup, paths_of(case, BTC=[100.0, 80.0]), journal=journal)
    assert settle(setup, state).imbalance == 0
    state.holdings.cash[0, 0] += 1.0
    with pytest.raises(InputError, match=r"the cash of account 't0' ends 1000000 units"):
        settle(setup, state)
    _, state = run(setup, paths_of(case, BTC=[100.0, 80.0]))
    with pytest.raises(InputError, match="kept no journal"):
        settle(setup, state)
