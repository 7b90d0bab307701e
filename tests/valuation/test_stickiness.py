"""The skew-stickiness ratio: known answers, its error against many worlds, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_chain import YEARS, exact_quotes

from seawall.foundation.errors import InputError
from seawall.market.surface import essvi_slice, slice_derivatives
from seawall.valuation.smile import Skew, Smile, SmileRule, shocked_volatility
from seawall.valuation.stickiness import Moves, money_of, skew_stickiness, stickiness_by_term

THETA = 0.25 * YEARS
SLICES = essvi_slice(THETA, np.full(5, -0.3), 0.8 * np.sqrt(THETA))


def moved(seed: int, ratio: float, noise: float) -> tuple[np.ndarray, ...]:
    """40 intervals x 5 expiries that move together, with common noise per interval."""
    random = np.random.default_rng(seed)
    interval = np.repeat(np.arange(40), 5)
    h = np.repeat(0.02 * random.normal(size=40), 5)
    skew = np.tile([-1.0, -0.6, -0.4, -0.3, -0.2], 40)
    change = ratio * skew * h + noise * np.repeat(random.normal(size=40), 5)
    return change, skew, h, interval


@pytest.mark.parametrize("ratio", [0.0, 1.0, 1.9])
def test_without_noise_the_ratio_is_exact(ratio: float) -> None:
    found = skew_stickiness(*moved(1, ratio, 0.0))
    assert found.ratio == pytest.approx(ratio, abs=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert (found.intervals, found.observations) == (40, 200)


def test_the_error_is_that_of_many_worlds() -> None:
    found = [skew_stickiness(*moved(seed, 1.5, 0.005)) for seed in range(300)]
    spread = float(np.std([f.ratio for f in found]))
    assert np.mean([f.ratio for f in found]) == pytest.approx(1.5, abs=3 * spread / np.sqrt(300))
    assert np.mean([f.error for f in found]) == pytest.approx(spread, rel=0.15)


def test_it_gives_back_the_rule_that_moved_the_smile() -> None:
    smile, shape = Smile(SmileRule.SKEW_STICKINESS, 1.7), Skew(0.6, -0.5)
    h = np.linspace(-0.01, 0.01, 20)
    own = shape.volatility(h, 0.1)
    after = shocked_volatility(smile, shape, np.exp(h), 1.0, 0.1, own, np.exp(h))
    found = skew_stickiness(after - 0.6, np.full(20, -0.5), h, np.arange(20))
    assert found.ratio == pytest.approx(1.7, abs=0.01)


def test_money_and_skew_are_read_off_the_quotes() -> None:
    for i, expiry in enumerate(exact_quotes(SLICES).expiries):
        money = money_of(expiry)
        assert money is not None
        w, slope, _ = (float(x) for x in slice_derivatives(SLICES.at(i), 0.0))
        level = np.sqrt(w / expiry.years)
        assert money.volatility == pytest.approx(level, rel=1e-3)
        assert money.skew == pytest.approx(slope / (2.0 * level * expiry.years), rel=0.03)


def test_too_few_moves_are_refused_or_left_open() -> None:
    change, skew, h, interval = moved(1, 1.0, 0.01)
    with pytest.raises(InputError, match="there are 3 intervals"):
        skew_stickiness(change[:15], skew[:15], h[:15], interval[:15])
    with pytest.raises(InputError, match="there are 0 intervals"):
        skew_stickiness([], [], [], [])
    with pytest.raises(InputError, match="neither skew nor spot"):
        skew_stickiness(change, 0.0 * skew, h, interval)
    terms = stickiness_by_term(Moves(change, skew, h, interval, np.full(200, 30.0)))
    assert [term.fitted is None for term in terms] == [True, False, True, False]
