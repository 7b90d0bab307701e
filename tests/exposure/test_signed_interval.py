"""The interval of a mean of either sign: ends by hand, and how often it holds the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seawall.exposure.shapley import exact
from seawall.exposure.signed_interval import Mean, mean_of, reach_squared, signed_interval

NONE = np.zeros(100, dtype=np.int64)


def of(values: np.ndarray, share: float = 1.0) -> Mean:
    found = mean_of(values, np.zeros(values.size, dtype=np.int64), 1.0, share)
    assert found is not None
    return found


def test_nothing_seen_is_not_nothing() -> None:
    """The exact one-sided 97.5% bound of a count of none is 3.689 (a gamma number of shape 1)."""
    low, high = signed_interval([of(np.zeros(100))])
    assert (low, high) == (pytest.approx(-0.03689, abs=1e-5), pytest.approx(0.03689, abs=1e-5))


def test_ends_by_hand() -> None:
    """Ten of 100 above, none below: Garwood's interval of a count of 10 is 4.795 to 18.39.

    The variance of the mean is .1 x .9 / 99 here, not .1 / 100, which moves the lower end to
    gamma(11, 0.025) / 110 = 4.99%; up: one more path, mean 0.11 and variance 0.00101, so
    gamma(11.99, 0.975) x 0.00917 = 18.04%. Below nothing was seen: 3.689 / 100 more downwards,
    sqrt(0.0501^2 + 0.0369^2) = 6.2% below the mean of 10%.
    """
    values = np.zeros(100)
    values[:10] = 1.0
    low, high = signed_interval([of(values)])
    assert low == pytest.approx(0.10 - 0.0622, abs=5e-4)
    assert high == pytest.approx(0.1804, abs=5e-4)
    turned = signed_interval([of(-values)])
    assert turned == (pytest.approx(-high), pytest.approx(-low))


def test_ends_put_together_by_hand() -> None:
    """3 and 4 reach 5 where the means know nothing of each other, 7 where one rises as the other
    falls: the ends of both are then reached at once.
    """
    assert math.sqrt(reach_squared(3.0, 4.0, 0.0)) == 5.0
    assert math.sqrt(reach_squared(3.0, 4.0, 1.0)) == 7.0
    assert reach_squared(3.0, 4.0, 0.5) == 9.0 + 16.0 + 12.0


def test_a_share_of_a_mean_shrinks_its_interval_alike() -> None:
    values = np.r_[np.ones(5), -np.ones(2), np.zeros(93)]
    whole, half = signed_interval([of(values)]), signed_interval([of(values, 0.5)])
    assert half == (pytest.approx(0.5 * whole[0]), pytest.approx(0.5 * whole[1]))
    assert mean_of(values, NONE, 1.0, 0.0) is None and mean_of(values[:0], NONE[:0], 1.0) is None


def two_hazards(rng: np.random.Generator, paths: int, p: float, q: float, r: float) -> np.ndarray:
    """Shapley values (2, paths) of a path's game: hazard 1 with p, hazard 2 with q, and a third
    that either cures, with r: v(none) = C, v(1) = A, v(2) = B, v(both) = A or B.
    """
    a, b, c = (rng.random(paths) < chance for chance in (p, q, r))
    return exact(np.stack([c, a, b, a | b]).astype(float))


def truth_of(p: float, q: float, r: float) -> tuple[float, float]:
    """v(1) - v(none) = p - r and v(both) - v(2) = p (1 - q), averaged; and the other way round."""
    return (p - r + p * (1.0 - q)) / 2.0, (q - r + q * (1.0 - p)) / 2.0


GAMES = ((0.2, 0.1, 0.05), (0.05, 0.02, 0.02), (0.01, 0.005, 0.0), (0.3, 0.3, 0.3), (0.0, 0.1, 0.1))


def coverage(seeds: int, paths: int, game: tuple[float, float, float]) -> tuple[float, float]:
    truth, held = truth_of(*game), np.zeros(2)
    for seed in range(seeds):
        phi = two_hazards(np.random.default_rng([seed, paths]), paths, *game)
        for j in (0, 1):
            low, high = signed_interval([of(phi[j])])
            held[j] += low <= truth[j] <= high
    return held[0] / seeds, held[1] / seeds


@pytest.mark.parametrize("game", GAMES)
def test_it_holds_the_truth_of_two_hazards(game: tuple[float, float, float]) -> None:
    """200 seeds: 95% less three standard errors."""
    assert min(coverage(200, 100, game)) >= 0.904


@pytest.mark.slow
@pytest.mark.parametrize("paths", [100, 400, 2_000])
@pytest.mark.parametrize("game", GAMES)
def test_it_holds_the_truth_over_2000_seeds(game: tuple[float, float, float], paths: int) -> None:
    """Never below 93.5%; conservative where few paths were seen (predicted: up to 100%)."""
    found = coverage(2_000, paths, game)
    print(game, paths, found)
    assert min(found) >= 0.935
