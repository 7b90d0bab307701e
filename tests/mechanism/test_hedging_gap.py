"""The hedging gap against closed forms: zero where it must be, the right size elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import INFINITE, Trader, coin, perpetual, perpetuals_venue, run_case, tiny_case

from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.mechanism import hedging_theory as theory
from seawall.mechanism.hedging_gap import PARTS, Hedge, gap_parts, hedging_gap
from seawall.scenario.paths import exogenous_paths
from seawall.valuation.black import greeks

CALM = Scenario(recovery_seconds=1.0, permanent_share=0.0)
VOLATILITY, DAYS = 0.6, 30.0
YEARS = DAYS / 365.0


def market(book: float = INFINITE, **mechanisms: object) -> Case:
    case = tiny_case(
        [Trader("perps", (), {"USD": 1.0})],
        [perpetual("BTC-PERP", "BTC")],
        {"perps": perpetuals_venue()},
        {"BTC": coin(100.0, book, VOLATILITY)},
        scenario=CALM,
    )
    return replace(case, market=replace(case.market, mechanisms=mechanisms))


def sold(steps: int, cost: float = 0.0, **more: float) -> Hedge:
    """Calls on one unit at the money."""
    return Hedge("BTC", 100.0, days=DAYS, steps=steps, cost=cost, **more)


def near(value: float, truth: float, sample: np.ndarray, share: float) -> None:
    """Within three standard errors of a mean and ``share`` of the truth."""
    error = 3.0 * sample.std(ddof=1) / np.sqrt(sample.size)
    assert abs(value - truth) <= error + share * abs(truth), (value, truth, error)


def test_without_cost_and_with_infinite_depth_only_discretisation_is_left() -> None:
    parts = gap_parts(market(), sold(40), paths=200, seed=3)
    for name in ("band", "cost", "impact", "thinning"):
        assert np.all(parts[name] == 0.0), name
    assert parts["discretisation"].std() > 0.0


@pytest.mark.slow
def test_discretisation_goes_to_zero_with_the_root_of_the_step() -> None:
    deviation = {}
    for steps in (16, 64, 256):
        parts = gap_parts(market(), sold(steps), paths=1500, seed=4)
        error = parts["discretisation"]
        deviation[steps] = error.std(ddof=1)
        truth = theory.discretisation_deviation(100.0, 100.0, YEARS, VOLATILITY, steps)
        # A standard deviation of 1,500 numbers with heavy tails (kurtosis about 6) has a relative
        # error of about sqrt((6 - 1) / 1500) / 2 = 3%; the formula is the limit of small steps.
        assert deviation[steps] == pytest.approx(truth, rel=0.09)
        near(error.mean(), 0.0, error, 0.0)
    assert deviation[16] / deviation[64] == pytest.approx(2.0, rel=0.12)
    assert deviation[64] / deviation[256] == pytest.approx(2.0, rel=0.12)


def test_costs_are_lelands() -> None:
    for steps in (16, 64):
        parts = gap_parts(market(), sold(steps, cost=1e-3), paths=300, seed=5)
        truth = -theory.cost_mean(100.0, 100.0, YEARS, VOLATILITY, steps, 1e-3)
        near(parts["cost"].mean(), truth, parts["cost"], 0.02)
        # Without a band the trades are those of the free run.
        assert np.abs(parts["band"]).max() < 1e-9


def test_impact_that_is_gone_at_the_next_trade_costs_half_of_flow_squared_over_depth() -> None:
    means = []
    for depth in (1e5, 1e6):
        parts = gap_parts(market(depth), sold(64), paths=300, seed=6)
        truth = -theory.impact_mean(100.0, 100.0, YEARS, VOLATILITY, depth, 1.0)
        near(parts["impact"].mean(), truth, parts["impact"], 0.04)
        assert np.all(parts["thinning"] == 0.0)
        means.append(parts["impact"].mean())
    # Ten times the depth, a tenth of the cost: zero at infinite depth.
    assert means[0] / means[1] == pytest.approx(10.0, rel=0.02)


def test_thinning_is_a_part_of_its_own() -> None:
    depth = {"thinning": 2.0, "refill_seconds": 86_400.0}
    calm = gap_parts(market(1e5), sold(32, 1e-4), paths=40, seed=7)
    thin = gap_parts(market(1e5, depth=depth), sold(32, 1e-4), paths=40, seed=7)
    for name in PARTS[:-1]:
        np.testing.assert_array_equal(calm[name], thin[name], name)
    assert np.all(calm["thinning"] == 0.0)
    assert np.count_nonzero(thin["thinning"]) > 20


def test_parts_add_up_to_the_gap_of_the_whole_run() -> None:
    from seawall.mechanism.hedging_gap import _results

    case = market(1e5, depth={"thinning": 1.0, "refill_seconds": 3600.0})
    hedge = sold(50, 1e-3, band=5.0)
    parts = gap_parts(case, hedge, paths=60, seed=8)
    whole, _ = _results(case, hedge, 1.0, 60, 8, thins=True)
    np.testing.assert_allclose(sum(parts[name] for name in PARTS), whole, atol=1e-10)
    found = hedging_gap(case, hedge, paths=60, seed=8)
    assert found["gap"]["mean"]["value"] == pytest.approx(whole.mean(), abs=1e-10)
    assert found["gap"]["mean"]["low"] < whole.mean() < found["gap"]["mean"]["high"]


def test_a_cost_of_nothing_is_not_shown_as_minus_nothing() -> None:
    found = hedging_gap(market(), sold(4, 0.0), paths=4, seed=8)
    assert str(found["closed_forms"]["cost_mean_without_band"]) == "0.0"
    assert str(found["closed_forms"]["impact_mean_without_memory"]) == "0.0"


@pytest.mark.slow
def test_a_band_saves_cost_and_adds_risk() -> None:
    """Whalley and Wilmott's band: fewer costs than at every step, and a wider result."""
    plain = gap_parts(market(), sold(128, 2e-3), paths=150, seed=9)
    banded = gap_parts(market(), sold(128, 2e-3, risk_aversion=0.5), paths=150, seed=9)
    assert banded["cost"].mean() > plain["cost"].mean()
    ended = [sum(parts[name] for name in PARTS) for parts in (plain, banded)]
    saved = ended[1] - ended[0]
    assert saved.mean() > 3.0 * saved.std(ddof=1) / np.sqrt(saved.size)


