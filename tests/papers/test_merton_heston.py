"""Merton (1976) and Heston (1993) against independent slow versions, limits and parity."""

from __future__ import annotations

import cmath
import math

import mpmath
import numpy as np
import pytest

from seawall.foundation.errors import InputError
from seawall.valuation.black import black
from seawall.valuation.discounted import Carry
from seawall.valuation.heston import Heston, heston_spot_value, heston_value
from seawall.valuation.merton import (
    JumpDiffusion,
    jump_diffusion,
    merton_spot_value,
    merton_value,
)

LEWIS = Heston(0.04, 4.0, 0.25, 1.0, -0.5)
WILD = Heston(0.16, 1.0, 0.16, 2.0, -0.8)


def merton_by_density(model: JumpDiffusion, f: float, k: float, t: float) -> float:
    """The call by integrating its payoff over the density of the log-price, in 20 digits."""
    with mpmath.workdps(20):
        expected = model.intensity * t
        log_mean = mpmath.log(1 + mpmath.mpf(model.mean_jump)) - model.jump_volatility**2 / 2
        drift = -(model.volatility**2) * t / 2 - expected * model.mean_jump
        total = mpmath.mpf(0)
        for n in range(25):
            weight = mpmath.exp(-expected) * mpmath.mpf(expected) ** n / mpmath.factorial(n)
            deviation = mpmath.sqrt(model.volatility**2 * t + n * model.jump_volatility**2)
            mean = drift + n * log_mean
            low = (mpmath.log(k / mpmath.mpf(f)) - mean) / deviation
            high = max(low, mpmath.mpf(0)) + 14

            def paid(z: mpmath.mpf, m: mpmath.mpf = mean, d: mpmath.mpf = deviation) -> mpmath.mpf:
                return (f * mpmath.exp(m + d * z) - k) * mpmath.npdf(z)

            total += weight * mpmath.quad(paid, [low, (low + high) / 2, high])
        return float(total)


@pytest.mark.parametrize(("mean_jump", "strike"), [(-0.3, 60.0), (0.2, 170.0), (0.0, 100.0)])
def test_merton_is_the_mean_payoff(mean_jump: float, strike: float) -> None:
    model = JumpDiffusion(0.2, 3.0, 0.25, mean_jump)
    truth = merton_by_density(model, 100.0, strike, 0.5)
    assert merton_value(model, 100.0, strike, 0.5, True) == pytest.approx(truth, rel=1e-9)


def test_merton_without_jumps_is_black_and_many_small_jumps_are_too() -> None:
    plain = float(black(100.0, 120.0, 0.7, 0.4, False))
    assert merton_value(jump_diffusion(0.4, 0.0, 0.0, 0.0), 100.0, 120.0, 0.7, False) == (
        pytest.approx(plain, rel=1e-13)
    )
    many = merton_value(jump_diffusion(0.4, 1e6, 0.5, 0.0), 100.0, 120.0, 0.7, False)
    assert many == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("model", [JumpDiffusion(0.2, 5.0, 0.3, -0.4), JumpDiffusion(0, 2, 0, 0.5)])
@pytest.mark.parametrize("strike", [1.0, 100.0, 1e4])
def test_merton_parity_and_expiry(model: JumpDiffusion, strike: float) -> None:
    call = merton_value(model, 100.0, strike, 0.5, True)
    put = merton_value(model, 100.0, strike, 0.5, False)
    assert call - put == pytest.approx(100.0 - strike, abs=1e-12 * (100.0 + strike))
    assert merton_value(model, 100.0, strike, 0.0, True) == max(100.0 - strike, 0.0)


def heston_by_gil_pelaez(model: Heston, f: float, k: float, t: float) -> float:
    """Call = F P1 - K P2 by Heston's own two integrals, a fine trapezoid, Python's complex math.

    Written from the paper's form with the branch followed by hand: the logarithm's argument is
    unwrapped along u.
    """
    sigma, rho = model.volatility_of_variance, model.correlation
    kappa, theta = model.reversion, model.long_variance
    x, step = math.log(f / k), 0.01

    def probability(first: bool) -> float:
        total, turns, before = 0.0, 0.0, 0.0
        shift, b = (0.5, kappa - rho * sigma) if first else (-0.5, kappa)
        for i in range(40_000):
            u = step * (i + 0.5)
            c = b - rho * sigma * 1j * u
            d = cmath.sqrt(c * c - sigma**2 * (2 * shift * 1j * u - u * u))
            g = (c - d) / (c + d)
            ratio = (1 - g * cmath.exp(-d * t)) / (1 - g)
            angle = cmath.phase(ratio)
            turns += round((before - angle) / (2 * math.pi)) - turns if i else 0.0
            before = angle + 2 * math.pi * turns
            log = math.log(abs(ratio)) + 1j * before
            slope = (c - d) / sigma**2 * (1 - cmath.exp(-d * t)) / (1 - g * cmath.exp(-d * t))
            level = kappa * theta / sigma**2 * ((c - d) * t - 2 * log)
            total += (cmath.exp(level + slope * model.variance + 1j * u * x) / (1j * u)).real
        return 0.5 + total * step / math.pi

    return f * probability(True) - k * probability(False)


