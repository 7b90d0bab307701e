"""Taking the crowd out of history undoes, bar for bar, a plain loop that put it in."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.diffusion import fit_diffusion
from seawall.scenario.fit.exogenous import CrowdResponse, exogenous_prices, with_prior_error
from seawall.scenario.fit.prices import Prices, returns_of

Floats = NDArray[np.float64]
SECONDS = 300
BARS = 12


def with_crowd(exogenous: Floats, response: CrowdResponse) -> Floats:
    """Total log-prices (t,): each bar impact decays, the price moves, and orders of those between
    the old and the new extreme move it on until nobody is left: n + n^2 + ... = n / (1 - n).
    """
    keep = exp(-SECONDS / response.recovery_seconds)
    temporary = permanent = low = high = 0.0
    total = np.empty(exogenous.size)
    for t, x in enumerate(exogenous):
        temporary *= keep
        p = x + temporary + permanent
        if t % round(response.renewal_seconds / SECONDS) == 0:
            low = high = p
        flow = 0.0
        if p < low:
            flow = -response.branching / (1.0 - response.branching) * (low - p)
            low = p + flow
        elif p > high:
            flow = response.branching / (1.0 - response.branching) * (p - high)
            high = p + flow
        temporary += (1.0 - response.permanent_share) * flow
        permanent += response.permanent_share * flow
        total[t] = x + temporary + permanent
    return total


def prices(log_price: Floats) -> Prices:
    times = np.arange(log_price.shape[0]) * SECONDS
    return Prices(("X",), SECONDS, times, np.exp(log_price).reshape(-1, 1))


@pytest.mark.parametrize("n", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("permanent", [0.0, 0.3, 1.0])
def test_it_undoes_a_plain_loop(n: float, permanent: float) -> None:
    random = np.random.default_rng(1)
    exogenous = np.r_[0.0, np.cumsum(0.01 * random.standard_normal(200))]
    response = CrowdResponse(n, 1_800.0, permanent, BARS * SECONDS)
    total = with_crowd(exogenous, response)
    found = np.log(exogenous_prices(prices(total), response).close[:, 0])
    np.testing.assert_allclose(found, exogenous, atol=1e-12)
    assert (np.ptp(total - exogenous) > 0.01) == (n > 0.0)


def test_a_hand_worked_fall_and_its_recovery() -> None:
    """n = 1/2, impact gone in one bar but for e^-1: -1% exogenous is seen as -2%, then the price
    comes back to -1% - 1% e^-1 while the world stands still.
    """
    response = CrowdResponse(0.5, SECONDS, 0.0, BARS * SECONDS)
    seen = np.array([0.0, -0.02, -0.01 - 0.01 * exp(-1.0)])
    found = np.log(exogenous_prices(prices(seen), response).close[:, 0])
    np.testing.assert_allclose(found, [0.0, -0.01, -0.01], atol=1e-15)


def test_beyond_reach_nobody_is_left() -> None:
    response = CrowdResponse(0.5, 1e12, 1.0, BARS * SECONDS, reach=0.02)
    found = np.log(exogenous_prices(prices(np.array([0.0, -0.05])), response).close[:, 0])
    # Orders of 2% x n only: 1% of the 5% was theirs.
    np.testing.assert_allclose(found, [0.0, -0.04], atol=1e-12)


def test_missing_bars_stay_missing() -> None:
    log_price = np.log(np.array([1.0, 0.98, np.nan, 0.97, 0.99]))
    found = exogenous_prices(prices(log_price), CrowdResponse(0.5)).close[:, 0]
    np.testing.assert_array_equal(np.isnan(found), [False, False, True, False, False])


def test_the_error_of_n_goes_into_the_error_of_volatility() -> None:
    random = np.random.default_rng(2)
    total = prices(np.cumsum(0.01 * random.standard_normal(3_000)))
    response = CrowdResponse(0.5, renewal_seconds=BARS * SECONDS)
    fitted = fit_diffusion(returns_of(exogenous_prices(total, response)))
    wider = with_prior_error(fitted, total, response, 0.15)
    assert wider.volatility["X"].value == fitted.volatility["X"].value
    assert wider.volatility["X"].error > 1.5 * fitted.volatility["X"].error
    same = with_prior_error(fitted, total, response, 0.0)
    assert same.volatility == fitted.volatility


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="n from 0 to below 1"):
        CrowdResponse(1.0)
    with pytest.raises(InputError, match="renewed every 300 s"):
        exogenous_prices(prices(np.zeros(10)), CrowdResponse(0.5, renewal_seconds=300.0))
