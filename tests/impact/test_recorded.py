"""Walks through a book by hand, and the laws that fit them."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.impact.recorded import fit_book_walk, fit_coefficient, law_costs, walk_cost


def test_a_walk_by_hand() -> None:
    # Mid 100. Bids 99 x 1, 98 x 2, 96 x 1. Selling 200 quote is 2 units: 99 and 98, mean 98.5.
    price, size = np.array([99.0, 98.0, 96.0]), np.array([1.0, 2.0, 1.0])
    cost = walk_cost(price, size, 100.0, np.array([50.0, 200.0, 400.0, 401.0]))
    np.testing.assert_allclose(cost[:3], [0.01, 0.015, (1 + 2 + 2 + 4) / 400.0], rtol=1e-12)
    assert np.isnan(cost[3])
    # Purchases cost as much as they lie above.
    up = walk_cost(2.0 * 100.0 - price, size, 100.0, np.array([200.0]))
    assert up[0] == pytest.approx(0.015, rel=1e-12)


def test_the_ladder_gives_mean_costs_back() -> None:
    rng = np.random.default_rng(3)
    sizes = np.geomspace(1e4, 1e7, 20)
    books = []
    for _ in range(30):
        price = 1e4 * (1.0 - 1e-5 - np.cumsum(rng.exponential(1e-6, 4000)))
        books.append(walk_cost(price, rng.exponential(1.0, 4000), 1e4, sizes))
    cost = np.mean(books, axis=0)
    rule, depth = fit_book_walk(sizes, cost)
    assert depth == pytest.approx(sizes[-1] / (2.0 * cost[-1]))
    assert rule.half_spread > 1e-5
    # Half spread and levels multiply instead of adding up: a difference of their product.
    np.testing.assert_allclose(law_costs("book_walk", sizes, cost, sizes), cost, rtol=1e-3)


def test_one_number_laws_find_their_own_number() -> None:
    sizes = np.geomspace(1e4, 1e7, 9)
    line, root = sizes / (2.0 * 5e9), (2.0 / 3.0) * 0.02 * np.sqrt(sizes / 1e10)
    assert fit_coefficient(sizes, line) == pytest.approx(1e-10, rel=1e-12)
    np.testing.assert_allclose(law_costs("linear", sizes, line, sizes), line, rtol=2e-3)
    np.testing.assert_allclose(law_costs("square_root", sizes, root, sizes), root, rtol=1e-9)


def test_least_squares_are_of_relative_errors() -> None:
    # Shapes 1 and 1 against costs 1 and 2: a = (1 + 1/2) / (1 + 1/4) = 1.2.
    assert fit_coefficient(np.ones(2), np.array([1.0, 2.0])) == pytest.approx(1.2)


def test_levels_at_one_price_are_one_level() -> None:
    sizes = np.array([100.0, 200.0, 300.0])
    rule, _ = fit_book_walk(sizes, np.array([1e-4, 1e-4, 2e-4]))
    # From 200 to 300: (300 x 2e-4 - 200 x 1e-4) / 100 = 4e-4, that is 3e-4 beyond the first.
    assert [level.distance for level in rule.bids] == pytest.approx([0.0, 3e-4])
    assert rule.bids[0].size == pytest.approx(2.0 * rule.bids[1].size)


def test_costs_that_fall_are_refused() -> None:
    with pytest.raises(InputError, match="do not rise"):
        fit_book_walk(np.array([1.0, 2.0, 3.0]), np.array([1e-3, 2e-3, 1e-3]))
