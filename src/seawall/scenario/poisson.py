"""Numbers of events in a step: a Poisson law, cut where nothing of it is left."""

from __future__ import annotations

import math

# Counts are cut where what is left of the law falls below this; a path of a million steps has one
# chance in a million to notice.
_TAIL = 1e-12


def step_chances(mean: float) -> list[float]:
    """Chances of 0, 1, 2, ... events; the last entry takes what is left, so they sum to 1."""
    chance = [math.exp(-mean)]
    while 1.0 - sum(chance) > _TAIL:
        chance.append(chance[-1] * mean / len(chance))
    chance.append(max(1.0 - sum(chance), 0.0))
    return chance