@pytest.mark.parametrize("strike", [70.0, 100.0, 140.0])
@pytest.mark.parametrize(("model", "years"), [(LEWIS, 1.0), (WILD, 10.0)])
def test_heston_equals_its_own_two_integrals(model: Heston, years: float, strike: float) -> None:
    truth = heston_by_gil_pelaez(model, 100.0, strike, years)
    assert heston_value(model, 100.0, strike, years, True) == pytest.approx(truth, abs=2e-6)


@pytest.mark.parametrize("sigma", [0.0, 1e-12, 1e-6])
def test_heston_whose_variance_hardly_moves_is_black(sigma: float) -> None:
    model = Heston(0.09, 2.0, 0.04, sigma, -0.7)
    w = 0.04 * 0.5 + 0.05 * (1 - math.exp(-1.0)) / 2.0
    for strike in (50.0, 100.0, 180.0):
        plain = float(black(100.0, strike, 1.0, math.sqrt(w), False))
        value = heston_value(model, 100.0, strike, 0.5, False)
        assert value == pytest.approx(plain, abs=1e-9 + 10 * sigma)


@pytest.mark.parametrize("years", [1e-6, 1e-3, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("model", [LEWIS, WILD, Heston(0.0, 1.0, 0.09, 0.5, 0.9)])
def test_heston_stays_within_bounds_and_parity(model: Heston, years: float) -> None:
    strikes = np.array([1.0, 50.0, 99.0, 100.0, 101.0, 200.0, 5000.0])
    calls = np.array([heston_value(model, 100.0, k, years, True) for k in strikes])
    puts = np.array([heston_value(model, 100.0, k, years, False) for k in strikes])
    np.testing.assert_allclose(calls - puts, 100.0 - strikes, atol=2e-9)
    assert (np.diff(calls) <= 1e-9).all()
    assert (np.diff(calls) / np.diff(strikes) >= -1.0 - 1e-9).all()
    assert (calls >= np.maximum(100.0 - strikes, 0.0)).all()
    assert (calls <= 100.0).all()


def test_expired_or_without_variance_is_intrinsic() -> None:
    assert heston_value(LEWIS, 110.0, 100.0, 0.0, True) == 10.0
    assert heston_value(Heston(0.0, 1.0, 0.0, 0.5, 0.0), 90.0, 100.0, 1.0, False) == 10.0


def test_carry_discounts_and_grows() -> None:
    carry = Carry(100.0, 0.15, 0.07)
    forward, discount = 100.0 * math.exp(0.08), math.exp(-0.15)
    for value, on_spot in (
        (heston_value(LEWIS, forward, 120.0, 1.0, True), heston_spot_value),
        (merton_value(JumpDiffusion(0.2, 1.0, 0.2, 0.0), forward, 120.0, 1.0, True), None),
    ):
        model = LEWIS if on_spot else JumpDiffusion(0.2, 1.0, 0.2, 0.0)
        verb = on_spot or merton_spot_value
        assert verb(model, carry, 120.0, 1.0, True) == pytest.approx(discount * value, rel=1e-14)


def test_parameters_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="correlation from -1 to 1"):
        Heston(0.04, 1.0, 0.04, 0.5, -1.5)
    with pytest.raises(InputError, match="0 or more"):
        Heston(-0.04, 1.0, 0.04, 0.5, 0.0)
    with pytest.raises(InputError, match="mean jump above -1"):
        JumpDiffusion(0.2, 1.0, 0.2, -1.0)
    with pytest.raises(InputError, match="share between 0 and 1"):
        jump_diffusion(0.2, 0.0, 0.5, 0.0)
