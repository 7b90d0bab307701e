"""Laws of the next loss against closed forms, and slices against their own quantiles."""

import numpy as np
import pytest
from scipy import stats

from seawall.exposure.tail.law import BASE, SLICES, TailLaw, slice_at
from seawall.exposure.tail.methods import METHODS
from seawall.exposure.tail.scale import scale
from seawall.foundation.errors import InputError


def _last(method, losses, level):
    law = METHODS[method](losses, np.ones(losses.size), losses.size - 1)
    return law.value_at_risk(level)[-1], law.expected_shortfall(level)[-1]


def test_the_normal_law_has_the_quantile_and_the_shortfall_of_a_normal():
    losses = np.r_[np.tile([-1.0, 1.0], 200), 0.0]
    for level in (0.95, 0.975, 0.99):
        z = stats.norm.ppf(level)
        risk, shortfall = _last("normal", losses, level)
        assert risk == pytest.approx(z, rel=1e-12)
        assert shortfall == pytest.approx(stats.norm.pdf(z) / (1.0 - level), rel=1e-9)


def test_the_student_law_has_the_shortfall_of_a_student():
    rng = np.random.default_rng(3)
    losses = rng.standard_t(6, 2001)
    past = losses[:2000]
    kurtosis = np.mean(past**4) / np.mean(past**2) ** 2
    law = stats.t(4.0 + 6.0 / (kurtosis - 3.0))
    unit = np.sqrt(np.mean(past**2)) / law.std()
    risk, shortfall = _last("student", losses, 0.99)
    assert risk == pytest.approx(unit * law.ppf(0.99), rel=2e-3)
    truth = law.expect(lambda x: x, lb=law.ppf(0.99), conditional=True)
    assert shortfall == pytest.approx(unit * truth, rel=4e-3)


def test_the_pareto_law_recovers_a_pareto_tail():
    tail = stats.genpareto(0.25, scale=2.0)
    losses = np.r_[tail.ppf((np.arange(20000) + 0.5) / 20000), 0.0]
    risk, shortfall = _last("extreme_value", losses, 0.99)
    assert risk == pytest.approx(tail.ppf(0.99), rel=0.01)
    truth = tail.expect(lambda x: x, lb=tail.ppf(0.99), conditional=True)
    assert shortfall == pytest.approx(truth, rel=0.02)


def test_order_statistics_by_hand():
    # 99 losses 1 .. 99: a new one exceeds the k-th smallest with probability 1 - k / 100, so the
    # value at risk at 95% is the 95th. Beyond it lie 96, 97, 98, 99 with 1/100 each and "beyond
    # the largest", told as 99, with 1/100: the shortfall is (96 + 97 + 98 + 99 + 99) / 5 = 97.8.
    losses = np.r_[np.arange(1.0, 100.0), 0.0]
    risk, shortfall = _last("historical", losses, 0.95)
    assert risk == 95.0
    assert shortfall == pytest.approx(97.8, rel=1e-12)


def test_the_historical_method_is_exceeded_as_often_as_it_says():
    rng = np.random.default_rng(5)
    losses = rng.standard_normal(40_000)
    law = METHODS["historical"](losses, np.ones(losses.size), 250)
    hit = losses[250:] > law.value_at_risk(0.99)[250:]
    # Hits share windows, hardly anything else: 5 standard errors of independent ones are ample.
    assert abs(hit.mean() - 0.01) < 5.0 * np.sqrt(0.01 * 0.99 / hit.size)


@pytest.mark.parametrize("method", METHODS)
def test_a_law_knows_the_past_only(method):
    rng = np.random.default_rng(6)
    losses = rng.standard_t(4, 400)
    size = scale(losses**2, 0.94)
    whole = METHODS[method](losses, size, 250)
    changed = losses.copy()
    changed[300:] *= 7.0
    other = METHODS[method](changed, scale(changed**2, 0.94), 250)
    np.testing.assert_array_equal(whole.slices[:301], other.slices[:301])
    assert np.all(np.isnan(whole.slices[:250]))
    assert np.all(np.isfinite(whole.slices[250:]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("periods", [1, 30, 125])
def test_a_history_shorter_than_the_window_says_nothing(method, periods):
    losses = np.random.default_rng(8).standard_normal(periods)
    law = METHODS[method](losses, np.ones(periods), 125)
    assert law.quantile.shape == law.slices.shape == (periods, SLICES)
    assert np.all(np.isnan(law.quantile)) and np.all(np.isnan(law.slices))


@pytest.mark.parametrize("method", METHODS)
def test_slices_rise_and_lie_between_their_edges(method):
    losses = np.random.default_rng(8).standard_t(4, 300)
    law = METHODS[method](losses, np.ones(300), 250)
    assert np.all(np.diff(law.slices[-1]) >= -1e-9)
    assert np.all(law.slices[-1] >= law.quantile[-1] - 1e-9)
    assert np.all(law.slices[-1, :-1] <= law.quantile[-1, 1:] + 1e-9)


def test_losses_scale_with_their_scale():
    losses = np.random.default_rng(9).standard_t(5, 300)
    for method in METHODS.values():
        one = method(losses, np.ones(300), 250).slices[-1]
        ten = method(10.0 * losses, np.full(300, 10.0), 250).slices[-1]
        np.testing.assert_allclose(ten, 10.0 * one, rtol=1e-9)


def test_the_scale_by_hand():
    # Variances 4, 0, 0 with memory 1/2 begin at their mean 4/3:
    # 4/3; then (4/3 + 4) / 2 = 8/3; then (8/3 + 0) / 2 = 4/3.
    np.testing.assert_allclose(
        scale(np.array([4.0, 0.0, 0.0]), 0.5), np.sqrt([4 / 3, 8 / 3, 4 / 3]), rtol=1e-12
    )


def test_a_drawn_loss_comes_from_the_slice_of_its_number():
    slices = np.arange(SLICES, dtype=float)[None] + 1.0
    law = TailLaw(slices - 0.5, slices)
    uniform = np.array([[0.5], [BASE + 1e-9], [0.99 + 1e-9], [1.0 - 1e-12]])
    np.testing.assert_array_equal(
        law.drawn(uniform)[:, 0], [0.0, 1.0, slice_at(0.99) + 1.0, SLICES]
    )


def test_a_level_between_two_slices_is_refused():
    with pytest.raises(InputError, match=r"0\.99"):
        slice_at(0.98765)
    with pytest.raises(InputError):
        slice_at(0.5)
