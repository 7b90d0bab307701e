"""Yearly hazards by kind from counts and exposures: Gamma-Poisson, a level with memory, shocks.

Incidents of kind k in month t are Poisson(ratio_k x level_t x exposure_kt x shock_t). One level
moves all kinds and wanders; each month has a shock that all kinds share, of mean 1 and variance phi
(over-dispersion). Of the level now old months say less, w_t = 2^-(age / half-life); of the ratios
they say as much as others. Given half-life and phi,

    level_t   = sum w y / sum w ratio E, over all kinds, months weighed by their distance from t
    ratio_k   ~ Gamma(a + sum y_k, b + sum E_k level)
    (a, b)    weighed on a grid by the product over kinds of their negative binomials: a kind
              without incidents is drawn towards the others, not to 0 (empirical Bayes, with the
              doubt about the prior; the best (a, b) alone gives intervals that are too narrow)
    log-level has variance 1 / sum w y - 1 / sum y + phi sum (w m)^2 / (sum w m)^2 at the end, m its
              expected incidents, and each month adds K^2 / (1 - K) x (1 / m + phi) to it,
              K = 1 - 2^-(1 / half-life)

the last because exponential forgetting is the steady Kalman filter of a level that wanders so; and
hazard_k = ratio_k x level at the end. Half-life and phi are not chosen but weighed, by the
likelihood of each month's total as predicted from the months before it: their doubt is in every
interval.

Source: Gamma-Poisson shrinkage: Robbins (1956), Clayton and Kaldor (1987); forgetting: Muth (1960),
Harvey and Fernandes (1989). Wrong when: kinds drift apart (one level moves all), hazards jump (a
new class of attack), or the list misses who failed. Ratios are taken from all of the fit to predict
its own months' totals: that favours no half-life over another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.random import Stream, normals, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Grid over which half-life (months) and phi are weighed; the last is no forgetting.
HALF_LIVES = (6.0, 12.0, 24.0, 48.0, 1e6)
DISPERSIONS = (0.0, 0.05, 0.1, 0.2, 0.4)
# Predictions count once so many months with incidents have been seen.
LEARNING_MONTHS = 6
# Bounds of the prior's shape: between "kinds are unlike" and "kinds are alike".
SHAPES = (0.2, 50.0)
DRAWS = 2_000
ROUNDS = 5
# Grid of priors: shapes between SHAPES, means within e^2 of the pooled hazard, flat in logarithms.
SHAPE_STEPS, MEAN_STEPS, MEAN_RANGE = 9, 17, 2.0


@dataclass(frozen=True)
class Kinds:
    """Hazards of kinds, for each prior of a grid: Gamma of shape (g,) + seen (k,) and rate (g,) +
    at_risk (k,); weight (g,) of each prior.
    """

    shape: Floats
    rate: Floats
    weight: Floats
    seen: Floats
    at_risk: Floats

    def mean(self) -> Floats:
        """Mean hazard of each kind (k,)."""
        each = (self.shape[:, None] + self.seen) / (self.rate[:, None] + self.at_risk)
        out: Floats = self.weight @ each
        return out


@dataclass(frozen=True)
class Posterior:
    """Given half-life and phi: the kinds' hazards at the end, what the log-level's variance is
    now, and what each month adds to it (drift).
    """

    half_life: float
    phi: float
    kinds: Kinds
    now: float
    drift: float


@dataclass(frozen=True)
class Fit:
    """Posteriors of the grid and their weights (g,); months; counts (k,) and exposure (k,)."""

    posteriors: tuple[Posterior, ...]
    weight: Floats
    months: int
    counts: Ints
    exposure: Floats

    def mean(self) -> Floats:
        """Mean hazard per entity-year (k,)."""
        each = np.stack([one.kinds.mean() for one in self.posteriors])
        out: Floats = self.weight @ each
        return out


@dataclass(frozen=True)
class Draws:
    """d draws: hazard (d, k) per entity-year at the end of the fit, phi (d,), and the standard
    deviation that each month adds to the log-level (d,).
    """

    hazard: Floats
    phi: Floats
    drift: Floats

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.phi.size)


def fit(counts: Ints, exposure: Floats) -> Fit:
    """The fit to counts (t, k) and exposures (t, k) of all months up to the last one."""
    posteriors, logs = [], []
    for half_life in HALF_LIVES:
        course = _course(counts, exposure, half_life)
        for phi in DISPERSIONS:
            posteriors.append(_posterior(counts, exposure, course, phi))
            logs.append(_predicted(counts, exposure, course, phi))
    score = np.array(logs)
    weight = np.exp(score - score.max())
    return Fit(
        tuple(posteriors),
        weight / weight.sum(),
        counts.shape[0],
        counts.sum(axis=0),
        exposure.sum(axis=0),
    )


@dataclass(frozen=True)
class _Course:
    """Given a half-life: level (t,), ratios, and the mean ratio of each kind (k,)."""

    half_life: float
    level: Floats
    kinds: Kinds
    ratio: Floats


def _course(counts: Ints, exposure: Floats, half_life: float) -> _Course:
    """Level and ratios, each given the other, in turn until they stand."""
    months = np.arange(counts.shape[0])
    near = np.exp2(-np.abs(months[:, None] - months) / half_life)
    total = near @ counts.sum(axis=1)
    level = np.ones(counts.shape[0])
    for _ in range(ROUNDS):
        ratio = _kinds(counts.sum(axis=0), level @ exposure).mean()
        level = (total + 0.5) / (near @ (exposure @ ratio) + 0.5)
        # Only the product of level and ratio means anything: the level ends at 1.
        level = level / level[-1]
    kinds = _kinds(counts.sum(axis=0), level @ exposure)
    return _Course(half_life, level, kinds, kinds.mean())


def _kinds(seen: Ints, at_risk: Floats) -> Kinds:
    """Each prior of the grid, weighed by how likely it makes the kinds' counts (k,)."""
    used = at_risk > 0
    whole = max(float(seen.sum()), 0.5) / max(float(at_risk.sum()), 1e-9)
    low, high = (math.log(bound) for bound in SHAPES)
    shape = np.exp(np.linspace(low, high, SHAPE_STEPS))[:, None]
    mean = whole * np.exp(np.linspace(-MEAN_RANGE, MEAN_RANGE, MEAN_STEPS))[None, :]
    expected = at_risk[used] * mean[:, :, None]
    likely = negative_binomial(seen[used], shape[:, :, None], expected).sum(axis=2)
    weight = np.exp(likely - likely.max())
    grid = np.broadcast_to(shape, weight.shape)
    return Kinds(
        grid.ravel(),
        (grid / mean).ravel(),
        (weight / weight.sum()).ravel(),
        seen.astype(np.float64),
        at_risk,
    )


