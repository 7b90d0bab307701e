"""How large an incident is, cut below: a log-normal seen above the threshold only.

    density given x >= c  =  phi((ln x - mu) / sigma) / (sigma x (1 - Phi((ln c - mu) / sigma)))

mu and sigma maximise it over the amounts known. The share of incidents below the threshold, which
the file does not list, is Phi((ln c - mu) / sigma): the hazard of an incident of any size is the
hazard above the threshold over one minus that share, as far as the log-normal goes there.

Source: maximum likelihood under left truncation (Cohen 1959, for the normal). Wrong when: sizes
have a power tail; or small incidents are of another kind than large ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 5  # amounts; fewer say nothing of two parameters
SAME = 1e-9  # amounts that are one and the same have no spread


@dataclass(frozen=True)
class Severity:
    """Log-normal (mu, sigma of the logarithm of USD) of n amounts above ``threshold``."""

    mu: float
    sigma: float
    threshold: float
    count: int

    @property
    def unseen(self) -> float:
        """Share of incidents below the threshold."""
        return _normal_below((math.log(self.threshold) - self.mu) / self.sigma)

    def quantile(self, share: float) -> float:
        """USD that an incident above the threshold does not exceed with probability ``share``."""
        from scipy.special import ndtri

        below = self.unseen
        return math.exp(self.mu + self.sigma * float(ndtri(below + share * (1.0 - below))))


def fit_severity(amount: Floats, threshold: float) -> Severity | None:
    """The law of amounts (n,); None for fewer than LEAST of them."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    known = np.log(amount[np.isfinite(amount) & (amount >= threshold)])
    if known.size < LEAST or float(known.std()) < SAME:
        return None
    cut = math.log(threshold)

    def cost(x: Floats) -> float:
        sigma = math.exp(x[1])
        z = (known - x[0]) / sigma
        above = float(log_ndtr((x[0] - cut) / sigma))
        return float(0.5 * (z * z).sum() + known.size * (x[1] + above))

    start = np.array([float(known.mean()), math.log(float(known.std()))])
    found = minimize(cost, start, method="Nelder-Mead")
    return Severity(float(found.x[0]), math.exp(float(found.x[1])), threshold, int(known.size))


def _normal_below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