def test_cost_of_a_band_is_that_of_reflected_brownian_motion() -> None:
    # Constant cash gamma G, band h: cost rate c sigma^2 G^2 / (2 h), h widened by 0.5826 G sigma
    # sqrt(dt) because the edge is looked at once a step (Broadie, Glasserman and Kou).
    gamma, band, cost, steps, paths = 100.0, 1.0, 1e-3, 400, 200
    pocket = {"asset": "BTC", "gamma_per_percent": gamma / 100.0}
    slot = {"rule": "profile", "venue": "perps", "pockets": [pocket], "cost": cost, "band": band}
    case = replace(market(hedgers=slot), step_seconds=600.0)
    names = case.book.assets
    exogenous = exogenous_paths(
        case.market, names, step_seconds=600.0, steps=steps, paths=np.arange(paths), seed=10
    )
    _, _, state = run_case(case, exogenous)
    memory = state.market_agents.hedgers
    assert memory is not None
    years = steps * 600.0 / (365.0 * 86_400.0)
    edge = band + 0.5826 * gamma * VOLATILITY * np.sqrt(years / steps)
    # They start in the middle: d(X^2) = G^2 sigma^2 dt - 2 h dL, and E X^2 comes to h^2 / 3.
    truth = cost * (VOLATILITY**2 * gamma**2 * years - edge**2 / 3.0) / (2.0 * edge)
    near(memory.costs.mean(), truth, memory.costs[:, 0], 0.05)


@pytest.mark.slow
def test_squared_gamma_by_brute_force() -> None:
    # The integral over time and price, by simple sums, against the closed form in one variable.
    spot, strike = 100.0, 110.0
    times = (np.arange(400) + 0.5) / 400 * YEARS
    z = np.linspace(-9.0, 9.0, 2001)
    weight = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * (z[1] - z[0])
    total = 0.0
    for t in times:
        price = spot * np.exp(-0.5 * VOLATILITY**2 * t + VOLATILITY * np.sqrt(t) * z)
        gamma = greeks(price, strike, YEARS - t, VOLATILITY, True).gamma
        total += float(np.sum(weight * (price**2 * gamma) ** 2)) * YEARS / times.size
    # The midpoint rule misses a share of about 0.6 sqrt(1 / 400) at the singularity.
    assert theory.squared_gamma(spot, strike, YEARS, VOLATILITY) == pytest.approx(total, rel=0.03)
    # At the money, Kamal and Derman: sqrt(pi / 4) vega sigma / sqrt(N), but for m.
    vega = float(greeks(100.0, 100.0, YEARS, VOLATILITY, True).vega)
    rule = np.sqrt(np.pi / 4.0) * vega * VOLATILITY / np.sqrt(50)
    exact = theory.discretisation_deviation(100.0, 100.0, YEARS, VOLATILITY, 50)
    assert exact == pytest.approx(rule, rel=0.01)


def test_unknown_asset_and_missing_book_are_refused() -> None:
    with pytest.raises(InputError, match="asset 'BTX'"):
        hedging_gap(market(), Hedge("BTX", 1.0), paths=2, seed=1)
    lender = replace(market(), rulebooks={})
    with pytest.raises(InputError, match="no venue with an order book"):
        hedging_gap(lender, Hedge("BTC", 1.0), paths=2, seed=1)
