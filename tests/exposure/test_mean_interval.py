"""The interval of a mean: ends by hand, what is not known, weights, and where `check` puts it."""

from __future__ import annotations

import numpy as np
import pytest
from test_weighted import impairment

from seawall.cascade.tape import NEVER
from seawall.exposure.curve import scope_curve
from seawall.exposure.mean_interval import mean_interval, weighted_mean_interval
from seawall.exposure.payers import PAYERS, who_pays
from seawall.exposure.weighted import PathWeights, weighted_curve


def test_ends_by_hand_without_skewness() -> None:
    """1, 2, 3: mean 2, standard deviation 1, Student's quantile with 2 degrees 4.302653."""
    apart = 4.302653 / 3.0**0.5
    assert mean_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0 - apart, 2.0 + apart))


def test_ends_by_hand_with_skewness() -> None:
    """0, 0, 0, 4: mean 1, deviation 2, error 1; Student's quantile with 3 degrees 3.182446. Sum of
    cubes -1 -1 -1 +27 = 24 over 12^1.5 is skewness 1 / sqrt 3 = 0.57735 of the mean, so
    g(z) = ((1 + 0.57735 z - 1/18)^(1/3) - 1) 3 / 0.57735:
    g(3.182446) = (2.781838^(1/3) - 1) 5.196152 = (1.406434 - 1) 5.196152 = 2.111893 and
    g(-3.182446) = (-0.892949^(1/3) - 1) 5.196152 = (-0.962966 - 1) 5.196152 = -10.199870.
    """
    low, high = mean_interval(np.array([0.0, 0.0, 0.0, 4.0]))
    assert (low, high) == (pytest.approx(1.0 - 2.1119, abs=1e-3), pytest.approx(11.1999, abs=1e-3))


def test_what_the_paths_do_not_show_is_not_known() -> None:
    for values in (np.zeros(0), np.array([7.0]), np.full(400, 3.0), np.zeros(400)):
        assert mean_interval(values) == (None, None)
        assert mean_interval(values, 0.0) == (0.0, None)


def test_what_cannot_be_below_zero_is_not() -> None:
    values = np.array([0.0, 0.0, 0.0, 4.0])
    assert mean_interval(values, 0.0) == (0.0, mean_interval(values)[1])
    high = np.array([10.0, 11.0, 12.0])
    assert mean_interval(high, 0.0) == mean_interval(high)


def test_the_other_way_round_is_the_mirror_image() -> None:
    values = np.random.default_rng(2).exponential(size=30)
    low, high = mean_interval(values)
    assert mean_interval(-values) == (pytest.approx(-high), pytest.approx(-low))  # type: ignore[operator]
    scaled = mean_interval(1e9 * values)
    assert scaled == (pytest.approx(1e9 * low), pytest.approx(1e9 * high))  # type: ignore[operator]


def test_equal_weights_of_one_stratum_are_plain_paths() -> None:
    values = np.random.default_rng(3).exponential(size=40)
    one = np.zeros(40, dtype=np.int64)
    # The paths that are not impaired say nothing of the loss of those that are.
    for paths in (40, 4_000):
        found = weighted_mean_interval(values, np.full(40, 0.2), one, paths)
        assert found == pytest.approx(mean_interval(values))


def test_what_lies_between_fixed_strata_is_no_error() -> None:
    """Two components that are impaired on all paths, at 1 and at 3: nothing is left to chance."""
    values, stratum = np.repeat([1.0, 3.0], 10), np.repeat([0, 1], 10)
    sizes = np.array([10, 10])
    assert weighted_mean_interval(values, np.ones(20), stratum, sizes) == (2.0, 2.0)
    low, high = mean_interval(values)
    assert low is not None and high is not None and low < 1.7 and high > 2.3


def test_one_path_of_nearly_all_the_weight_is_one_path() -> None:
    values = np.random.default_rng(4).exponential(size=40)
    weights = np.full(40, 1e-6)
    weights[3] = 1.0
    assert weighted_mean_interval(values, weights, np.zeros(40, dtype=np.int64), 40) == (None, None)


def test_the_curve_has_it_at_every_horizon() -> None:
    found = impairment()
    seconds = [3_600.0, 21_600.0, 86_400.0]
    curve = scope_curve(found, "desk", seconds, 3_600.0)
    for n, step in enumerate((1, 6, 24)):
        ends = mean_interval(found.loss_by(step)[found.step <= step])
        assert (curve["expected_loss_low"][n], curve["expected_loss_high"][n]) == ends
        assert ends[0] is not None and ends[1] is not None
        assert ends[0] < curve["expected_loss"][n] < ends[1]
    ones = PathWeights(np.ones((600, 25)), np.zeros(600, dtype=np.int64))
    weighted = weighted_curve(found, "desk", seconds, 3_600.0, ones)
    for key in ("expected_loss_low", "expected_loss_high"):
        assert weighted[key] == pytest.approx(curve[key])
    none = scope_curve(impairment(1), "venue", [0.0], 3_600.0)
    assert none["expected_loss_low"] == none["expected_loss_high"] == [None]


def test_payers_have_it_and_so_has_their_sum() -> None:
    """Two impaired paths of three: the account loses 1 and 3, the fund nothing, ADL 2 and 4."""
    found = impairment(3)
    step = np.array([1, NEVER, 2])
    borne = np.zeros((3, 5))
    borne[:, 3] = (2.0, 9.0, 4.0)
    one = type(found)(step, found.kind, found.unit, found.leg, found.by_kind, found.loss)
    paid = who_pays(borne, one, 5, np.array([1.0, 50.0, 3.0]))
    assert paid["who_pays"] == dict.fromkeys(PAYERS, 0.0) | {"account": 2.0, "adl": 3.0}
    assert paid["who_pays_loss"] == 5.0
    # Of two paths no skewness: 12.7062 x (half their distance).
    assert paid["who_pays_low"]["account"] == pytest.approx(2.0 - 12.7062, abs=1e-3)
    assert paid["who_pays_high"]["account"] == pytest.approx(2.0 + 12.7062, abs=1e-3)
    assert (paid["who_pays_low"]["adl"], paid["who_pays_low"]["fund"]) == (0.0, None)
    assert paid["who_pays_high"]["socialised"] is paid["who_pays_high"]["fund"] is None
    assert paid["who_pays_loss_high"] == pytest.approx(5.0 + 2.0 * 12.7062, abs=1e-3)
    always = mean_interval(np.array([1.0, 50.0, 3.0]))
    ends = [paid[f"who_pays_unconditional_{end}"]["account"] for end in ("low", "high")]
    assert tuple(ends) == always
    nobody = who_pays(borne, one, 0, np.zeros(3))
    assert nobody["who_pays_loss"] == 0.0
    assert set(nobody["who_pays_high"].values()) == {None} == {nobody["who_pays_loss_low"]}
