"""Which of several methods says value at risk and expected shortfall best: a score, smaller better.

    S = I (X - V) / ((1 - level) E) + V / E + ln E - 1,   I = 1 where the loss X > V

is smallest in expectation at the true value at risk V and expected shortfall E, both > 0, and does
not change its order of methods when all losses are scaled.
Source: Fissler and Ziegel (2016), Annals of Statistics 44; this member: Patton, Ziegel and Chen
(2019), Journal of Econometrics 211. Wrong as a test: the best of poor methods is still poor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def score(losses: Floats, value_at_risk: Floats, shortfall: Floats, level: float) -> Floats:
    """The score of each period, shapes as given."""
    excess = np.maximum(losses - value_at_risk, 0.0) / ((1.0 - level) * shortfall)
    return np.asarray(excess + value_at_risk / shortfall + np.log(shortfall) - 1.0)
