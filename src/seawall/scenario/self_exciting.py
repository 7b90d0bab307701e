"""Self-exciting jumps: each common jump makes further jumps more likely for a while.

Idea: jumps arrive at a rate that rises with every jump and falls back (Hawkes). With base rate mu,
branching ratio n, decay time tau and step dt, the number of jumps in step t given the past is

    N_t ~ Poisson(L_t),   L_t = mu dt + X_t,   X_(t+1) = a X_t + n (1 - a) N_t,   a = exp(-dt/tau)

so a jump has n further ones on average, spread over the time that follows it, and the mean rate is
mu / (1 - n) on any step. A jump is common to all assets: asset i moves by beta_i J, on top of the
diffusion of its volatility:

    log-return_i = -s_i^2 dt / 2 + s_i sqrt(dt) (L z)_i + beta_i sum(J) - L_t (E[exp(beta_i J)] - 1)

L_t is known before the step, so E[S_t] = S_0 exactly. J is normal, or two-sided exponential beyond
a smallest size, the law of peaks over a threshold.

What (1 - n of the crowd) scales under the label "exogenous": the diffusion and the size of jumps,
both of which are of total history; not how often they come nor how they excite one another. A
scale on volatility does the same.

Source: Hawkes (1971), "Spectra of some self-exciting and mutually exciting point processes";
Ait-Sahalia, Cacho-Diaz and Laeven (2015) for prices. Wrong when excitation within one step matters
(a jump excites from the next step on: dt should be well below tau), when assets jump alone, and
when excitation dies out more slowly than an exponential. A fitted branching ratio counts
whatever comes in clusters, be it the crowd or the news.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.elementary import exponential, inverse_normal, logarithm
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS, Quantity
from seawall.foundation.random import Stream, Words, uniforms, uniforms_at
from seawall.foundation.record import number, word
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.draw import Draw

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RATE = Quantity("a number from 0 to 1e6 a year", 0.0, 1e6)
BRANCHING = Quantity("a branching ratio from 0 to below 1", 0.0, 1.0, open_high=True)
START = Quantity("a ratio from 0 to 1000 (1: the long-run rate)", 0.0, 1_000.0)
MEAN = Quantity("a log-jump from -2 to 2 (-0.05 is about -5%)", -2.0, 2.0)
SIZE = Quantity("a log-size from 0 to 1", 0.0, 1.0)
MEAN_SIZE = Quantity("a log-size above 0, below 0.5", 0.0, 0.5, True, True)
SHARE = Quantity("a fraction from 0 to 1", 0.0, 1.0)
# A jump excites from the next step on, so a step must not hold many of them.
MOST_EXPECTED = 10.0


@dataclass(frozen=True)
class SelfExciting:
    """Hawkes jumps common to all assets, each scaled by the asset's jump_beta.

    base_rate        jumps a year that no earlier jump caused
    branching        n: jumps that one jump causes on average, itself not counted
    decay_seconds    time constant with which excitation falls
    law              "normal" or "exponential": the law of one log-jump
    jump_mean, jump_volatility   of a normal log-jump
    down_share       probability that an exponential jump is down
    smallest         least size of an exponential jump (log), added to both sides
    mean_down, mean_up   mean size beyond the smallest, > 0
    start            rate caused by past jumps at the start, over its long-run mean
    """

    base_rate: float = number(RATE)
    branching: float = number(BRANCHING)
    decay_seconds: float = number(POSITIVE_SECONDS)
    law: str = word(("normal", "exponential"), "normal")
    jump_mean: float = number(MEAN, 0.0)
    jump_volatility: float = number(SIZE, 0.0)
    down_share: float = number(SHARE, 0.5)
    smallest: float = number(SIZE, 0.0)
    mean_down: float | None = number(MEAN_SIZE, None)
    mean_up: float | None = number(MEAN_SIZE, None)
    start: float = number(START, 1.0)

    def __post_init__(self) -> None:
        sided = self.mean_down is not None and self.mean_up is not None
        if self.law == "exponential" and not sided:
            raise InputError("an exponential law needs mean_down and mean_up")
        if self.law == "normal" and (self.mean_down is not None or self.mean_up is not None):
            raise InputError('mean_down and mean_up belong to law = "exponential"')
        if self.law == "exponential" and (self.jump_mean or self.jump_volatility):
            raise InputError('jump_mean and jump_volatility belong to law = "normal"')

    @property
    def mean_rate(self) -> float:
        """Jumps a year in the long run, mu / (1 - n)."""
        return self.base_rate / (1.0 - self.branching)


def moves(law: SelfExciting, draw: Draw) -> Floats:
    """Log-returns (p, s, k); raises InputError where jumps are too many or too large for a step."""
    _check(law, draw.step_seconds / SECONDS_PER_YEAR)
    loading = draw.scale[:, None] * draw.jump_beta
    growth = _growth(law, loading)
    spread = draw.spread
    out = draw.correlated_normals()
    out *= spread[:, None]
    out -= 0.5 * (spread * spread)[:, None]
    expected, count = arrivals(law, draw)
    out -= expected[..., None] * growth[:, None]
    path, step = np.nonzero(count)
    size = _sizes(law, draw, step, draw.paths[path], count[path, step])
    out[path, step] += size[:, None] * loading[path]
    return out


def arrivals(law: SelfExciting, draw: Draw) -> tuple[Floats, Ints]:
    """Number of jumps expected in each step given those before it, and that came, (p, s) each."""
    years = draw.step_seconds / SECONDS_PER_YEAR
    drawn = uniforms(draw.seed, Stream.JUMP_TIME, draw.paths, draw.every_step, 1)[..., 0]
    # One row a step, so that each step works on numbers that lie side by side.
    rows = np.ascontiguousarray(drawn.T)
    expected, count = np.empty(rows.shape), np.empty(rows.shape, dtype=np.int64)
    keep = math.exp(-draw.step_seconds / law.decay_seconds)
    base, each = law.base_rate * years, law.branching * (1.0 - keep)
    excited = np.full(draw.paths.size, law.start * law.branching * law.mean_rate * years)
    for t in range(draw.steps):
        np.add(excited, base, out=expected[t])
        count[t] = poisson_counts(rows[t], expected[t])
        excited = keep * excited + each * count[t]
    return np.ascontiguousarray(expected.T), np.ascontiguousarray(count.T)


def poisson_counts(drawn: Floats, mean: Floats) -> Ints:
    """Numbers (p,) of a Poisson law of ``mean`` (p,) at the quantiles ``drawn`` (p,), by adding up.

    Where the sum of chances no longer grows, the count of that place is taken.
    """
    chance = exponential(-mean)
    total = chance.copy()
    count = np.zeros(mean.size, dtype=np.int64)
    open_ = np.flatnonzero(drawn >= total)
    n = 0
    while open_.size:
        n += 1
        count[open_] = n
        chance[open_] *= mean[open_] / n
        before = total[open_]
        total[open_] += chance[open_]
        grows = (total[open_] > before) | (n < mean[open_])
        open_ = open_[(drawn[open_] >= total[open_]) & grows]
    return count


def _sizes(law: SelfExciting, draw: Draw, step: Ints, paths: Words, count: Ints) -> Floats:
    """The sum of ``count`` log-jumps at each of these steps of these paths, (n,) each."""
    place = np.zeros(paths.size, dtype=np.int64)
    if law.law == "normal":
        normal = inverse_normal(uniforms_at(draw.seed, Stream.JUMP_SIZE, paths, step, place))
        return count * law.jump_mean + np.sqrt(count) * law.jump_volatility * normal
    assert law.mean_down is not None
    assert law.mean_up is not None
    total = np.zeros(paths.size)
    for n in range(int(count.max(initial=0))):
        hit = np.flatnonzero(count > n)
        place = np.full(hit.size, 2 * n, dtype=np.int64)
        down = (
            uniforms_at(draw.seed, Stream.JUMP_SIZE, paths[hit], step[hit], place) < law.down_share
        )
        drawn = uniforms_at(draw.seed, Stream.JUMP_SIZE, paths[hit], step[hit], place + 1)
        beyond = -logarithm(drawn)
        size = law.smallest + np.where(down, law.mean_down, law.mean_up) * beyond
        total[hit] += np.where(down, -size, size)
    return total


def _growth(law: SelfExciting, loading: Floats) -> Floats:
    """E[exp(b J)] - 1 for each loading b, any shape."""
    if law.law == "normal":
        variance = (loading * law.jump_volatility) ** 2
        return exponential(loading * law.jump_mean + 0.5 * variance) - 1.0
    assert law.mean_down is not None
    assert law.mean_up is not None
    up, down = 1.0 - loading * law.mean_up, 1.0 + loading * law.mean_down
    if np.any(up <= 0.0) or np.any(down <= 0.0):
        raise InputError(
            "exponential jumps with jump_beta and scale reach a mean size of 1 or more: their mean "
            "price is infinite",
            expected="jump_beta x mean_up below 1",
        )
    rise = exponential(loading * law.smallest) / up
    fall = exponential(-loading * law.smallest) / down
    return law.down_share * fall + (1.0 - law.down_share) * rise - 1.0


def _check(law: SelfExciting, years: float) -> None:
    expected = law.mean_rate * years
    if expected > MOST_EXPECTED:
        raise InputError(
            f"{expected:.3g} self-exciting jumps are expected in one step",
            expected=f"at most {MOST_EXPECTED:g}: a shorter step or a lower base_rate",
        )
