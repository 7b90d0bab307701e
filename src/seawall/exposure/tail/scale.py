"""The size of the next period's move, from past ones: exponentially weighted variance.

Formula: v_t = d v_(t-1) + (1 - d) q_(t-1), scale_t = sqrt(v_t), q the variance that was seen in a
period: its squared return, or, where prices within it are known, the sum of their squared returns,
which sees far more of it. v begins at the mean of the first ``burn`` periods.
Source: J.P. Morgan/Reuters (1996), RiskMetrics; Andersen and Bollerslev (1998) for realised
variance. Wrong when volatility reverts within the memory 1 / (1 - d), or jumps within a period.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BURN = 30


def scale(seen: Floats, decay: float) -> Floats:
    """Scale (t,) of each period before it begins, from variances (t,) seen in the periods."""
    from scipy.signal import lfilter

    start = float(np.mean(seen[:BURN]))
    variance, _ = lfilter([1.0 - decay], [1.0, -decay], seen[:-1], zi=[decay * start])
    return np.asarray(np.sqrt(np.concatenate([[start], variance])))


def scales(seen: Floats, decay: float) -> Floats:
    """`scale` of several series (t, k) side by side, and of the period after the last, (t + 1, k).

    A plain loop: nothing heavy is imported for it.
    """
    variance = np.empty((seen.shape[0] + 1, seen.shape[1]))
    variance[0] = seen[:BURN].mean(axis=0)
    for t in range(seen.shape[0]):
        variance[t + 1] = decay * variance[t] + (1.0 - decay) * seen[t]
    return np.sqrt(variance)
