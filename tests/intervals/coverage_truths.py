"""Exact chances for the coverage cases: closed forms, or quadrature to 1e-10; no simulation.

Prices are log-normal without drift in the price, so a log-return over a step of deviation s is
normal(-s^2/2, s). Everything here is written from the law of prices alone; nothing of the engine or
of the intervals is called. `test_coverage_truths.py` holds each against a second way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]
# Beyond so many deviations a normal number is not looked for (2e-19 of them are there).
FAR = 9.0


def nodes(low: float, high: float, panels: int, order: int = 16) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights over equal panels between ``low`` and ``high``."""
    at, weight = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(low, high, panels + 1)
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * at).ravel(), (half * weight).ravel()


def density(z: Floats) -> Floats:
    """Of a standard normal number."""
    return np.asarray(np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi))


def falls_to(ratio: float, deviation: float) -> float:
    """P(S_T <= ratio x S_0) = Phi((log ratio + s^2 / 2) / s): Merton's Phi(-d2) where ``ratio`` is
    debt over assets.
    """
    return float(ndtr((math.log(ratio) + 0.5 * deviation**2) / deviation))


def rises_to(ratio: float, deviation: float) -> float:
    """P(S_T >= ratio x S_0)."""
    return float(ndtr(-(math.log(ratio) + 0.5 * deviation**2) / deviation))


def leaves(low: float, high: float, deviation: float, steps: int, panel: float = 1.0) -> float:
    """P(a price watched after each of ``steps`` equal steps is ever at or below ``low`` or at or
    above ``high`` (ratios to the start; 0 and infinity: no such end)); ``deviation`` of one step.

    The density of the log-prices still inside is carried from step to step by quadrature, and what
    leaves is summed: sum over t of int f_t(x) [Phi((a - x - m) / s) + Phi((x + m - b) / s)] dx.
    The integrand is smooth inside, so panels of one deviation with 16 nodes give 1e-13.
    """
    drift, reach = -0.5 * deviation**2, FAR * deviation * math.sqrt(steps)
    a = math.log(low) if low > 0.0 else -math.inf
    b = math.log(high) if high < math.inf else math.inf
    begin, end = max(a, -reach), min(b, reach)
    at, width = nodes(begin, end, math.ceil((end - begin) / (panel * deviation)))
    kernel = density((at[:, None] - at[None, :] - drift) / deviation) / deviation

    def out(x: Floats) -> Floats:
        below = ndtr((a - x - drift) / deviation)
        return np.asarray(below + ndtr((x + drift - b) / deviation))

    total = float(out(np.zeros(1))[0])
    inside = density((at - drift) / deviation) / deviation
    for _ in range(1, steps):
        total += float((inside * width * out(at)).sum())
        inside = kernel @ (inside * width)
    return total


def both_above(x: float, y: float, correlation: float) -> float:
    """P(Z_1 > x, Z_2 > y) of two standard normal numbers: int_x^oo phi(z) Phi((rho z - y) / r) dz
    with r = sqrt(1 - rho^2).
    """
    if x >= FAR or y >= FAR:
        return 0.0
    at, width = nodes(max(x, -FAR), FAR, 60)
    rest = math.sqrt(1.0 - correlation**2)
    return float((density(at) * ndtr((correlation * at - y) / rest) * width).sum())


def either_falls(
    ratios: tuple[float, float], deviations: tuple[float, float], correlation: float
) -> float:
    """P(one of two correlated prices is at or below its ratio after one step).

    P(A) + P(B) - P(A and B), and by symmetry P(Z_1 < x, Z_2 < y) = P(Z_1 > -x, Z_2 > -y).
    """
    x, y = (
        (math.log(ratio) + 0.5 * s * s) / s for ratio, s in zip(ratios, deviations, strict=True)
    )
    return float(ndtr(x) + ndtr(y)) - both_above(-x, -y, correlation)


def ratio_falls(ratio: float, deviations: tuple[float, float], correlation: float) -> float:
    """P(X_T / Y_T <= ratio x X_0 / Y_0): the ratio of two log-normal prices is log-normal.

    log(X / Y) is normal with mean -(s^2 - u^2) / 2 and variance s^2 + u^2 - 2 rho s u.
    """
    s, u = deviations
    spread = math.sqrt(s * s + u * u - 2.0 * correlation * s * u)
    return float(ndtr((math.log(ratio) + 0.5 * (s * s - u * u)) / spread))


def basket_falls(
    worth: tuple[float, float],
    total: float,
    deviations: tuple[float, float],
    correlation: float,
) -> float:
    """P(a X_T / X_0 + b Y_T / Y_0 <= total), both amounts > 0, one step.

    Given X's normal number z the other must be at or below (total - a x(z)) / b: int phi(z)
    Phi(...) dz up to the z at which X alone is the total. There the integrand goes to 0 faster than
    any power, and panels are narrow, so the end costs nothing.
    """
    (a, b), (s, u) = worth, deviations
    rest = math.sqrt(1.0 - correlation**2)
    end = min((math.log(total / a) + 0.5 * s * s) / s, FAR)
    at, width = nodes(-FAR, end, 400)
    left = (total - a * np.exp(s * at - 0.5 * s * s)) / b
    y = (np.log(left) + 0.5 * u * u) / u
    return float((density(at) * ndtr((y - correlation * at) / rest) * width).sum())


