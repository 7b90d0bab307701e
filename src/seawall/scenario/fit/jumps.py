"""Which bars hold a jump common to all assets, and what a jump diffusion of them looks like.

Idea: the reference asset (the first) moves in proportion to the common jump; a bar holds a jump
when its return exceeds ``THRESHOLD`` standard deviations of the diffusion. That deviation is of the
bars without a jump, and which those are depends on it: both are found in turn, from the bipower
variation (pi / 2 x mean |r_t r_t-1|, which jumps hardly move) on.

    rate = jumps / years;   mean, volatility of the jumps' log-size (the diffusion's variance of one
    bar taken off);   beta_i = sum r_i J / sum J^2 over the jumps

Source: Barndorff-Nielsen and Shephard (2004) for bipower variation; Mancini (2009) for the
threshold. Wrong when volatility clusters: a turbulent day of a diffusion then counts as jumps (with
normal bars one in 16,000 would by chance), so rates are those of this rule and not of nature; and
an asset's own jumps go into its volatility.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.fit.fitted import Fitted
from seawall.scenario.fit.jackknife import Estimate, estimates, jackknife
from seawall.scenario.fit.moments import Moments, moments
from seawall.scenario.fit.prices import Returns

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

THRESHOLD = 4.0
FEWEST_JUMPS = 20
_ROUNDS = 50


@dataclass(frozen=True)
class Jumps:
    """hit (t,) which bars hold a jump; size (t,) the reference's return there, 0 elsewhere;
    threshold of |log-return|; rest: the returns with jump bars missing.
    """

    hit: Bools
    size: Floats
    threshold: float
    rest: Returns


def find_jumps(returns: Returns) -> Jumps:
    """Jumps of the reference asset. Raises InputError when there are fewer than 20."""
    reference = returns.log_return[:, 0]
    product = np.abs(reference[1:] * reference[:-1])
    deviation = float(np.sqrt(0.5 * np.pi * np.nanmean(product)))
    for _ in range(_ROUNDS):
        calm = np.abs(reference) <= THRESHOLD * deviation
        found = float(np.sqrt(np.mean(reference[calm] ** 2)))
        if abs(found - deviation) <= 1e-12 * deviation:
            break
        deviation = found
    threshold = THRESHOLD * deviation
    hit = np.abs(reference) > threshold
    if int(hit.sum()) < FEWEST_JUMPS:
        raise InputError(
            f"{int(hit.sum())} bars of {returns.assets[0]} are beyond {THRESHOLD:g} deviations",
            expected=f"at least {FEWEST_JUMPS}, to fit jumps: a longer history",
        )
    rest = np.where(hit[:, None], np.nan, returns.log_return)
    return Jumps(
        hit,
        np.where(hit, reference, 0.0),
        threshold,
        Returns(returns.assets, returns.seconds, rest),
    )


def jump_betas(returns: Returns, jumps: Jumps) -> dict[str, Estimate]:
    """Loading of each asset on the common jump, with the error of a regression through the origin
    that allows for unequal scatter.
    """
    size = jumps.size[jumps.hit]
    out = {returns.assets[0]: Estimate(1.0, 0.0)}
    for column, name in enumerate(returns.assets[1:], start=1):
        move = returns.log_return[jumps.hit, column]
        known = np.isfinite(move)
        across = float(np.sum(size[known] ** 2))
        if across == 0.0:
            out[name] = Estimate(0.0, 0.0)
            continue
        beta = float(np.sum(size[known] * move[known])) / across
        score = size[known] * (move[known] - beta * size[known])
        out[name] = Estimate(beta, float(np.sqrt(np.sum(score**2))) / across)
    return out


def fit_jump_diffusion(returns: Returns) -> Fitted:
    """Rate, mean and volatility of common jumps, and the diffusion between them."""
    jumps = find_jumps(returns)
    calm: Moments = moments(jumps.rest)
    years = returns.seconds / SECONDS_PER_YEAR
    variance = calm.volatility[returns.assets[0]].value ** 2 * years

    def numbers(table: Floats) -> Floats:
        there = np.isfinite(table[:, 0])
        size = table[there & jumps.hit, 0]
        spread = np.sqrt(max(float(np.var(size)) - variance, 0.0))
        return np.array([size.size / (there.sum() * years), float(np.mean(size)), spread])

    found = estimates(*jackknife(numbers, returns.log_return[:, :1]))
    keys = ("jumps_per_year", "jump_mean", "jump_volatility")
    return Fitted(
        "jump_diffusion",
        calm.volatility,
        calm.correlation,
        jump_betas(returns, jumps),
        scenario=dict(zip(keys, found, strict=True)),
        notes=(
            f"a jump is a bar of {returns.assets[0]} beyond {THRESHOLD:g} standard deviations of "
            f"the diffusion ({jumps.threshold:.2%}): {int(jumps.hit.sum())} bars",
        ),
    )
