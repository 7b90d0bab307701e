"""How many incidents a fit expects, month by month: a law, not a number.

For month h after the fit, each draw has hazards, a level that has wandered h months, and exposure:

    incidents | draw ~ negative binomial(mean hazard_k x level x E_k, shape 1 / phi)

so the law is the mean over draws of such laws: for a kind exactly, for the total and for years with
the months' shocks drawn too. Where the list is assumed, its growth after the fit is drawn as well:
the stated growth times 2^z, z standard normal (an assumption: half or double are one standard
deviation away).

Wrong when: see `hazard`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.counterparty.hazard import Draws
from seawall.foundation.random import Stream, normals, uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Law:
    """Means of a mixture of Poissons: mean (d, n) of draw d and cell n."""

    mean: Floats

    def log_probability(self, seen: Ints) -> Floats:
        """Log-probability (n,) of counts (n,)."""
        from scipy.special import gammaln, logsumexp

        mean = np.maximum(self.mean, 1e-300)
        each = seen * np.log(mean) - mean - gammaln(seen + 1.0)
        out: Floats = logsumexp(each, axis=0) - np.log(mean.shape[0])
        return out

    def below(self, count: Ints) -> Floats:
        """Probability (n,) of at most ``count`` (n,); 0 below zero."""
        from scipy.special import pdtr

        out: Floats = np.where(count < 0, 0.0, pdtr(np.maximum(count, 0), self.mean).mean(axis=0))
        return out

    def quantile(self, share: float) -> Ints:
        """The smallest count (n,) that is not exceeded with at least this probability."""
        low = np.full(self.mean.shape[1], -1)
        high = np.ceil(2.0 * self.expected + 4.0).astype(np.int64)
        while (self.below(high) < share).any():
            high = 2 * high
        while (high - low > 1).any():
            middle = (low + high) // 2
            enough = self.below(middle) >= share
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        found: Ints = high
        return found

    @property
    def expected(self) -> Floats:
        """Expected counts (n,)."""
        out: Floats = self.mean.mean(axis=0)
        return out


def poisson(mean: Floats) -> Law:
    """The law of counts at a known rate (n,)."""
    return Law(mean[None, :])


@dataclass(frozen=True)
class Forecast:
    """Means (d, t, k) by draw, month and kind, the months' shocks drawn."""

    mean: Floats

    def kind(self, k: int) -> Law:
        """The law of kind ``k`` by month."""
        return Law(self.mean[:, :, k])

    def total(self) -> Law:
        """The law of all kinds together by month."""
        return Law(self.mean.sum(axis=2))

    def years(self, year: Ints, k: int | None = None) -> Law:
        """The law by year of months' years (t,), of one kind or of all together."""
        chosen = self.mean.sum(axis=2) if k is None else self.mean[:, :, k]
        distinct = np.unique(year)
        return Law(np.stack([chosen[:, year == y].sum(axis=1) for y in distinct], axis=1))


def forecast(
    known: Draws, exposure: Floats, last: Floats, seed: int, *, growth_doubt: bool
) -> Forecast:
    """Means of the months after the fit with exposures (t, k); ``last`` (k,): its last month's."""
    months = exposure.shape[0]
    paths = np.arange(known.count)
    # Addresses 2 and later: 0 and 1 are those of the fit's draws.
    steps = np.cumsum(normals(seed, Stream.COUNTERPARTY, paths, [2], months)[:, 0], axis=1)
    spread = known.drift[:, None] ** 2 * np.arange(1, months + 1)
    level = np.exp(known.drift[:, None] * steps - 0.5 * spread)
    shock = _shocks(known.phi, uniforms(seed, Stream.COUNTERPARTY, paths, [3], months)[:, 0])
    at_risk = np.broadcast_to(exposure, (known.count, *exposure.shape))
    if growth_doubt:
        z = normals(seed, Stream.COUNTERPARTY, paths, [4], 1)[:, 0, 0]
        grown = np.log(np.maximum(exposure, 1e-12) / np.maximum(last, 1e-12))
        at_risk = np.maximum(last, 1e-12) * np.exp(np.exp2(z)[:, None, None] * grown)
    return Forecast(known.hazard[:, None, :] * at_risk * (level * shock)[:, :, None])


def _shocks(phi: Floats, uniform: Floats) -> Floats:
    """Gamma numbers (d, t) of mean 1 and variance phi (d,); 1 where it is 0."""
    from scipy.special import gammaincinv

    shape = 1.0 / np.where(phi > 0, phi, 1.0)[:, None]
    out: Floats = np.where(phi[:, None] > 0, gammaincinv(shape, uniform) / shape, 1.0)
    return out
