"""Self-exciting jumps fitted by maximum likelihood, on the bars that the jump rule picks.

Formula: with N_t = 1 on bars with a jump (`jumps`) and the rate of the generator,

    L_t = mu dt + X_t,   X_(t+1) = a X_t + n (1 - a) N_t,   a = exp(-dt / tau)
    log-likelihood = sum N_t ln L_t - L_t

which is the Poisson law of the generator on this bar and the discrete form of Ozaki's recursion for
exponential kernels: exact, no truncated sum. mu, n and tau are searched in ln mu, logit n, ln tau
from four starts; errors are from the curvature there. Sizes beyond the threshold are exponential on
each side (`law = "exponential"`), whose likelihood is solved by the means.

The branching n here counts jumps that follow jumps, news and crowd alike. It is NOT the crowd's
branching ratio, which no history of prices can tell from clustered news.

Source: Hawkes (1971); Ozaki (1979), "Maximum likelihood estimation of Hawkes' self-exciting point
processes". Wrong when excitation decays within a bar (it is then not seen, n too small) or over
weeks (one exponential cannot do both); inside a gap excitation falls as if nothing had happened.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate
from seawall.scenario.fit.jumps import THRESHOLD, find_jumps, jump_betas
from seawall.scenario.fit.moments import moments
from seawall.scenario.fit.prices import Returns

Floats = NDArray[np.float64]

# Starts: decay in bars, branching.
STARTS = tuple((decay, ratio) for decay in (4.0, 60.0) for ratio in (0.3, 0.7))
# Decay outside these, in bars and as a share of the history, is not told from a constant rate.
SHORTEST_BARS = 0.2
LONGEST_SHARE = 0.2
_CURVATURE_STEP = 1e-3


def fit_arrivals(count: Floats, seconds: float) -> tuple[Estimate, Estimate, Estimate]:
    """Mu (per year), n and tau (seconds) of arrivals (t,) per bar, NaN where the bar is missing.

    The error of a number at the edge of what is searched is not finite and is given as the number
    itself.
    """
    from scipy.optimize import minimize

    known = np.isfinite(count)
    arrived = np.where(known, count, 0.0)
    years = seconds / SECONDS_PER_YEAR
    rate = float(arrived.sum()) / (float(known.sum()) * years)
    bounds = [
        (np.log(rate) - 12.0, np.log(rate) + 1.0),
        (-12.0, 6.0),
        (np.log(SHORTEST_BARS), np.log(LONGEST_SHARE * count.size)),
    ]

    def loss(point: Floats) -> float:
        return -_likelihood(point, arrived, known, years)

    best = None
    for decay, ratio in STARTS:
        start = np.array([np.log(rate * (1.0 - ratio)), _logit(ratio), np.log(decay)])
        found = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    value = np.asarray(best.x)
    error = _errors(loss, value)
    mu, tau = float(np.exp(value[0])), float(np.exp(value[2])) * seconds
    n = float(1.0 / (1.0 + np.exp(-value[1])))
    return (
        Estimate(mu, mu * min(error[0], 1.0)),
        Estimate(n, min(n * (1.0 - n) * error[1], 1.0)),
        Estimate(tau, tau * min(error[2], 1.0)),
    )


def _likelihood(point: Floats, count: Floats, known: NDArray[np.bool_], years: float) -> float:
    from scipy.signal import lfilter

    base = float(np.exp(point[0])) * years
    n = 1.0 / (1.0 + np.exp(-point[1]))
    a = float(np.exp(-np.exp(-point[2])))
    # Starts at its long-run mean: what came before the history is not known.
    start = base * n / (1.0 - n)
    excited, _ = lfilter([0.0, n * (1.0 - a)], [1.0, -a], count, zi=[start])
    rate = (base + excited)[known]
    arrived = count[known]
    hit = arrived > 0.0
    return float(np.sum(arrived[hit] * np.log(rate[hit])) - np.sum(rate))


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def _errors(loss: object, point: Floats) -> Floats:
    """Standard errors (3,) from the inverse of the loss's curvature; infinite where it has none."""
    assert callable(loss)
    h = _CURVATURE_STEP
    step = np.eye(point.size) * h
    hessian = np.array(
        [
            [
                loss(point + i + j)
                - loss(point + i - j)
                - loss(point - i + j)
                + loss(point - i - j)
                for j in step
            ]
            for i in step
        ]
    ) / (4.0 * h * h)
    try:
        variance = np.diag(np.linalg.inv(hessian))
    except np.linalg.LinAlgError:
        return np.full(point.size, np.inf)
    return np.where(variance > 0.0, np.sqrt(np.maximum(variance, 0.0)), np.inf)


def fit_self_exciting(returns: Returns) -> Fitted:
    """Hawkes jumps common to all assets, and the diffusion between them."""
    jumps = find_jumps(returns)
    calm = moments(jumps.rest)
    known = np.isfinite(returns.log_return[:, 0])
    mu, n, tau = fit_arrivals(np.where(known, jumps.hit, np.nan), float(returns.seconds))
    size = jumps.size[jumps.hit]
    down, up = -size[size < 0.0], size[size > 0.0]
    share = down.size / size.size
    return Fitted(
        "self_exciting",
        calm.volatility,
        calm.correlation,
        jump_betas(returns, jumps),
        parameters={
            "base_rate": mu,
            "branching": n,
            "decay_seconds": tau,
            "law": "exponential",
            "down_share": Estimate(share, float(np.sqrt(share * (1.0 - share) / size.size))),
            "smallest": Estimate(jumps.threshold, 0.0),
            "mean_down": _excess(down, jumps.threshold),
            "mean_up": _excess(up, jumps.threshold),
        },
        notes=(
            f"a jump is a bar of {returns.assets[0]} beyond {THRESHOLD:g} standard deviations of "
            f"the diffusion ({jumps.threshold:.2%}): {size.size} bars",
            "branching counts jumps after jumps of any cause; it is not the crowd's branching "
            "ratio, which prices alone cannot tell from clustered news",
        ),
    )


def _excess(size: Floats, threshold: float) -> Estimate:
    """Mean size beyond the threshold; with no jump on this side, the threshold's twentieth."""
    if size.size == 0:
        return Estimate(threshold / 20.0, threshold / 20.0)
    mean = float(np.mean(size)) - threshold
    return Estimate(mean, mean / float(np.sqrt(size.size)))
