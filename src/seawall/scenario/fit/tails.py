"""How heavy the tails are: Hill's index, and a generalised Pareto law above a chosen threshold.

Hill: with the k largest losses x_1 >= ... >= x_k and the next one u, alpha = k / sum ln(x_i / u),
standard error alpha / sqrt(k) for independent losses; with clustered ones the number of independent
losses is k x extremal index, estimated by runs, and the error uses that.

Generalised Pareto: the excess y = x - u over a threshold u has density (1 + xi y / s)^(-1/xi - 1) /
s; xi = 1 / alpha > 0 is a power tail. Maximum likelihood; the interval of xi is the set of values
whose profile log-likelihood is within 1.92 of the largest, widened by the extremal index in the
same way. Threshold: of the losses' quantiles at 90, 91, ... 99%, the one whose fitted law is
nearest to the excesses (least Kolmogorov-Smirnov distance times the square root of their number),
with at least 50 of them.

Source: Hill (1975); Pickands (1975); Clauset, Shalizi and Newman (2009) for choosing the threshold
by distance; extremal index by runs: Embrechts, Kluppelberg and Mikosch (1997), chapter 8. Wrong
when the tail is no power (Hill then depends on k without end) and when the fitted months hold no
crisis: what was not seen is not in the tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.scenario.fit.jackknife import Estimate

Floats = NDArray[np.float64]

HILL_SHARE = 0.01
FEWEST_HILL = 10
FEWEST_EXCESSES = 50
QUANTILES = tuple(q / 100.0 for q in range(90, 100))
# Exceedances within a day of one another belong to one cluster.
RUN_SECONDS = 86_400
# Half the 95% point of chi-squared with one degree of freedom. Measured on Pareto laws the interval
# held xi 90% of the time (60 seeds each at -0.2, 0 and 0.25): its threshold is chosen, not given.
PROFILE_DROP = 1.92
XI_GRID = np.round(np.arange(-0.5, 1.0001, 0.01), 2)


@dataclass(frozen=True)
class ParetoTail:
    """One side's tail, of losses in units of their own standard deviation.

    threshold  u, and ``share`` of all returns beyond it
    shape      xi with its 95% interval ``low`` to ``high``; scale  s
    excesses   how many returns lie beyond; ``independent`` of them, after clustering
    """

    threshold: float
    share: float
    shape: Estimate
    low: float
    high: float
    scale: Estimate
    excesses: int
    independent: float


def hill(losses: Floats, run: int, share: float = HILL_SHARE) -> Estimate:
    """Tail index of the largest ``share`` of the returns whose losses > 0 these are, (n,) with NaN.

    ``run``: bars within which exceedances are one cluster. Raises InputError when fewer than 10
    losses would be used.
    """
    index, threshold, number = hill_index(losses, share)
    clusters = extremal_index(losses, threshold, run)
    return Estimate(index, float(index / np.sqrt(number * clusters)))


def hill_index(losses: Floats, share: float = HILL_SHARE) -> tuple[float, float, int]:
    """Hill's index, the loss beyond which it looks and how many losses are there."""
    known = losses[np.isfinite(losses)]
    number = round(share * known.size)
    if number < FEWEST_HILL or np.sum(known > 0.0) <= number:
        raise InputError(
            f"{known.size} returns", expected=f"at least {FEWEST_HILL / share:,.0f} for a tail"
        )
    ranked = np.sort(np.partition(known, known.size - number - 1)[known.size - number - 1 :])
    return float(number / np.sum(np.log(ranked[1:] / ranked[0]))), float(ranked[0]), number


