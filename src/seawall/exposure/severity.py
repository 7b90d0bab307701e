"""How bad it is when it happens: expected loss and expected shortfall given impairment.

Expected shortfall is the mean of the worst losses given impairment, at the highest of 97.5, 95, 90
and 80% that leaves at least ten paths in the tail; below that there is none (DESIGN section 10).
"""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Floats

LEVELS = (0.975, 0.95, 0.90, 0.80)
LEAST_TAIL = 10


def expected_loss(losses: Floats) -> float | None:
    """Mean loss (n,) of the impaired paths, quote, loss > 0; None without any."""
    return float(losses.mean()) if losses.size else None


def expected_shortfall(losses: Floats) -> tuple[float | None, float | None]:
    """Mean of the worst losses and the level it is at; (None, None) when paths are too few."""
    for level in LEVELS:
        tail = math.floor(round((1.0 - level) * losses.size, 9))
        if tail >= LEAST_TAIL:
            return float(np.sort(losses)[-tail:].mean()), level
    return None, None
