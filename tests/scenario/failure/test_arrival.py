"""When failures come: inversion of the exponential, and the bivariate law of Marshall and Olkin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.foundation.random import Stream, uniforms
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.failure.arrival import (
    NEVER,
    Arrival,
    Shock,
    arrival_seconds,
    drawn_seconds,
    first_step,
    whole_steps,
)

PATHS = 200_000


def _uniform(stream: Stream, count: int) -> np.ndarray:
    return uniforms(3, stream, np.arange(PATHS), np.array([1]), count)[:, 0]


def test_half_of_all_wait_longer_than_the_median() -> None:
    # P(T > t) = exp(-rate t): at rate ln 2 a year the median is one year, and U = 1/2 gives it.
    year = drawn_seconds(math.log(2.0), np.array([0.5]))
    assert year[0] == pytest.approx(SECONDS_PER_YEAR, rel=1e-12)


def test_common_shocks_give_the_law_of_marshall_and_olkin() -> None:
    a, b, s, t = 0.5, 1.0, 2.0, 0.3
    failures = [Arrival(rate_per_year=a, shock="news"), Arrival(rate_per_year=b, shock="news")]
    shocks = [Shock(name="news", rate_per_year=s)]
    own, common = _uniform(Stream.FAILURE, 4), _uniform(Stream.FAILURE_SHOCK, 1)
    years = arrival_seconds(failures, shocks, own, common) / SECONDS_PER_YEAR
    survive = float(np.mean((years > t).all(axis=1)))
    # 4 standard errors of 200,000 paths.
    room = 4.0 * math.sqrt(0.25 / PATHS)
    assert abs(survive - math.exp(-(a + b + s) * t)) < room
    # Both at once with P = s / (a + b + s): only the shock can do that.
    together = float(np.mean(years[:, 0] == years[:, 1]))
    assert abs(together - s / (a + b + s)) < room
    assert abs(float(np.mean(years[:, 0] > t)) - math.exp(-(a + s) * t)) < room


def test_a_shock_is_followed_with_its_probability() -> None:
    failures = [Arrival(shock="news", shock_probability=0.25)]
    shocks = [Shock(name="news", at_seconds=60.0)]
    own, common = _uniform(Stream.FAILURE, 2), _uniform(Stream.FAILURE_SHOCK, 1)
    seconds = arrival_seconds(failures, shocks, own, common)[:, 0]
    assert set(np.unique(seconds)) == {60.0, math.inf}
    assert abs(float(np.mean(seconds == 60.0)) - 0.25) < 4.0 * math.sqrt(0.1875 / PATHS)


def test_times_become_steps() -> None:
    seconds = np.array([0.0, 59.0, 60.0, 61.0, 1e30, math.inf])
    assert first_step(seconds, 60.0).tolist() == [1, 1, 1, 2, NEVER, NEVER]
    assert (whole_steps(1.0, 60.0), whole_steps(120.0, 60.0), whole_steps(121.0, 60.0)) == (1, 2, 3)


@pytest.mark.parametrize("how", [{}, {"at_seconds": 1.0, "rate_per_year": 1.0}])
def test_a_failure_comes_one_way(how: dict[str, float]) -> None:
    with pytest.raises(InputError, match="at_seconds"):
        Arrival(**how)
    with pytest.raises(InputError, match="at_seconds"):
        Shock(name="news", **how)
