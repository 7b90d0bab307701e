"""Chance that a random walk with normal steps has been at or below a barrier: by integration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr


def hit_chance(barrier: float, spread: float, drift: float, steps: int) -> NDArray[np.float64]:
    """P(the walk has been at or below ``barrier`` < 0 by each step), (steps,).

    Steps are normal(drift, spread). The density of walks that are still above is carried from step
    to step on Gauss-Legendre nodes between the barrier and ten deviations above the start: an
    independent way to the number, good to 1e-8.
    """
    top = 10.0 * spread * np.sqrt(steps)
    edges = np.linspace(barrier, top, 61)
    node, weight = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)[:, None]
    at = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * node).ravel()
    width = (half * weight).ravel()
    kernel = np.exp(-0.5 * ((at[:, None] - at[None, :] - drift) / spread) ** 2)
    kernel /= spread * np.sqrt(2.0 * np.pi)
    alive = np.exp(-0.5 * ((at - drift) / spread) ** 2) / (spread * np.sqrt(2.0 * np.pi))
    out = np.zeros(steps)
    out[0] = ndtr((barrier - drift) / spread)
    for t in range(1, steps):
        out[t] = out[t - 1] + float((alive * width * ndtr((barrier - at - drift) / spread)).sum())
        alive = kernel @ (alive * width)
    return out