def memory(months: int, half_life: float) -> Floats:
    """What each of so many months counts (t,), the last one 1."""
    out: Floats = np.exp2(-np.arange(months - 1, -1, -1) / half_life)
    return out


def negative_binomial(seen: Floats | Ints, shape: float | Floats, mean: Floats) -> Floats:
    """Log-probability (k,) of counts whose mean is Gamma with this shape and ``mean`` (k,)."""
    from scipy.special import gammaln

    a = np.asarray(shape, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(seen > 0, seen * np.log(mean / (a + mean)), 0.0)
    out: Floats = (
        gammaln(a + seen) - gammaln(a) - gammaln(seen + 1.0) - a * np.log1p(mean / a) + hit
    )
    return out


def _posterior(counts: Ints, exposure: Floats, course: _Course, phi: float) -> Posterior:
    w = memory(counts.shape[0], course.half_life)
    month = exposure @ course.ratio * course.level
    weighed, seen = w * month, counts.sum(axis=1)
    recent, whole = max(float(w @ seen), 0.5), max(float(seen.sum()), 0.5)
    now = max(1.0 / recent - 1.0 / whole, 0.0)
    now += phi * float((weighed**2).sum()) / max(float(weighed.sum()), 1e-12) ** 2
    gain = 1.0 - 2.0 ** (-1.0 / course.half_life)
    drift = gain * gain / (1.0 - gain) * (1.0 / max(float(month[-1]), 0.1) + phi)
    return Posterior(course.half_life, phi, course.kinds, now, drift)


def _predicted(counts: Ints, exposure: Floats, course: _Course, phi: float) -> float:
    """Log-likelihood of each month's total as predicted from the months before it."""
    whole, at_risk = counts.sum(axis=1), exposure @ course.ratio
    first = int(np.searchsorted(np.cumsum(whole > 0), LEARNING_MONTHS)) + 1
    keep = 2.0 ** (-1.0 / course.half_life)
    before = np.zeros((whole.size, 2))
    for t in range(1, whole.size):
        before[t] = keep * before[t - 1] + (whole[t - 1], at_risk[t - 1])
    seen, used = before[first:, 0] + 0.5, before[first:, 1] + 0.5
    shape = 1.0 / (phi + 1.0 / seen)
    return float(negative_binomial(whole[first:], shape, at_risk[first:] * seen / used).sum())


def draw(found: Fit, seed: int, count: int = DRAWS) -> Draws:
    """Draws of what the fit does not know: which posterior, and each hazard in it."""
    from scipy.special import gammaincinv

    kinds = found.counts.size
    u = uniforms(seed, Stream.COUNTERPARTY, np.arange(count), [0], kinds + 1)[:, 0]
    # Posteriors in turn, each as often as it weighs: no noise from which one is drawn.
    place = (np.arange(count) + 0.5) / count
    which = np.searchsorted(np.cumsum(found.weight), place).clip(max=found.weight.size - 1)
    table = found.posteriors
    hazard = np.empty((count, kinds))
    for n in np.unique(which):
        mine, each = which == n, table[n].kinds
        prior = np.searchsorted(np.cumsum(each.weight), u[mine, kinds])
        prior = prior.clip(max=each.weight.size - 1)
        shape = each.shape[prior][:, None] + each.seen
        rate = each.rate[prior][:, None] + each.at_risk
        hazard[mine] = gammaincinv(shape, u[mine, :kinds]) / rate
    now = np.sqrt(np.array([one.now for one in table]))[which]
    z = normals(seed, Stream.COUNTERPARTY, np.arange(count), [1], 1)[:, 0, 0]
    level = np.exp(now * z - 0.5 * now**2)
    return Draws(
        hazard=hazard * level[:, None],
        phi=np.array([one.phi for one in table])[which],
        drift=np.sqrt(np.array([one.drift for one in table]))[which],
    )
