"""Heavy tails: closed forms against SciPy, tail index recovered, steps that come together."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scenario_markets import CORRELATION, HOUR, draw, of_model, returns
from scipy import integrate, stats

from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.heavy_tail import (
    HeavyTail,
    _mean_excess,
    quantiles,
    standard,
    student_tails,
)

LAWS = [
    HeavyTail(left_index=2.5, right_index=5.0),
    HeavyTail(left_index=3.0, right_index=3.0, left_share=0.1, right_share=0.02),
    HeavyTail(left_index=4.0, right_index=20.0, left_scale=1.1, right_scale=0.2),
]


def quantile_by_scipy(law: HeavyTail, rank: float) -> float:
    """The same law from SciPy's normal and Pareto quantiles, before mean and variance."""
    for share, index, scale, side, sign in (
        (law.left_share, law.left_index, law.left_scale, rank, -1.0),
        (law.right_share, law.right_index, law.right_scale, 1.0 - rank, 1.0),
    ):
        if side < share:
            start = stats.norm.isf(share)
            wide = share / stats.norm.pdf(start) if scale is None else scale
            return sign * float(start + stats.genpareto.isf(side / share, 1.0 / index, scale=wide))
    return float(stats.norm.ppf(rank))


@pytest.mark.parametrize("law", LAWS)
def test_quantiles_are_normal_within_and_pareto_beyond(law: HeavyTail) -> None:
    rank = np.array([1e-9, 1e-4, 0.01, 0.03, 0.2, 0.5, 0.8, 0.97, 0.999, 1.0 - 1e-7])
    shape = standard(law)
    raw = np.array([quantile_by_scipy(law, float(u)) for u in rank])
    want = (raw - shape.mean) / shape.deviation
    assert np.allclose(quantiles(shape, rank, 1.0 - rank), want, rtol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS[1:])
def test_mean_and_variance_in_closed_form(law: HeavyTail) -> None:
    shape = standard(law)

    def moment(power: int) -> float:
        parts = [0.0, law.left_share, 1.0 - law.right_share, 1.0]
        return sum(
            integrate.quad(lambda u: quantile_by_scipy(law, u) ** power, a, b, limit=500)[0]
            for a, b in pairwise(parts)
        )

    assert moment(1) == pytest.approx(shape.mean, abs=1e-5)
    # The integral of a square with index 3 converges slowly.
    loose = 2e-3
    assert moment(2) - shape.mean**2 == pytest.approx(shape.deviation**2, rel=loose)


@pytest.mark.parametrize("law", LAWS[::2])
@pytest.mark.parametrize("spread", [0.4])
def test_the_compensator_is_the_mean_of_the_held_law(law: HeavyTail, spread: float) -> None:
    shape = standard(law)

    def excess(u: float) -> float:
        move = spread * (quantile_by_scipy(law, u) - shape.mean) / shape.deviation
        return math.expm1(min(max(move, -1.0), 1.0))

    # Ranks by their logarithm in the tails, where the law is steep.
    tails = [
        integrate.quad(lambda x, s=s: excess(s(math.exp(-x))) * math.exp(-x), a, b, limit=400)[0]
        for s, p in ((lambda q: q, law.left_share), (lambda q: 1.0 - q, law.right_share))
        for a, b in ((-math.log(p), 8.0), (8.0, 16.0), (16.0, 34.0))
    ]
    middle = integrate.quad(excess, law.left_share, 1.0 - law.right_share, limit=400)[0]
    # 1 - exp(-x) loses the rank of the right tail beyond 1e-16: of no weight.
    assert _mean_excess(shape, spread, 1.0) == pytest.approx(sum(tails) + middle, abs=3e-8)


@pytest.mark.parametrize("freedom", [2, 4, 10, 60])
def test_students_law_in_closed_form(freedom: int) -> None:
    x = np.array([-400.0, -30.0, -4.0, -0.3, 0.0, 1e-3, 2.0, 8.0, 50.0])
    low, high = student_tails(x, freedom)
    law = stats.t(freedom)
    assert np.allclose(low, law.cdf(x), rtol=1e-9, atol=4e-16)
    assert np.allclose(high, law.sf(x), rtol=1e-9, atol=4e-16)


def hill(size: np.ndarray, largest: int) -> float:
    """Hill's estimate of the tail index from the largest sizes (Hill 1975)."""
    top = np.sort(size)[-largest - 1 :]
    return float(1.0 / np.log(top[1:] / top[0]).mean())


@pytest.mark.parametrize(("left", "right"), [(3.0, 6.0), (2.5, 2.5)])
def test_the_tail_index_is_recovered_left_and_right(left: float, right: float) -> None:
    market = of_model("heavy_tail", left_index=left, right_index=right, largest_move=3.0)
    move = returns(draw(market, paths=10_000, steps=30))[..., 0].ravel()
    for size, index in ((-move, left), (move, right)):
        # Above u + b alpha the law is Pareto in y + b alpha - u: Hill on sizes shifted to there.
        law = standard(HeavyTail(left_index=left, right_index=right))
        tail = law.left if size is not move else law.right
        unit = 0.5 * math.sqrt(HOUR / SECONDS_PER_YEAR) / law.deviation
        shift = tail.scale / tail.shape - tail.start
        sign = -1.0 if size is not move else 1.0
        scores = size / unit + sign * law.mean
        count = 3_000
        found = hill(scores + shift, count)
        assert abs(found - index) < 3.0 * index / math.sqrt(count)


def test_variance_is_the_stated_one_and_correlation_near_it() -> None:
    market = of_model("heavy_tail", left_index=5.0, right_index=6.0)
    move = returns(draw(market, 15_000, steps=10)).reshape(-1, 2)
    relative = move.std(axis=0) / (np.array([0.5, 0.8]) * math.sqrt(HOUR / SECONDS_PER_YEAR))
    assert np.all(np.abs(relative - 1.0) < 0.015)
    assert abs(np.corrcoef(move.T)[0, 1] - CORRELATION) < 0.03


def test_extreme_steps_come_together_as_a_t_copula_says() -> None:
    """Limit of P(one below its q-quantile | the other): 2 T_(nu+1)(-sqrt((nu+1)(1-r)/(1+r)));
    at q = 1e-3 somewhat above it. Independent normals' tie at 0: about q^(1/(1+r)).
    """
    shares = {}
    for freedom in (4, 20):
        market = of_model("heavy_tail", freedom=freedom)
        move = returns(draw(market, 10_000, steps=15)).reshape(-1, 2)
        low = move < np.quantile(move, 0.002, axis=0)
        shares[freedom] = (low.all(axis=1)).sum() / low[:, 0].sum()
    limit = 2.0 * stats.t(5).cdf(-math.sqrt(5.0 * 0.3 / 1.7))
    assert limit - 0.03 < shares[4] < limit + 0.12
    assert shares[20] < shares[4] - 0.08


def test_no_step_is_larger_than_the_largest_move() -> None:
    market = of_model("heavy_tail", left_index=2.1, right_index=2.1, largest_move=0.02)
    move = returns(draw(market, 8_000, steps=20))
    top = np.abs(move).max()
    assert 0.0199 < top < 0.0201


def test_without_ties_each_asset_goes_its_way_but_in_size() -> None:
    market = replace(of_model("heavy_tail", freedom=20), correlation={})
    move = returns(draw(market, 4_000, steps=20)).reshape(-1, 2)
    assert abs(np.corrcoef(move.T)[0, 1]) < 0.02