def run_bars(seconds: int) -> int:
    """Bars of one cluster of exceedances: those of a day."""
    return max(RUN_SECONDS // seconds, 1)


def extremal_index(losses: Floats, threshold: float, run: int) -> float:
    """Clusters per exceedance, 0 to 1: one where exceedances stand alone.

    losses (n,) of one asset or (n, k) of several, whose exceedances at one time are one cluster.
    """
    beyond = losses > threshold
    number = int(np.sum(beyond))
    if number == 0:
        return 1.0
    at = np.flatnonzero(beyond if losses.ndim == 1 else beyond.any(axis=1))
    return (1.0 + float(np.sum(np.diff(at) > run))) / number


def pareto_tail(losses: Floats, run: int) -> ParetoTail:
    """The generalised Pareto law of one side's losses, (n,) or (n, k), NaN where one is missing."""
    known = losses[np.isfinite(losses)]
    best: tuple[float, float] | None = None
    for level in QUANTILES:
        threshold = float(np.quantile(known, level))
        excess = known[known > threshold] - threshold
        if excess.size < FEWEST_EXCESSES:
            break
        xi, scale = _fitted(excess)
        distance = _distance(excess, xi, scale) * np.sqrt(excess.size)
        if best is None or distance < best[0]:
            best = (distance, threshold)
    if best is None:
        raise InputError(
            f"{known.size} returns leave fewer than {FEWEST_EXCESSES} beyond their 90% quantile",
            expected=f"at least {10 * FEWEST_EXCESSES} bars",
        )
    return _tail(losses, best[1], run)


def _tail(losses: Floats, threshold: float, run: int) -> ParetoTail:
    known = losses[np.isfinite(losses)]
    excess = known[known > threshold] - threshold
    xi, scale = _fitted(excess)
    index = extremal_index(losses, threshold, run)
    profile = np.array([_profile(excess, x) for x in XI_GRID])
    inside = XI_GRID[index * (profile.max() - profile) <= PROFILE_DROP]
    independent = excess.size * index
    # The asymptotic errors of maximum likelihood (Smith 1987), for xi > -1/2.
    error = (1.0 + xi) / np.sqrt(independent)
    scale_error = scale * np.sqrt(2.0 * (1.0 + xi) / independent)
    return ParetoTail(
        threshold=threshold,
        share=excess.size / known.size,
        shape=Estimate(xi, float(error)),
        low=float(inside.min()),
        high=float(inside.max()),
        scale=Estimate(scale, float(scale_error)),
        excesses=int(excess.size),
        independent=float(independent),
    )


def _fitted(excess: Floats) -> tuple[float, float]:
    """Shape and scale of greatest likelihood (Grimshaw 1993): one search over t = xi / s.

    Given t, the best shape is mean ln(1 + t y) and the scale shape / t. The best of a grid, then
    a search between its neighbours; shapes below -1/2 have no regular likelihood and are left out.
    """
    from scipy.optimize import minimize_scalar

    mean, most = float(np.mean(excess)), float(np.max(excess))
    below = -np.geomspace(1e-4, 0.98, 30)[::-1] / most
    above = np.geomspace(1e-4, 30.0, 60) / mean
    grid = np.concatenate([below, above])
    best = int(np.argmin([_loss_at(excess, float(t)) for t in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda t: _loss_at(excess, float(t)), bounds=(low, high), method="bounded"
    )
    return _at(excess, float(found.x))


def _at(excess: Floats, t: float) -> tuple[float, float]:
    if abs(t) * float(np.mean(excess)) < 1e-9:
        return 0.0, float(np.mean(excess))
    shape = float(np.mean(np.log1p(t * excess)))
    return shape, shape / t


def _loss_at(excess: Floats, t: float) -> float:
    """Less the log-likelihood per excess, at the best shape for this t."""
    shape, scale = _at(excess, t)
    return float(np.log(scale) + shape + 1.0) if shape > -0.5 else np.inf


def _profile(excess: Floats, xi: float) -> float:
    """Largest log-likelihood at shape ``xi``."""
    return _likelihood(excess, xi, _scale(excess, xi))


def _likelihood(excess: Floats, xi: float, scale: float) -> float:
    inner = 1.0 + xi * excess / scale
    if np.any(inner <= 0.0):
        return -np.inf
    if abs(xi) < 1e-8:
        return float(-excess.size * np.log(scale) - np.sum(excess) / scale)
    return float(-excess.size * np.log(scale) - (1.0 / xi + 1.0) * np.sum(np.log(inner)))


def _scale(excess: Floats, xi: float) -> float:
    """Scale of greatest likelihood at shape ``xi``: log-scale by golden section."""
    from scipy.optimize import minimize_scalar

    mean = float(np.mean(excess))
    least = np.log(1e-3 * mean)
    if xi < 0.0:
        least = max(least, float(np.log(-xi * excess.max() * (1.0 + 1e-9))))
    found = minimize_scalar(
        lambda s: -_likelihood(excess, xi, float(np.exp(s))),
        bounds=(least, max(least, np.log(mean)) + 4.0),
        method="bounded",
    )
    return float(np.exp(found.x))


def _distance(excess: Floats, xi: float, scale: float) -> float:
    """Kolmogorov-Smirnov distance of the excesses from the law."""
    ranked = np.sort(excess)
    inner = np.maximum(1.0 + xi * ranked / scale, 0.0)
    law = 1.0 - (np.exp(-ranked / scale) if abs(xi) < 1e-8 else inner ** (-1.0 / xi))
    steps = np.arange(ranked.size + 1.0) / ranked.size
    return float(np.max(np.maximum(np.abs(law - steps[1:]), np.abs(law - steps[:-1]))))