def falls_with_jumps(
    ratio: float, deviation: float, expected: float, mean: float, spread: float
) -> float:
    """P(S_T <= ratio x S_0) with Poisson(expected) jumps of normal(mean, spread) in log-price.

    Merton (1976): given n jumps the log-return is normal with mean -s^2/2 - expected k + n mean,
    k = exp(mean + spread^2 / 2) - 1 (so that the price has no drift), variance s^2 + n spread^2.
    """
    lift = expected * math.expm1(mean + 0.5 * spread**2)
    total, chance = 0.0, math.exp(-expected)
    for n in range(40):
        wide = math.sqrt(deviation**2 + n * spread**2)
        gap = math.log(ratio) + 0.5 * deviation**2 + lift - n * mean
        total += chance * float(ndtr(gap / wide))
        chance *= expected / (n + 1)
    return total


def student_both_below(x: float, y: float, correlation: float, freedom: int) -> float:
    """P(T_1 < x, T_2 < y) of a bivariate Student law: normal numbers over one common scale.

    int P(Z_1 < x q, Z_2 < y q) f(q) dq with q = sqrt(chi^2 / nu), whose density is
    2 nu^(nu/2) q^(nu-1) exp(-nu q^2 / 2) / (2^(nu/2) Gamma(nu / 2)).
    """
    at, width = nodes(0.0, 6.0, 40)
    log = math.log(2.0) + 0.5 * freedom * math.log(0.5 * freedom) - math.lgamma(0.5 * freedom)
    scale = np.exp(log + (freedom - 1.0) * np.log(at) - 0.5 * freedom * at * at)
    both = np.array([both_above(-x * q, -y * q, correlation) for q in at])
    return float((both * scale * width).sum())


def either_tail(shares: tuple[float, float], correlation: float, freedom: int) -> float:
    """P(one of two moves tied by a Student copula is in its lowest ``share``)."""
    x, y = (float(stdtrit(freedom, share)) for share in shares)
    return sum(shares) - student_both_below(x, y, correlation, freedom)


@dataclass(frozen=True)
class Tails:
    """Moves normal in their middle, Pareto beyond chance ``share`` on either side, densities met.

    index (left, right); share (left, right); ``held``: log-returns stay within +- this.
    """

    index: tuple[float, float]
    share: tuple[float, float]
    held: float = 1.0

    def moves(self) -> tuple[Floats, Floats]:
        """Points and chances of a quadrature of one move in normal scores.

        The middle over z; a tail over v, with rank r = exp(-v) of it left beyond the move
        u + b alpha (r^(-1 / alpha) - 1), u the start of the tail and b = share / phi(u).
        """
        left, right = (-float(ndtri(p)) for p in self.share)
        z, width = nodes(-left, right, 40)
        points, chances = [z], [density(z) * width]
        for sign, alpha, p, u in zip((-1, 1), self.index, self.share, (left, right), strict=True):
            v, width = nodes(0.0, 60.0, 200)
            b = p / float(density(np.array(u)))
            points.append(sign * (u + b * alpha * np.expm1(v / alpha)))
            chances.append(p * np.exp(-v) * width)
        return np.concatenate(points), np.concatenate(chances)

    def left_share(self, ratio: float, deviation: float) -> float:
        """P(S_T <= ratio x S_0) where that lies in the left tail; one step of this deviation.

        log-return = deviation (z - mean) / sd - log E[exp of it], mean and sd those of z.
        """
        z, chance = self.moves()
        mean = float((z * chance).sum())
        sd = math.sqrt(float(((z - mean) ** 2 * chance).sum()))
        # Beyond the quadrature's end 1e-26 of the chance is left.
        move = np.clip(deviation * (z - mean) / sd, -self.held, self.held)
        lift = math.log1p(float((np.expm1(move) * chance).sum()))
        score = (math.log(ratio) + lift) / deviation * sd + mean
        alpha, p = self.index[0], self.share[0]
        u = -float(ndtri(p))
        b = p / float(density(np.array(u)))
        if score > -u:
            raise ValueError("the ratio lies in the normal middle")
        return float(p * (1.0 + (-score - u) / (alpha * b)) ** -alpha)


def comes_within(rate_per_year: float, seconds: float) -> float:
    """P(something at a constant hazard comes within a time): 1 - exp(-rate x time)."""
    return -math.expm1(-rate_per_year * seconds / (365.0 * 86_400.0))


def either_comes(*chances: float) -> float:
    """P(one of several independent things happens)."""
    return 1.0 - math.prod(1.0 - chance for chance in chances)


def marshall_olkin(own: float, shock: float, follows: tuple[float, ...]) -> float:
    """P(one of several fails): ``own`` the chance that one does alone, ``shock`` that the common
    shock comes, ``follows`` each one's chance to fail with it.

    None fails where none does alone, and the shock does not come or nobody follows it.
    """
    spared = 1.0 - shock + shock * math.prod(1.0 - chance for chance in follows)
    return 1.0 - (1.0 - own) * spared


def call_value(spot: float, strike: float, total: float) -> float:
    """Black's value of a call without interest; ``total`` = volatility x sqrt(years)."""
    d1 = math.log(spot / strike) / total + 0.5 * total
    return float(spot * ndtr(d1) - strike * ndtr(d1 - total))


def short_call_breach(cash: float, strike: float, total: float, rate: float) -> float:
    """The spot at which cash - call(S) = rate x S: above it a short call lacks margin.

    Both sides of cash = call(S) + rate x S rise with S, so there is one.
    """

    def lacks(spot: float) -> float:
        return call_value(spot, strike, total) + rate * spot - cash

    return float(brentq(lacks, 1e-3 * strike, 1e3 * strike, xtol=1e-13, rtol=1e-15))


def solved(chance: Callable[[float], float], target: float, low: float, high: float) -> float:
    """The input between ``low`` and ``high`` at which a chance is ``target``."""
    return float(brentq(lambda x: chance(x) - target, low, high, xtol=1e-14, rtol=1e-14))
