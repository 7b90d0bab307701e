"""L1, L4, L6 and L7 with each rule of the liquidation slots on, alone and together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from liquidation_choices import CHOICES, with_choice
from random_cases import EXAMPLES, LAYERS, Recipe, build, recipes
from test_l1_exact_ledger import EXACT
from test_l1_money import assert_conserved
from test_l4_waterfall import watched
from test_l6_same_tape import CHUNKS, FILTER, assert_same
from test_l7_scale import assert_scaled, scaled
from tiny_cases import run_case

from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.exact_settlement import settle
from seawall.cascade.journal import Journal, cells_of
from seawall.cascade.reference import run
from seawall.cascade.tape import MONEY, join

laws = settings(
    max_examples=max(2, EXAMPLES // 10),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize(("venue", "name"), CHOICES)
@laws
@given(recipe=recipes(borrowers=3))
def test_money_is_conserved_and_the_filter_changes_nothing(
    venue: str, name: str, recipe: Recipe
) -> None:
    case, exogenous = build(recipe)
    case = with_choice(case, venue, name)
    setup = prepare(case)
    with watched():
        tape, state = run(setup, exogenous, journal=Journal(cells_of(setup.table)))
    assert_conserved(setup, exogenous, state)
    exact = settle(setup, state)
    assert exact.imbalance == 0 and exact.gap <= exact.bound, EXACT
    _, plain, _ = run_case(case, exogenous, filtered=False)
    assert_same(tape, plain, FILTER)
    numbers = (np.arange(1), np.arange(1, recipe.paths))
    parts = [run(setup, exogenous[n], draws=Draws(0, n))[0] for n in numbers]
    assert_same(join(parts), tape, CHUNKS)


@pytest.mark.parametrize(("venue", "name"), CHOICES)
@laws
@given(recipe=recipes(borrowers=3))
def test_twice_the_money_is_twice_everything(venue: str, name: str, recipe: Recipe) -> None:
    case, exogenous = build(recipe)
    _, one, _ = run_case(with_choice(case, venue, name), exogenous)
    _, other, _ = run_case(with_choice(scaled(case, 2.0), venue, name, 2.0), exogenous)
    assert_scaled(one, other, 2.0, exact=True)


@pytest.mark.parametrize(("venue", "name"), CHOICES)
def test_prices_of_next_to_nothing_and_of_a_million_million(venue: str, name: str) -> None:
    """Nothing is lost, nothing crashes, every amount is a number; markets are infinitely deep."""
    recipe = Recipe(5, 4, 1, 3, 1, LAYERS[-1], 0.1, True, True, True, True, paths=2, steps=6)
    case, exogenous = build(recipe)
    case = with_choice(case, venue, name)
    for k, asset in enumerate(case.book.assets):
        if asset != case.quote:
            exogenous[:, 3:, k] = [[1e-9], [1e12]]
    setup = prepare(case)
    tape, state = run(setup, exogenous)
    assert_conserved(setup, exogenous, state)
    assert all(np.all(np.isfinite(getattr(tape, column))) for column in MONEY)
    assert tape.kind.size > 0
