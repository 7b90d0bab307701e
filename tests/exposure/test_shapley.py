"""Shapley values: games whose values are known in closed form, exact and by sampled orders."""

from __future__ import annotations

from itertools import permutations
from math import factorial, sqrt

import numpy as np
import pytest

from seawall.exposure.shapley import along, coalitions, exact, from_orders, orders, sampled
from seawall.foundation.errors import InputError


def _glove(members: np.ndarray) -> np.ndarray:
    """Player 0 has a left glove, 1 and 2 a right one each; a pair is worth 1."""
    return np.where(members[..., 0] & (members[..., 1] | members[..., 2]), 1.0, 0.0)


def _airport(members: np.ndarray) -> np.ndarray:
    """A runway costs what its longest user needs: 1, 2, 4, 7."""
    needs = np.array([1.0, 2.0, 4.0, 7.0])
    return np.where(members, needs, 0.0).max(axis=-1)


def test_glove_game() -> None:
    # 0 comes after one of the others in 4 of 6 orders; 1 completes the pair in (0, 1, 2) only.
    assert exact(_glove(coalitions(3))) == pytest.approx([4 / 6, 1 / 6, 1 / 6], abs=1e-15)


def test_airport_game() -> None:
    # Each stretch is shared by those who need it: 1/4; + 1/3; + 2/2; + 3/1.
    want = [1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1, 1 / 4 + 1 / 3 + 1 + 3]
    assert exact(_airport(coalitions(4))) == pytest.approx(want, abs=1e-14)


def test_additive_game_gives_everybody_its_own() -> None:
    own = np.array([3.0, -1.0, 0.5, 0.0, 2.0])
    assert exact(coalitions(5) @ own) == pytest.approx(own, abs=1e-14)


def test_two_independent_hazards() -> None:
    # v(1) = q1, v(2) = q2, v(12) = q1 + q2 - q1 q2: each loses half of what they share.
    q1, q2 = 0.1, 0.03
    got = exact(np.array([0.0, q1, q2, q1 + q2 - q1 * q2]))
    assert got == pytest.approx([q1 - q1 * q2 / 2, q2 - q1 * q2 / 2], abs=1e-16)


def test_any_game_equals_the_mean_over_all_orders_and_sums_to_the_whole() -> None:
    values = np.random.default_rng(5).normal(size=(16, 3))
    slow = np.zeros((4, 3))
    for order in permutations(range(4)):
        code = 0
        for player in order:
            slow[player] += values[code | 1 << player] - values[code]
            code |= 1 << player
    got = exact(values)
    assert got == pytest.approx(slow / factorial(4), abs=1e-14)
    assert got.sum(axis=0) == pytest.approx(values[-1] - values[0], abs=1e-14)


def test_no_power_of_two_and_too_many_players_are_refused() -> None:
    with pytest.raises(InputError, match="6 values of coalitions"):
        exact(np.zeros(6))
    with pytest.raises(InputError, match="40 players"):
        coalitions(40)


def test_orders_are_permutations_with_their_reverses_and_do_not_depend_on_the_subset() -> None:
    rank = orders(5, np.arange(50), 2, seed=3)
    assert rank.shape == (4, 50, 5)
    assert np.array_equal(np.sort(rank, axis=2), np.broadcast_to(np.arange(5), rank.shape))
    assert np.array_equal(rank[2:], 4 - rank[:2])
    assert not np.array_equal(rank[0], rank[1])
    assert np.array_equal(orders(5, np.array([7, 31]), 2, seed=3), rank[:, [7, 31]])


def test_every_order_comes_equally_often() -> None:
    rank = orders(3, np.arange(60_000), 1, seed=1)[0]
    counts = np.bincount(rank @ np.array([9, 3, 1]), minlength=27)
    counts = counts[counts > 0]
    # Six orders, 10,000 each with standard deviation sqrt(60,000 x 1/6 x 5/6) = 91; 5 of them.
    assert counts.size == 6
    assert np.abs(counts - 10_000).max() < 5 * 91


def test_marginal_contributions_along_given_orders() -> None:
    # One path, orders (2, 0, 1) and its reverse (1, 0, 2) of the glove game: 2 and 0 make the pair
    # in the first, 1 and 0 in the second; 0 comes second both times and gets both.
    rank = np.array([[[1, 2, 0]], [[1, 0, 2]]])
    between = _glove(along(rank))
    got = from_orders(rank, np.zeros(1), between, np.ones(1))
    assert got[:, 0].tolist() == [1.0, 0.0, 0.0]


def test_sampled_values_sum_exactly_on_every_path_and_meet_the_exact_ones() -> None:
    paths = np.arange(4_000)
    game = np.random.default_rng(8).normal(size=64)

    def value(members: np.ndarray) -> np.ndarray:
        return game[members @ (1 << np.arange(6))]

    got = sampled(6, paths, 1, 11, value)
    assert got.sum(axis=0) == pytest.approx(np.full(4_000, game[-1] - game[0]), abs=1e-12)
    want = exact(game)
    error = got.std(axis=1, ddof=1) / sqrt(paths.size)
    assert (np.abs(got.mean(axis=1) - want) < 4.5 * error).all()
    # Without the reverses the spread is larger: what pairs are for, on a game that is nearly
    # additive plus interactions of two.
    pairs = np.random.default_rng(9).normal(size=(6, 6))

    def two(members: np.ndarray) -> np.ndarray:
        return np.einsum("cpi,ij,cpj->cp", members, pairs, members.astype(float))

    assert sampled(6, paths, 1, 11, two).std(axis=1) == pytest.approx(np.zeros(6), abs=1e-12)


def test_one_player_takes_it_all() -> None:
    got = sampled(1, np.arange(3), 1, 1, lambda members: np.where(members[..., 0], 2.0, 0.5))
    assert got.tolist() == [[1.5, 1.5, 1.5]]
