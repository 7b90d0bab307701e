"""The market that the figures look at: one hour, a fall by a fifth, half of it regained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SECONDS = 10.0
STEPS = 360


def minutes() -> Floats:
    """The time of each step, minutes."""
    return np.arange(STEPS) * SECONDS / 60.0


def market(fall: float = 0.2) -> Floats:
    """Prices (s,), 100 at the start: quiet, down by ``fall`` in six minutes, half of it back."""
    noise = np.cumsum(np.random.default_rng(7).normal(0.0, 4e-4, STEPS))
    down = np.interp(minutes(), [0, 20, 26, 45, 60], [0.0, 0.0, fall, fall / 2, fall / 2])
    path: Floats = 100.0 * (1.0 - down) * np.exp(noise - noise[0])
    return path
