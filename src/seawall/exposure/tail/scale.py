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
