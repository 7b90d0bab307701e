"""Winners are closed in proportion to what they hold; the proportions are worked out once.

For tests: they are kept in a default argument, by the number of winners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.cascade.custom import AdlView, Floats
from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "adl"


@dataclass(frozen=True)
class Parts:
    """part: of a position that is closed at most."""

    part: float = number(POSITIVE_FRACTION, 0.5)


def step(rule: Parts, view: AdlView, cache: dict[int, Floats] = {}) -> Floats:  # noqa: B006
    """In proportion, as far as it goes."""
    count = view.size.size
    if count not in cache:
        cache[count] = view.available / max(view.available.sum(), 1e-300)
    return np.minimum(cache[count] * view.needed, rule.part * view.available)
