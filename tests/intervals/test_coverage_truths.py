"""The exact chances of the coverage cases, each by a second way of its own."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import coverage_truths as exact
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma, ndtr
from scipy.stats import t as student

sys.path.append(str(Path(__file__).resolve().parents[1] / "papers"))

from barrier_truth import hit_chance

from seawall.scenario.heavy_tail import HeavyTail, quantiles, standard
from seawall.valuation.black import black

S, U, RHO = 0.0314, 0.0471, 0.7


def bell(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def integral(of, low: float, high: float) -> float:  # type: ignore[no-untyped-def]
    return float(quad(of, low, high, epsabs=1e-13, epsrel=1e-12, limit=400)[0])


@pytest.mark.parametrize("ratio", [0.9, 0.96, 1.03])
def test_a_price_after_one_step_is_its_density_integrated(ratio: float) -> None:
    def log_normal(x: float) -> float:
        return bell((math.log(x) + 0.5 * S * S) / S) / (x * S)

    low = integral(log_normal, 0.5, ratio)
    assert exact.falls_to(ratio, S) == pytest.approx(low, abs=1e-11)
    assert exact.rises_to(ratio, S) == pytest.approx(1.0 - low, abs=1e-11)


def plackett(x: float, y: float, correlation: float) -> float:
    """P(Z_1 < x, Z_2 < y) = Phi(x) Phi(y) + int_0^rho of the joint density over correlations."""

    def joint(r: float) -> float:
        rest = 1.0 - r * r
        return math.exp(-(x * x - 2.0 * r * x * y + y * y) / (2.0 * rest)) / (
            2.0 * math.pi * math.sqrt(rest)
        )

    return float(ndtr(x) * ndtr(y)) + integral(joint, 0.0, correlation)


@pytest.mark.parametrize(("x", "y"), [(-1.3, -1.7), (0.2, -0.9), (-3.1, -3.3), (0.0, 0.0)])
def test_two_normal_numbers_by_plackett(x: float, y: float) -> None:
    assert exact.both_above(-x, -y, RHO) == pytest.approx(plackett(x, y, RHO), abs=1e-12)


def test_two_normal_numbers_above_their_means() -> None:
    """Sheppard: 1/4 + asin(rho) / (2 pi)."""
    want = 0.25 + math.asin(RHO) / (2.0 * math.pi)
    assert exact.both_above(0.0, 0.0, RHO) == pytest.approx(want, abs=1e-13)


def test_either_of_two_prices_by_inclusion_and_exclusion() -> None:
    ratios = (0.95, 0.93)
    x, y = ((math.log(r) + 0.5 * s * s) / s for r, s in zip(ratios, (S, U), strict=True))
    want = float(ndtr(x) + ndtr(y)) - plackett(x, y, RHO)
    assert exact.either_falls(ratios, (S, U), RHO) == pytest.approx(want, abs=1e-12)


def test_leaving_in_two_steps_is_two_normal_numbers() -> None:
    """Still inside after one and two steps: a bivariate normal law with correlation sqrt(1/2)."""
    low, s = 0.96, 0.02
    first = (math.log(low) + 0.5 * s * s) / s
    second = (math.log(low) + s * s) / (s * math.sqrt(2.0))
    inside = plackett(-first, -second, math.sqrt(0.5))
    assert exact.leaves(low, math.inf, s, 2) == pytest.approx(1.0 - inside, abs=1e-12)
    # The mirror: a price that must stay below, drift and all.
    high = 1.04
    first = (math.log(high) + 0.5 * s * s) / s
    second = (math.log(high) + s * s) / (s * math.sqrt(2.0))
    inside = plackett(first, second, math.sqrt(0.5))
    assert exact.leaves(0.0, high, s, 2) == pytest.approx(1.0 - inside, abs=1e-12)


@pytest.mark.parametrize(("low", "high", "steps"), [(0.96, 1.05, 6), (0.9, math.inf, 24)])
def test_leaving_does_not_depend_on_the_panels(low: float, high: float, steps: int) -> None:
    coarse, fine = (exact.leaves(low, high, 0.0064, steps, panel) for panel in (1.0, 0.6))
    assert coarse == pytest.approx(fine, abs=1e-12)


def test_leaving_by_one_side_is_the_older_integration() -> None:
    s, low = 0.0064, 0.96
    want = hit_chance(math.log(low), s, -0.5 * s * s, 24)[-1]
    assert exact.leaves(low, math.inf, s, 24) == pytest.approx(want, abs=1e-8)


def test_leaving_by_two_sides_in_two_steps_is_a_double_integral() -> None:
    low, high, s = 0.97, 1.02, 0.015
    a, b, m = math.log(low), math.log(high), -0.5 * s * s

    def stays(x: float) -> float:
        second = float(ndtr((b - x - m) / s) - ndtr((a - x - m) / s))
        return bell((x - m) / s) / s * second

    assert exact.leaves(low, high, s, 2) == pytest.approx(1.0 - integral(stays, a, b), abs=1e-12)


@pytest.mark.parametrize("ratio", [0.8, 0.95])
def test_the_ratio_of_two_prices_given_the_second(ratio: float) -> None:
    def given(z: float) -> float:
        other = math.log(ratio) + U * z - 0.5 * U * U
        x = (other + 0.5 * S * S) / S
        return bell(z) * float(ndtr((x - RHO * z) / math.sqrt(1.0 - RHO**2)))

    want = integral(given, -9.0, 9.0)
    assert exact.ratio_falls(ratio, (S, U), RHO) == pytest.approx(want, abs=1e-11)


def test_a_basket_given_the_other_coin() -> None:
    def given(z: float) -> float:
        left = (285.0 - 100.0 * math.exp(U * z - 0.5 * U * U)) / 200.0
        if left <= 0.0:
            return 0.0
        x = (math.log(left) + 0.5 * S * S) / S
        return bell(z) * float(ndtr((x - RHO * z) / math.sqrt(1.0 - RHO**2)))

    want = integral(given, -9.0, 9.0)
    found = exact.basket_falls((200.0, 100.0), 285.0, (S, U), RHO)
    assert found == pytest.approx(want, abs=1e-11)


def test_jumps_by_the_characteristic_function() -> None:
    """Gil-Pelaez: P(X <= x) = 1/2 - int Im(exp(-i u x) phi(u)) / u du / pi."""
    expected, mean, spread, ratio = 0.11, -0.04, 0.05, 0.95
    lift = expected * math.expm1(mean + 0.5 * spread**2)
    x = math.log(ratio)

    def inner(u: float) -> float:
        jump = np.exp(1j * u * mean - 0.5 * (u * spread) ** 2) - 1.0
        log = -1j * u * (0.5 * S * S + lift) - 0.5 * (u * S) ** 2 + expected * jump
        return float(np.imag(np.exp(-1j * u * x + log)) / u)

    want = 0.5 - integral(inner, 1e-9, 300.0) / math.pi
    found = exact.falls_with_jumps(ratio, S, expected, mean, spread)
    assert found == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(("x", "y"), [(-1.6, -1.4)])
def test_two_student_numbers_given_the_first(x: float, y: float) -> None:
    """T_2 given T_1 = t is a Student number of one more degree, scaled (Cornish 1954)."""
    nu = 4

    def density(v: float) -> float:
        c = gamma(0.5 * (nu + 1)) / (gamma(0.5 * nu) * math.sqrt(nu * math.pi))
        return float(c * (1.0 + v * v / nu) ** (-0.5 * (nu + 1)))

    def given(v: float) -> float:
        scale = math.sqrt((1.0 - RHO**2) * (nu + v * v) / (nu + 1))
        return density(v) * float(student.cdf((y - RHO * v) / scale, nu + 1))

    want = integral(given, -4_000.0, -50.0) + integral(given, -50.0, x)
    assert exact.student_both_below(x, y, RHO, nu) == pytest.approx(want, abs=1e-10)


def test_a_pareto_tail_by_the_quantiles_of_the_scenario() -> None:
    """The move of which a share is not passed; the mean of exp by adaptive quadrature."""
    law = standard(HeavyTail(3.0, 4.0, 0.1, 0.05))
    tails = exact.Tails((3.0, 4.0), (0.1, 0.05))
    share = 0.03

    def grown(rank: float) -> float:
        z = quantiles(law, np.array([rank]), np.array([1.0 - rank]))[0]
        return math.expm1(min(max(S * z, -1.0), 1.0))

    edges = [0.0, 1e-6, 1e-3, 0.1, 0.95, 0.999, 1.0 - 1e-6, 1.0]
    mean = math.fsum(integral(grown, a, b) for a, b in itertools.pairwise(edges))
    z = quantiles(law, np.array([share]), np.array([1.0 - share]))[0]
    ratio = math.exp(S * z - math.log1p(mean))
    assert tails.left_share(ratio, S) == pytest.approx(share, abs=1e-8)


def test_hazards_by_counting_every_outcome() -> None:
    """Two venues alone, the shock, and whether each follows: 32 outcomes."""
    a, b, shock, follows = 0.1, 0.2, 0.15, (0.5, 0.8)
    chances = (a, b, shock, *follows)
    hit = 0.0
    for outcome in itertools.product((False, True), repeat=5):
        chance = math.prod(p if yes else 1.0 - p for p, yes in zip(chances, outcome, strict=True))
        first, second, common, one, two = outcome
        hit += chance * (first or second or (common and (one or two)))
    alone = exact.either_comes(a, b)
    assert exact.marshall_olkin(alone, shock, follows) == pytest.approx(hit, abs=1e-14)
    rate = 38.5 / (365.0 * 86_400.0)
    want = integral(lambda t: rate * math.exp(-rate * t), 0.0, 86_400.0)
    assert exact.comes_within(38.5, 86_400.0) == pytest.approx(want, abs=1e-12)


def test_a_short_call_lacks_margin_where_blacks_formula_says() -> None:
    total = 0.6 * math.sqrt(29.0 / 365.0)
    spot = exact.short_call_breach(18.0, 100.0, total, 0.075)
    value = black(np.array([spot]), 100.0, 29.0 / 365.0, 0.6, True)[0]
    assert 18.0 - value == pytest.approx(0.075 * spot, abs=1e-9)
    assert 105.0 < spot < 107.0
