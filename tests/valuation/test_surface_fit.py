"""The fit against surfaces that are known, and its promise: no arbitrage, whatever the quotes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_chain import YEARS, chain_of, exact_quotes

from seawall.market.surface import VolatilitySurface, essvi_slice, slice_derivatives
from seawall.valuation import surface_fit
from seawall.valuation.surface_checks import check_surface
from seawall.valuation.surface_essvi import essvi_from, fit_essvi, stacked
from seawall.valuation.surface_fit import fit_surface, surface_of
from seawall.valuation.surface_penalty import (
    NUMBERS,
    normal_equations,
    numbers_from,
    problem_of,
    residual,
    slices_from,
)
from seawall.valuation.surface_quotes import SurfaceQuotes, usable_quotes
from seawall.valuation.surface_report import report_json, report_of

THETA = np.array([0.7, 0.6, 0.5, 0.45, 0.42]) ** 2 * YEARS
RHO = np.array([-0.35, -0.3, -0.25, -0.2, -0.15])
# SSVI: one rho, psi a power of theta (Gatheral and Jacquier 2014, section 4).
SSVI_RHO = np.full(5, -0.3)
SSVI_PSI = 0.8 * np.sqrt(THETA / (1.0 + THETA))
PSI = np.array([0.08, 0.14, 0.22, 0.35, 0.55])


@pytest.mark.parametrize(("rho", "psi"), [(SSVI_RHO, SSVI_PSI), (RHO, PSI)], ids=["SSVI", "eSSVI"])
def test_exact_quotes_give_the_surface_back(rho: np.ndarray, psi: np.ndarray) -> None:
    quotes = exact_quotes(essvi_slice(THETA, rho, psi))
    found = fit_essvi(quotes.expiries)
    assert found.theta == pytest.approx(THETA, rel=1e-6)
    assert found.rho == pytest.approx(rho, abs=1e-6)
    assert found.psi == pytest.approx(psi, rel=1e-6)
    fit = fit_surface(quotes)
    truth = essvi_slice(THETA, rho, psi).raw()
    for name, value in fit.surface.slices.raw().items():
        if name not in ("place", "spread"):  # without a bump these say nothing
            assert value == pytest.approx(truth[name], abs=1e-6), name
    assert report_of(fit).inside_share == 1.0
    assert report_of(fit).rmse < 1e-7


def test_a_chain_of_prices_gives_the_surface_back() -> None:
    truth = essvi_slice(THETA, RHO, PSI)
    fit = fit_surface(usable_quotes(chain_of(truth)))
    for i, years in enumerate(YEARS):
        k = np.linspace(-2.0, 2.0, 21) * np.sqrt(THETA[i])
        wanted = np.sqrt(slice_derivatives(truth.at(i), k)[0] / years)
        assert fit.surface.volatility(k, years) == pytest.approx(wanted, abs=1e-6)


def test_a_smile_that_essvi_cannot_draw_is_drawn() -> None:
    essvi = essvi_slice(THETA, RHO, PSI)
    truth = replace(essvi, centre=essvi.centre + 0.2 * np.sqrt(THETA), left=1.25 * essvi.left)
    report = report_of(fit_surface(exact_quotes(truth)))
    assert report.curve == "SVI with bump"
    assert report.arbitrage_free
    assert report.essvi_inside_share < 0.7
    assert report.inside_share == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-6.0, 6.0), min_size=12, max_size=12))
def test_any_essvi_numbers_make_a_surface_free_of_arbitrage(free: list[float]) -> None:
    numbers = np.array(free)
    numbers[:4] -= 3.0
    essvi = essvi_from(numbers)
    assert np.all(essvi.theta > 0.0) and np.all(essvi.psi > 0.0)
    asymmetry = 1.0 + np.abs(essvi.rho)
    assert np.all(essvi.psi * asymmetry < 4.0)
    assert np.all(essvi.psi**2 * asymmetry <= 4.0 * essvi.theta)
    surface = VolatilitySurface(
        "X", None, np.array([0.1, 0.2, 0.5, 1.0]), np.full(4, 1.0), essvi.slices
    )
    for check in check_surface(surface):
        assert check.least_density >= -1e-9
        assert check.least_step is None or check.least_step >= -1e-9
        assert check.steepest <= 2.0


def noisy(seed: int, noise: float) -> SurfaceQuotes:
    random = np.random.default_rng(seed)
    quotes = exact_quotes(essvi_slice(THETA, RHO, PSI), half_spread=0.01)
    moved = []
    for expiry in quotes.expiries:
        shift = noise * random.normal(size=expiry.strike.size) + 0.1 * random.normal()
        moved.append(
            replace(
                expiry,
                bid_volatility=np.maximum(expiry.bid_volatility + shift, 0.02),
                ask_volatility=np.maximum(expiry.ask_volatility + shift, 0.03),
            )
        )
    return replace(quotes, expiries=tuple(moved))


@pytest.mark.parametrize("seed", range(4))
def test_quotes_full_of_arbitrage_still_give_a_surface_without(seed: int) -> None:
    fit = fit_surface(noisy(seed, 0.08))
    assert all(check.passed for check in fit.checks)
    assert fit.curve == "SVI with bump"  # found under its price of arbitrage, not fallen back
    # An independent look at the density: second difference of prices in the strike.
    from seawall.valuation.black import black

    for i, years in enumerate(fit.surface.years):
        ratio = np.linspace(0.3, 2.5, 1101)
        price = black(1.0, ratio, years, fit.surface.volatility(np.log(ratio), years), True)
        assert np.min(np.diff(price, 2)) > -1e-12, i


def test_without_a_price_arbitrage_stays_and_the_answer_falls_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(surface_fit, "PRICES", (0.0, 0.0))
    fit = fit_surface(noisy(1, 0.08))
    assert fit.curve == "eSSVI"
    assert all(check.passed for check in fit.checks)
    assert report_of(fit).inside_share == report_of(fit).essvi_inside_share


def test_the_same_quotes_give_the_same_bits() -> None:
    first, second = fit_surface(noisy(1, 0.02)), fit_surface(noisy(1, 0.02))
    assert report_json(report_of(first)) == report_json(report_of(second))


@pytest.mark.parametrize("strikes", [3, 4, 6])
def test_few_strikes_and_one_expiry_are_enough(strikes: int) -> None:
    whole = exact_quotes(essvi_slice(THETA, RHO, PSI)).expiries[0]
    pick = np.linspace(4, 20, strikes).astype(int)
    few = replace(
        whole,
        **{
            name: getattr(whole, name)[pick]
            for name in ("strike", "log_moneyness", "bid_volatility", "ask_volatility", "vega")
        },
    )
    fit = fit_surface(SurfaceQuotes("BTC", None, (few,), {}))
    assert fit.checks[0].passed and fit.checks[0].least_step is None
    assert report_of(fit).inside_share == 1.0


def test_a_stale_quote_does_not_bend_the_smile() -> None:
    quotes = exact_quotes(essvi_slice(THETA, RHO, PSI))
    expiry = quotes.expiries[2]
    bid, ask = expiry.bid_volatility.copy(), expiry.ask_volatility.copy()
    bid[12] += 0.3
    ask[12] += 0.3
    stale = replace(expiry, bid_volatility=bid, ask_volatility=ask)
    expiries = (*quotes.expiries[:2], stale, *quotes.expiries[3:])
    report = report_of(fit_surface(replace(quotes, expiries=expiries)))
    assert report.expiries[2].inside >= 23
    assert report.worst.worst_strike == pytest.approx(expiry.strike[12])
    assert report.worst.worst == pytest.approx(-0.298, abs=0.01)


def test_the_jacobian_is_the_derivative() -> None:
    quotes = exact_quotes(essvi_slice(THETA, RHO, PSI))
    problem = problem_of(stacked(quotes.expiries), essvi_slice(THETA, RHO, PSI))
    # Butterflies, falls in time and flattening wings are all priced here.
    numbers = problem.start + 0.5 * np.random.default_rng(3).normal(size=problem.start.shape)
    values, jacobian = residual(problem, numbers, 10.0)
    assert values.size > 125 + 25
    h = 1e-7
    for column in range(numbers.size):
        step = np.zeros(numbers.size)
        step[column] = h
        up, down = (
            residual(problem, numbers + s * step.reshape(-1, NUMBERS), 10.0)[0] for s in (1, -1)
        )
        slope = (up - down) / (2 * h)
        assert jacobian[:, column] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_normal_equations_are_those_of_the_jacobian() -> None:
    quotes = exact_quotes(essvi_slice(THETA, RHO, PSI))
    problem = problem_of(stacked(quotes.expiries), essvi_slice(THETA, RHO, PSI))
    numbers = problem.start + 0.5 * np.random.default_rng(4).normal(size=problem.start.shape)
    values, jacobian = residual(problem, numbers, 10.0)
    cost, normal, slope = normal_equations(problem, numbers, 10.0)
    size = float(np.abs(normal).max())
    assert cost == pytest.approx(values @ values, rel=1e-12)
    assert normal == pytest.approx(jacobian.T @ jacobian, rel=1e-9, abs=1e-12 * size)
    assert slope == pytest.approx(jacobian.T @ values, rel=1e-9, abs=1e-12 * size)


def test_free_numbers_go_there_and_back() -> None:
    slices = essvi_slice(THETA, RHO, PSI)
    again = slices_from(numbers_from(slices), np.sqrt(THETA))
    for name, value in vars(slices).items():
        if name not in ("place", "spread"):  # without a bump these say nothing
            assert getattr(again, name) == pytest.approx(value, rel=1e-12)


def test_the_report_counts_what_the_surface_gives() -> None:
    quotes = noisy(2, 0.02)
    fit = fit_surface(quotes)
    report = report_of(fit)
    for expiry, line in zip(quotes.expiries, report.expiries, strict=True):
        volatility = fit.surface.volatility(expiry.log_moneyness, expiry.years)
        inside = (volatility >= expiry.bid_volatility) & (volatility <= expiry.ask_volatility)
        assert line.inside == int(inside.sum())
        assert line.rmse == pytest.approx(np.sqrt(np.mean((volatility - expiry.middle) ** 2)))
        h = 1e-5
        up, down = (float(fit.surface.volatility(s, expiry.years)) for s in (h, -h))
        assert line.skew == pytest.approx((up - down) / (2 * h), abs=1e-6)
    assert surface_of(quotes, fit.essvi.slices).years == pytest.approx(YEARS)
